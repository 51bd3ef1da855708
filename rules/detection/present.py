"""The present of a series, part of which may still change: what is closed is learnt once, the rest is tried anew."""

from collections.abc import Sequence

from rules.detection.detector import Detector, Reading
from rules.instant import MINUTE, Instant


class Present:
    """A detector of one-minute bins that has learnt every closed one, and a copy of it that has gone on through the
    open ones as if they were closed. The copy is made anew when one of these changed, so that what is said depends on
    the counts alone, not on when it was asked before. `minute` is the present that was read last.
    """

    def __init__(self, closed: Detector | None = None) -> None:
        self.closed = closed or Detector()
        self._begin: int | None = None
        self._tried: list[int | None] = []
        self.now = self.closed
        self.minute = 0

    def learn(self, count: int, minute: int, times: float = 1.0) -> None:
        """The next closed minute."""
        self.closed.step(count, minute, times)
        if self._begin == minute and self._tried[:1] == [count]:
            self._begin, self._tried = minute + 1, self._tried[1:]
        else:
            self._begin = None

    def forget_tried(self) -> None:
        """What was learnt has changed."""
        self._begin = None

    def expected(self, begin: int, counts: Sequence[int | None], times: Sequence[float]) -> float:
        """What is to be expected in the present minute, as `read` says it; costs less."""
        minute = self.minute = begin + len(counts) - 1
        self._try(begin, counts[:-1], times)
        return self.now.level.expected(minute, self.now.width) * times[-1]

    def read(
        self, at: Instant, begin: int, counts: Sequence[int | None], totals: Sequence[int], times: Sequence[float]
    ) -> Reading:
        """The present: `counts` are those of the open minutes from `begin` on, the last of which is not over, None
        where not all was heard; `totals` those of the last 5, 15 and 60 minutes; `times` what each open minute may
        have beside its usual count.
        """
        minute = self.minute = begin + len(counts) - 1
        self._try(begin, counts[:-1], times)
        return self.now.ahead(counts[-1] or 0, minute, max(1, at - minute * MINUTE) / MINUTE, totals, times[-1])

    def _try(self, begin: int, counts: Sequence[int | None], times: Sequence[float]) -> None:
        if self._begin != begin or counts[: len(self._tried)] != self._tried:
            self._begin, self._tried = begin, []
            self.now = Detector.load(self.closed.dump())
        if len(counts) == len(self._tried):
            return
        for number, count in enumerate(counts[len(self._tried) :], begin + len(self._tried)):
            if count is not None:
                self.now.step(count, number, times[number - begin])
        self._tried = list(counts)
