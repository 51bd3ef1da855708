"""When something is due: APScheduler's triggers as the language, our clock as the time."""

from apscheduler.triggers.base import BaseTrigger

from rules.instant import Instant, moment


class Schedule:
    """A trigger asked by hand. APScheduler's own scheduler reads the wall clock, which a scaled clock cannot follow."""

    def __init__(self, trigger: BaseTrigger, at: Instant) -> None:
        self._trigger = trigger
        self._next = trigger.get_next_fire_time(None, moment(at))

    def is_due(self, at: Instant) -> bool:
        """Whether a fire time has come since the last answer; several that were missed count once."""
        now = moment(at)
        if self._next is None or now < self._next:
            return False
        while self._next is not None and self._next <= now:
            self._next = self._trigger.get_next_fire_time(self._next, now)
        return True
