"""When a page is sent, and with which others: the first at once, what follows closely in one message. Pure."""

from collections.abc import Mapping, Sequence

from rules.instant import MINUTE, SECOND, Instant, Span

SPACE: Span = MINUTE
"""At least so long after one page to a recipient comes the next; what happens meanwhile stands in that one."""
STRETCH: Span = 5 * MINUTE + 10 * SECOND
MOST = 4
"""Pages to one recipient within any STRETCH, which is more than five minutes, as sending takes its time."""

MOST_TOGETHER = 50
"""Deliveries in one message: what is more goes into another one."""

Circle = str
"""Whose brands these are. Only what is of one circle stands in one message."""


class Pages:
    """The pages of one recipient: the moments that are `taken`, and those that are `planned` of each circle."""

    def __init__(self, taken: Sequence[Instant] = (), planned: Mapping[Circle, Instant] | None = None) -> None:
        self._taken = sorted(taken)
        self._planned = dict(planned or {})

    def place(self, circle: Circle, at: Instant) -> Instant:
        """When what happens at `at` in a circle is told: with what is planned of it, else as soon as may be."""
        planned = self._planned.get(circle)
        if planned is not None and planned > at:
            return planned
        moment = self._next(at)
        self._taken = [each for each in self._taken if each > at - STRETCH] + [moment]
        self._planned = {name: each for name, each in self._planned.items() if each > at} | {circle: moment}
        return moment

    def _next(self, at: Instant) -> Instant:
        spaced = [each + SPACE for each in self._taken[-1:]]
        fewer = [self._taken[-MOST] + STRETCH] if len(self._taken) >= MOST else []
        return max([at, *spaced, *fewer])
