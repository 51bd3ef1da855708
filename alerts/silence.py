"""Silences: what people do not want to be told of for a while. Detection goes on and never sees them."""

from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerts.step import Step
from config.hours import checked, within
from rules.instant import Instant, Span, moment, span
from rules.transition import Severity

USUAL, LONGEST = timedelta(hours=1), timedelta(days=7)
LONGEST_WEEKLY = timedelta(days=366)
"""Of one that comes again every week: it is there for the few hours that it names."""
MOST = 200
"""Silences in force at once."""

_HELD = frozenset({"open", "worse", "reopened", "better"})
"""That somebody has it, and that it is over, is told to all who heard of it: they wait for it."""


class Hush(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be quiet: what fits all that is given, which is something. A critical step, and one to a level that
    its incident never had, only where `critical` says so. With `hours` of a week, by the clocks of `time_zone`, only in
    these.
    """

    brand: str | None = None
    rule: str | None = None
    severity: Severity | None = None
    incident: str | None = None
    critical: bool = False
    hours: tuple[str, ...] = ()
    time_zone: str = "UTC"

    @property
    def says_what(self) -> bool:
        """Whether anything is given that a step can fit."""
        return any((self.brand, self.rule, self.severity, self.incident))

    @property
    def is_understood(self) -> bool:
        """Whether its hours are some, and its time zone is one."""
        try:
            return bool([*map(checked, self.hours), ZoneInfo(self.time_zone)])
        except (ValueError, ZoneInfoNotFoundError):
            return False

    def is_on(self, at: Instant) -> bool:
        """Whether a moment is in its hours."""
        local = moment(at).astimezone(ZoneInfo(self.time_zone))
        return not self.hours or any(within(each, local) for each in self.hours)

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
    """A silence in force from `at` until just before `until`, in its hours where it has some. `by` owns it; `number` is
    its short name, counted from 1. `ended_by` ended it before its time.
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
            and self.what.is_on(step.at)
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
        if not self.what.is_understood:
            return "it says no hours of a week, or of no place: write them like `Mon-Fri 08:00-10:00`"
        if self.what.hours:
            return "" if 0 < self.span <= span(LONGEST_WEEKLY) else "a weekly silence lasts 366 days at most"
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
