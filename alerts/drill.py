"""Fire drills: a made-up incident that is told on the real path, and what came of it. Detection never hears of it."""

import re
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from alerts.alert import Reached
from alerts.delivery import Delivery
from alerts.figures import Figures
from rules.instant import MINUTE, Instant, Span, duration

OPENED, TAKEN, ENDED = range(3)
"""The steps of a drill."""
STALE: Span = 10 * MINUTE
"""A drill that was asked for longer ago than this does not start: nobody expects it any more."""
FIGURES = Figures(
    of="negative", count=22, window=timedelta(minutes=15), usual=3.0, posts=31, negative=22, authors=19, second_half=15
)
"""What a drill says was counted."""

_INCIDENT = re.compile(r"drill-([1-9]\d{0,8})(?:\.(\d))?")


class DrillFor(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: a drill about a brand (None: the one of the configuration), told to the channels and
    people `to`; to those of the routes when that is empty.
    """

    brand: str | None = None
    to: tuple[str, ...] = ()


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """One drill, begun at `at`, which ends at `until` at the latest. `by` asked for it, "" when it was its time.
    `channels` were told; `spared` would have been by the routes, and are not for drills. `reached` is what came of it
    once it has ended. `ladder` is when the ladder begins to be climbed for it, None where it is not.
    """

    number: int
    brand: str
    at: Instant
    until: Instant
    by: str = ""
    channels: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    taken_at: Instant | None = None
    taken_by: str | None = None
    ended_at: Instant | None = None
    reached: tuple[Reached, ...] = ()
    ladder: Instant | None = None

    @property
    def incident(self) -> str:
        """What stands for the id of an incident, in channels and threads."""
        return f"drill-{self.number}"

    def step(self, step: int) -> str:
        """What stands for the id of a transition."""
        return f"{self.incident}.{step}"


def drill_of(name: str | None) -> tuple[int, int] | None:
    """The number of a drill and its step, by the id of the drill (step 0) or of the step; None for all other names."""
    found = _INCIDENT.fullmatch(name or "")
    return (int(found[1]), int(found[2] or OPENED)) if found else None


def reached(drill: Drill, deliveries: Iterable[Delivery]) -> tuple[Reached, ...]:
    """How the drill came first to each channel, in the order of its channels. `deliveries` are the newest first."""
    rows = {each.channel: each for each in deliveries if each.transition == drill.step(OPENED)}
    return tuple(_reached(name, rows.get(name)) for name in drill.channels)


def _reached(channel: str, row: Delivery | None) -> Reached:
    if row is None:
        return Reached(channel=channel)
    if row.state == "sent" and row.finished is not None:
        return Reached(channel=channel, after=duration(max(0, row.finished - row.created)))
    return Reached(channel=channel, why=row.detail or row.reason)


def is_over(drill: Drill, deliveries: Iterable[Delivery], at: Instant) -> bool:
    """Whether there is nothing left to wait for: its time is over, or somebody has it and every channel has answered
    for good.
    """
    if at >= drill.until:
        return True
    mine = [each for each in deliveries if each.thread == drill.incident]
    return drill.taken_at is not None and at > drill.taken_at and all(each.state != "due" for each in mine)
