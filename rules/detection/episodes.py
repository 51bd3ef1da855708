"""What a series' readings come to: when an incident would open, and which scores are news."""

from math import inf

_CLOSING = 2 * 60.0
_MARGIN = 0.7
_HOLD = 24 * 60.0


class Alarm:
    """Opens where a reading is an alarm for `budget` false alarms in 30 days, and none is open; closes once readings
    have been below for two hours. Minutes are since any one instant.
    """

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._last: float | None = None

    def opens(self, rate: float, minute: float) -> bool:
        """Take in the next reading's rate; whether an incident would open with it."""
        opens = False
        if self._last is not None and minute - self._last > _CLOSING:
            self._last = None
        if rate <= self._budget:
            opens, self._last = self._last is None, minute
        return opens


class News:
    """A score is news where it goes beyond the last one told by 0.7, which is half as rare, or a day after that."""

    def __init__(self) -> None:
        self._told, self._at = 0.0, -inf

    def of(self, score: float, minute: float) -> float:
        """The next reading's score, or 0 when it tells nothing new."""
        if score <= 0 or (score <= self._told + _MARGIN and minute - self._at <= _HOLD):
            return 0.0
        self._told, self._at = score, minute
        return score
