"""The ceiling of false alarms of a person: the more of it is used, the more an incident must be to be told. Pure."""

from math import inf

import msgspec

from rules.instant import DAY, Instant, Span
from rules.transition import Evidence, Severity

SPAN: Span = 30 * DAY
"""So long a false alarm counts, whatever the month."""
_TOP = 3.0
"""Times the usual peaks, for what is serious, just below the ceiling."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many false alarms somebody `had` in the last SPAN, of those they `accept`."""

    had: int
    accept: int

    def needs(self, severity: Severity) -> float:
        """How many times the usual peaks an incident must be to be told: 0 until half of the ceiling is used, then
        from 1 up to 3 times, twice that for what is only to be watched, and from the ceiling on nothing is enough.
        What is critical needs nothing.
        """
        if severity == "critical":
            return 0.0
        if self.had >= self.accept:
            return inf
        used = self.had / self.accept
        if used < 0.5:
            return 0.0
        needed = 1 + (_TOP - 1) * (2 * used - 1)
        return needed if severity == "warning" else 2 * needed

    def passes(self, severity: Severity, times: float | None) -> bool:
        """Whether an incident of so many `times` the usual peaks is told. Where that is not known, only the ceiling
        holds it back.
        """
        needed = self.needs(severity)
        return needed < inf if times is None else times >= needed


class Spared(msgspec.Struct, frozen=True, kw_only=True):
    """A step that a person was not told of, as they `had` so many false alarms of those they `accept`."""

    incident: str
    person: str
    step: int
    at: Instant
    had: int
    accept: int


def times_usual(evidence: Evidence) -> float | None:
    """How many times its usual peaks something counts; None where nobody knows them, or where too few is what is
    wrong.
    """
    if evidence.usual_high is None or evidence.fewer:
        return None
    return evidence.count / max(1.0, evidence.usual_high)
