"""How far a step can be believed: its evidence, and what people said of the brand's incidents before it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from alerts.digest import Believed
from listener.store.port import IncidentRow, Views
from rules.confidence import Confidence, Judged, Word, confidence, first_word
from rules.instant import Instant
from rules.transition import Evidence, Transition

_ROWS, _JUDGED = 1_000, 100
"""Incidents of a brand that are looked through, the newest, and how many of those that were judged count."""
_TOLD = 200
"""Incidents of which a digest says how far they could be believed, the newest."""
Openings = Mapping[str, Evidence]
"""What is still stored of how incidents opened, by their ids."""


async def confidence_of(step: Transition, views: Views) -> Confidence:
    """The word that is shown with a step, and why. Raises StoreError."""
    rows = await views.incidents(brand=step.brand, limit=_ROWS)
    past = _over(rows, step.at, step.incident)
    return confidence(step.evidence, _judged(past, await _openings(past, views)))


async def believed(rows: Sequence[IncidentRow], views: Views) -> tuple[Believed, ...]:
    """What became of the incidents in `rows`, newest first, by the word that was shown when they opened."""
    openings = await _openings(rows[:_TOLD], views)
    counted = Counter((_shown(row, rows, openings), row.ending) for row in rows[:_TOLD] if row.id in openings)
    return tuple(
        Believed(
            word=word, real=counted[word, "real"], false=counted[word, "false-alarm"], unjudged=counted[word, None]
        )
        for word in get_args(Word)
        if any(counted[word, ending] for ending in ("real", "false-alarm", None))
    )


def _shown(row: IncidentRow, rows: Sequence[IncidentRow], openings: Openings) -> Word:
    return confidence(openings[row.id], _judged(_over(rows, row.opened_at, row.id), openings)).word


def _over(rows: Iterable[IncidentRow], at: Instant, but: str) -> list[IncidentRow]:
    """Those that a person judged, and that were over by then."""
    return [row for row in rows if row.ending and row.id != but and row.changed_at <= at][:_JUDGED]


def _judged(past: Sequence[IncidentRow], openings: Openings) -> Mapping[Word, Judged]:
    counted = Counter((first_word(openings[row.id]), row.ending) for row in past if row.id in openings)
    words = {word for word, _ in counted}
    return {word: Judged(real=counted[word, "real"], false=counted[word, "false-alarm"]) for word in words}


async def _openings(rows: Iterable[IncidentRow], views: Views) -> Openings:
    steps = [await views.transition(f"{row.id}.0") for row in rows]
    return {step.incident: step.evidence for step in steps if step}
