"""The one place that reads a clock; everything else is told the time."""

import asyncio
import time
from dataclasses import dataclass

from rules.instant import Instant, Span


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A clock that shows `origin` at wall time `started` and runs `speed` times as fast as the wall.

    Two processes with the same three values show the same time, so a scaled demonstration survives a restart.
    """

    origin: Instant = 0
    started: Instant = 0
    speed: float = 1.0

    def now(self) -> Instant:
        """The present instant."""
        return self.origin + int((time.time_ns() // 1_000 - self.started) * self.speed)

    def wall(self) -> Instant:
        """What everybody else's clocks show."""
        return self.now()

    async def sleep(self, span: Span) -> None:
        """Return when `span` has passed on this clock; at once when it is not positive."""
        await asyncio.sleep(max(0.0, span / 1e6 / self.speed))


class Steady(Clock):
    """The clock of one process: `clock`, but never before `floor` nor before what it has shown. While the wall is
    behind, since somebody set it back, time goes on at half the pace, until the wall has caught up.
    """

    def __init__(self, clock: Clock, floor: Instant) -> None:
        super().__init__(origin=clock.origin, started=clock.started, speed=clock.speed)
        self._clock = clock
        self._base, self._based = floor, time.monotonic_ns()

    def wall(self) -> Instant:
        return self._clock.now()

    def now(self) -> Instant:
        looked, wall = time.monotonic_ns(), self._clock.now()
        slow = self._base + int((looked - self._based) * self.speed / 2_000)
        if wall < slow:
            return slow
        self._base, self._based = wall, looked
        return wall
