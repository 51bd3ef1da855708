"""The watch: whose turn it is, in which hours, and who is called when nobody answers."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from config.hours import Hours, MomentOfWeek, minute_of_week, stretches
from config.model import Duration, Model, TimeZone
from config.values import Day, Listed, OneOrMore, Stretch

ONCALL = "oncall"
"""What a route calls whoever has the watch."""
FIRST, SECOND = "first", "second"
"""What a rung calls whoever has the watch, and whoever steps in."""
RESERVED = (ONCALL, FIRST, SECOND)
"""Names that neither a person nor a channel has."""
_HAND_OVER = "Mon 08:00"
_EARLIEST = date(2000, 1, 3)


class OnHours(Model):
    """When somebody has the watch."""

    week: Listed[Hours] = ()
    """Such as `Mon-Fri 19:00-08:00`."""
    weekend: Listed[Hours] = ()
    """Such as `Fri 19:00 - Mon 08:00`."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.week or self.weekend):
            raise ValueError("says no hours: write `week`, `weekend` or both, or leave `hours` out for always")
        return self


class Swap(Stretch):
    """Somebody has the watch out of turn."""

    since: Day = Field(alias="from")
    """Its first day, or the minute it begins, such as `2026-12-24T19:00`, in the time zone of the watch."""
    who: str
    """Who has the watch."""


LONGEST_WAIT = timedelta(days=1)


class Rung(Model):
    """What happens when nobody has taken the incident for so long."""

    after: Annotated[Duration, Field(ge=timedelta(), le=LONGEST_WAIT)]
    """Since the first of them was told; `0m` is at once."""
    call: str | None = None
    """Who is told as well: `first` has the watch, `second` steps in, or somebody by name."""
    remind: str | None = None
    """Who is told once more: `first`, `second`, or somebody by name."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.call is None) == (self.remind is None):
            raise ValueError("says who: either `call` or `remind`, such as {after: 20m, call: second}")
        return self

    @property
    def who(self) -> str:
        """Who is called or reminded."""
        return self.call or self.remind or ""


def _upwards(ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
    if any(above.after < below.after for below, above in pairwise(ladder)):
        raise ValueError("the rungs must follow each other: the shortest `after` first")
    return ladder


_LADDER = (Rung(after=timedelta(minutes=10), remind=FIRST), Rung(after=timedelta(minutes=20), call=SECOND))


class OnCall(Model):
    """Who has the watch."""

    hours: OnHours | None = None
    """When there is a watch, such as `{week: "Mon-Fri 19:00-08:00", weekend: "Sat-Sun"}`; always when not given."""
    time_zone: TimeZone | None = None
    """Time zone of the watch; the daemon's when not given."""
    turns: OneOrMore[str]
    """People who have the watch in turn, one week each."""
    hand_over: MomentOfWeek | None = None
    """When a turn begins, such as `Fri 19:00`; without it, when the hours of the week-end begin, or `Mon 08:00`."""
    counted_from: Annotated[date, Field(ge=_EARLIEST)] = _EARLIEST
    """The first of `turns` has the turn that begins on this day or, at the latest, six days after it."""
    swaps: tuple[Swap, ...] = ()
    """Turns that somebody else takes over; the last one that fits counts."""
    ladder: Annotated[tuple[Rung, ...], AfterValidator(_upwards)] = _LADDER
    """Who is reminded or called while nobody has taken an incident."""
    otherwise: Listed[str] = ()
    """Channels and people who are told in place of `oncall` outside the hours; whoever has the turn when not given."""
    confirm_at_start: bool = True
    """Whoever takes over is asked to confirm; without an answer within 15 minutes, the second is told."""

    @property
    def all_hours(self) -> tuple[str, ...]:
        """When there is a watch; empty for always."""
        return (*self.hours.week, *self.hours.weekend) if self.hours else ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """All who may have the watch or be called, each once."""
        called = [rung.who for rung in self.ladder if rung.who not in (FIRST, SECOND)]
        return tuple(dict.fromkeys((*self.turns, *(swap.who for swap in self.swaps), *called)))

    @property
    def turn_begins(self) -> int:
        """The minute of the week at which a turn begins; Monday 00:00 is 0."""
        if self.hand_over:
            return minute_of_week(self.hand_over)
        weekend = stretches(self.hours.weekend) if self.hours else []
        return weekend[0][0] if weekend else minute_of_week(_HAND_OVER)
