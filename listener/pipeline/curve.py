"""What was counted before a step, for channels that show it."""

from collections import Counter

from alerts.alert import Curve
from listener.store.port import Views
from rules.instant import MINUTE, duration
from rules.series import minute_of, series_of
from rules.transition import Transition

STRETCHES = 12
"""As long as the window of the rule each: the last one is what the alert tells."""
_READ = 3_000
"""Mentions that are looked through, the newest."""
_FEWEST = 4
"""Stretches below which there is no course to see."""


async def curve_of(step: Transition, views: Views) -> Curve | None:
    """None where not mentions are counted, or too little is kept. Raises StoreError."""
    evidence = step.evidence
    wide = evidence.window // MINUTE
    if evidence.unit != "mentions" or evidence.share is not None or not wide:
        return None
    stored = await views.mentions(brand=step.brand, until=step.at, limit=_READ)
    known = [each.facts[step.brand] for each in stored if step.brand in each.facts]
    counted = Counter(
        (minute_of(step.at) - minute_of(facts.moment)) // wide
        for facts in known
        if evidence.of in series_of(facts) and evidence.source in ("", facts.source)
    )
    # before the oldest nobody knows whether nothing was said, or not listened
    oldest = min((facts.moment for facts in known), default=step.at)
    reach = min(STRETCHES, (minute_of(step.at) - minute_of(oldest)) // wide)
    if reach < _FEWEST:
        return None
    # what was edited since is told as it was then
    counts = [counted[back] for back in range(reach - 1, 0, -1)]
    return Curve(width=duration(evidence.window), counts=(*counts, evidence.count))
