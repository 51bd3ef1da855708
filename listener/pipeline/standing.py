"""What routing must know that the engines do not tell: what people heard so far, and in which languages it is said."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from alerts.delivery import Delivery
from alerts.silence import Silence
from alerts.step import ACTING
from config.settings import Settings
from listener.pipeline.notify import Heard, Languages, Waiting, routed_step
from listener.store.port import IncidentRow, StoredMention, Views
from rules.engine import GRID
from rules.facts import Tone
from rules.instant import Instant
from rules.transition import SEVERITIES, Transition

ENOUGH = 4
"""A language in which one mention in so many is written is one of the languages of an incident."""
_LOOKED_AT = 500
_DELIVERIES = 1_000


async def spoken(step: Transition, settings: Settings, fresh: Sequence[StoredMention], views: Views) -> Languages:
    """The languages of the mentions that a step is about; `fresh` are not in the store yet. None where no route asks.

    Raises StoreError.
    """
    if all(route.language is None for route in settings.routes):
        return None
    new = [(each.at, each.tones[step.brand]) for each in fresh if step.brand in each.tones]
    since = step.at - step.evidence.window
    known = [*new, *await views.tones(step.brand, limit=_LOOKED_AT)]
    return _most(tone for at, tone in _unlike(known, step) if at > since)


def _unlike(known: Iterable[tuple[Instant, Tone]], step: Transition) -> Iterable[tuple[Instant, Tone]]:
    """Without what the step does not count."""
    bad = step.evidence.of == "negative"
    return ((at, tone) for at, tone in known if at <= step.at and (tone.label == "negative" or not bad))


def _most(tones: Iterable[Tone]) -> frozenset[str]:
    counts = Counter(tone.language for tone in tones if tone.language)
    return frozenset(language for language, count in counts.items() if count * ENOUGH >= counts.total())


async def heard_of(
    incidents: Collection[str], settings: Settings, views: Views, silences: Collection[Silence] = (), last: Instant = 0
) -> dict[str, Heard]:
    """What people know of open incidents; `silences` are those in force at `last`, or later. Raises StoreError."""
    rows = [row for each in sorted(incidents) if (row := await views.incident(each))]
    heard = {row.id: await _heard(row, settings, views) for row in rows}
    return {name: replace(each, hushed=_hushed(each.step, silences, last)) for name, each in heard.items()}


async def told_since(heard: Mapping[str, Heard], views: Views) -> dict[str, Heard]:
    """The same of these incidents, with the channels that others told in the place of one that did not deliver. Raises
    StoreError.
    """
    found = dict(heard)
    for incident, each in heard.items():
        instead = [row.channel for row in await views.deliveries(thread=incident, limit=_DELIVERIES) if not row.call]
        if new := [name for name in reversed(instead) if name not in each.channels]:
            found[incident] = replace(each, channels=(*each.channels, *dict.fromkeys(new)))
    return found


async def heard_before(step: Transition, settings: Settings, views: Views) -> dict[str, Heard]:
    """What people knew of an incident that ended and is back by `step`: whoever heard of it hears of it again, but for
    those to whom it was passed on, as the ladder begins anew. Raises StoreError.
    """
    row = await views.incident(step.incident)
    if row is None:
        return {}
    known = await _heard(row, settings, views, step.at)
    # what it was before its end makes nothing critical that is mild now, and what rises from that rises
    severity = min(known.severity, step.severity, key=SEVERITIES.index)
    anew = replace(known, severity=severity, ladder=None, taken=False, waiting=None, step=None, spared=frozenset())
    return {row.id: anew}


def _hushed(step: Transition | None, silences: Collection[Silence], last: Instant) -> Instant | None:
    """Since when silences that are in force at `last` have kept quiet what follows a step."""
    holding = (each.at for each in silences if step and each.holds(routed_step(step, last)))
    begun = min(holding, default=None)
    # the silence came into force up to one instant of the grid after the last look before it
    return None if begun is None else begun - GRID


async def _heard(row: IncidentRow, settings: Settings, views: Views, back: Instant | None = None) -> Heard:
    deliveries = await views.deliveries(thread=row.id, limit=_DELIVERIES)
    acting = [each async for each in views.transitions(row.id) if each.state in ACTING]
    if back is None:
        back = max((each.at for each in acting if each.state == "reopened"), default=0)
    ladders = [each.call.ladder for each in deliveries if each.call and (each.call.ladder or 0) >= back]
    taken = row.acknowledged_by is not None
    return Heard(
        brand=row.brand,
        rule=row.rule,
        severity=next(each for each in SEVERITIES if each == row.severity),
        channels=_told(deliveries, back),
        planned={each.channel: each.slot for each in reversed(deliveries) if each.slot is not None},
        own=frozenset(each.channel for each in deliveries if each.slot in (None, each.created) and not each.told_in),
        waiting=None if taken else await _waiting(row, settings, views),
        ladder=max((each for each in ladders if each is not None), default=None),
        taken=taken,
        step=acting[-1] if acting else None,
        spared=frozenset(each.person for each in await views.spared(row.id) if acting and each.step == acting[-1].step),
    )


def _told(deliveries: Sequence[Delivery], back: Instant) -> tuple[str, ...]:
    """The channels that were told, without those to whom it was passed on before it came `back` and not since."""
    first = {each.channel: each.call for each in deliveries if each.created < back}
    passed = {channel for channel, call in first.items() if call and call.why == "pass"}
    since = {each.channel for each in deliveries if each.created >= back}
    return tuple({each.channel: None for each in reversed(deliveries) if each.channel not in passed - since})


async def _waiting(row: IncidentRow, settings: Settings, views: Views) -> Waiting | None:
    """The last step that asked to act, where it was held back and not told since."""
    held = {each.step: each for each in await views.held_back(row.id)}
    if not held:
        return None
    last = [each async for each in views.transitions(row.id) if each.state in ACTING][-1]
    mine = held.get(last.step)
    if mine is None or mine.told_at is not None:
        return None
    return Waiting(mine, last, await spoken(last, settings, (), views))
