"""What was counted when a step was taken, read from the bins."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rules.bin import Bin, quotable
from rules.incident import Incident
from rules.instant import MINUTE, Instant
from rules.rule import Verdict
from rules.series import Counts, measure_of
from rules.transition import Evidence
from rules.trend import trend

MOST_WORDS = 5
"""Words of a keyword rule that are told of a window: those said most often."""


def evidence_of(series: str, counts: Counts, at: Instant, incident: Incident, verdict: Verdict) -> Evidence:
    """What the bins say of a step of `incident` at `at`, of which a rule on `series` said `verdict`."""
    minutes = verdict.window
    cells = [cell for _, cell in counts.window(series, at, minutes)]
    said, one = _summed(cells), verdict.unit == "reactions"
    grows = verdict.unit == "mentions" and not verdict.fewer
    return Evidence(
        of=measure_of(series)[0],
        count=verdict.count,
        window=minutes * MINUTE,
        # the open minute is not over: it makes the longer half
        second_half=counts.total(series, at, (minutes + 1) // 2) if minutes > 1 and grows else None,
        usual=verdict.usual,
        usual_high=verdict.usual_high,
        learning=verdict.learning,
        posts=counts.total("posts", at, minutes),
        negative=counts.total("negative", at, minutes),
        unsupported=counts.total("unsupported", at, minutes),
        authors=0 if one else counts.authors(series, at, minutes),
        sources={} if one else dict(sorted(said.sources.items())),
        words=_most_said(said.words),
        mentions=quotable([] if one else cells, incident.first),
        opening=incident.opening,
        opened_at=incident.opened_at,
        first_at=incident.first_at,
        during=incident.during,
        peak=incident.peak,
        peak_at=incident.peak_at,
        unit=verdict.unit,
        fewer=verdict.fewer,
        share=verdict.share,
        stories=counts.told(series, at, minutes) if said.stories and not one else 0,
        source=incident.source,
        also=tuple(incident.also),
        raised_by=tuple(incident.raised_by),
        trend=trend(series, counts, at) if grows and not verdict.share else None,
        most=max(said.authors.values(), default=0),
        followers=max((cell.reach for cell in cells), default=0),
        answered_at=incident.answered_at,
        wrong_rate=incident.wrong_rate,
    )


class _Said(NamedTuple):
    sources: Counter[str]
    words: Counter[str]
    authors: Counter[str]
    stories: bool


def _summed(cells: Sequence[Bin]) -> _Said:
    """What bins hold together, in one pass: each of a long window may have to be unpacked."""
    sources, words, authors, stories = Counter[str](), Counter[str](), Counter[str](), False
    for cell in cells:
        sources.update(cell.sources)
        words.update(cell.words)
        authors.update(cell.authors)
        stories = stories or bool(cell.stories)
    return _Said(sources, words, authors, stories)


def _most_said(words: Counter[str]) -> dict[str, int]:
    return dict(sorted(words.items(), key=lambda item: (-item[1], item[0]))[:MOST_WORDS])
