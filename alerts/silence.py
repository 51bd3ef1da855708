"""Silences: what people do not want to be told of for a while. Detection goes on and never sees them."""

from datetime import timedelta

import msgspec

from alerts.step import Step
from rules.instant import Instant, Span, span
from rules.transition import Severity

USUAL, LONGEST = timedelta(hours=1), timedelta(days=7)
MOST = 200
"""Silences in force at once."""

_HELD = frozenset({"open", "worse", "reopened", "better"})
"""That somebody has it, and that it is over, is told to all who heard of it: they wait for it."""


class Hush(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be quiet: what fits all that is given, which is something. A critical step, and one to a level that
    its incident never had, only where `critical` says so.
    """

    brand: str | None = None
    rule: str | None = None
    severity: Severity | None = None
    incident: str | None = None
    critical: bool = False

    @property
    def says_what(self) -> bool:
        """Whether anything is given that a step can fit."""
        return any((self.brand, self.rule, self.severity, self.incident))

    def fits(self, step: Step) -> bool:
        """Whether a step is of what is to be quiet, however bad it is."""
        return all(
            wanted in {None, found}
            for wanted, found in (
                (self.brand, step.brand),
                (self.rule, step.rule),
                (self.severity, step.severity),
                (self.incident, step.incident),
            )
        )


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence in force from `at` until just before `until`. `by` owns it; `number` is its short name, counted from 1.
    `ended_by` ended it before its time.
    """

    number: int
    at: Instant
    until: Instant
    by: str
    because: str
    what: Hush
    ended_by: str | None = None

    def holds(self, step: Step) -> bool:
        """Whether nobody is told of a step."""
        loud = step.severity == "critical" or step.rises
        return (
            self.at <= step.at < self.until
            and step.state in _HELD
            and self.what.fits(step)
            and (self.what.critical or not loud)
        )


class HushFor(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: quiet for so long."""

    what: Hush
    span: Span

    @property
    def objection(self) -> str:
        """Why it cannot be had, "" when it can."""
        if not self.what.says_what:
            return "a silence says of what: a brand, a rule, a severity or an incident"
        return "" if 0 < self.span <= span(LONGEST) else "a silence lasts 7 days at most"


class HeldBack(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was not told, or not everywhere: by `silence`, or as the incident `behind` was critical. `told_at` is
    when it was told after all.
    """

    incident: str
    step: int
    at: Instant
    silence: int | None = None
    behind: str | None = None
    told_at: Instant | None = None
