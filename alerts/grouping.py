"""When a page is sent, and with which others: the first at once, what follows closely in one message. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.instant import MINUTE, SECOND, Instant, Span

SPACE: Span = MINUTE
"""So long after one page comes the next of each circle, with all that happened meanwhile."""
STRETCH: Span = 5 * MINUTE + 10 * SECOND
MOST = 4
"""Pages to one recipient within any STRETCH, which is more than five minutes, as sending takes its time."""
KEPT = 1
"""Of these are for something critical alone."""

MOST_TOGETHER = 50
"""Deliveries in one message: what is more goes into another one."""

Circle = str
"""Whose brands these are. Only what is of one circle stands in one message."""


@dataclass(frozen=True)
class Page:
    """A message, sent or to be sent. `critical`: it asks somebody to act on something critical."""

    at: Instant
    circle: Circle = ""
    critical: bool = False


class Pages:
    """The pages of one recipient.

    At most MOST of them are within any STRETCH, of which KEPT only for what is critical: so the first one in a STRETCH
    that is, is sent at once, whatever went before. What is planned of one circle puts off no other while there is room.
    """

    def __init__(self, known: Iterable[Page] = ()) -> None:
        self._pages = sorted(known, key=_moment)

    def place(self, circle: Circle, at: Instant, *, critical: bool = False) -> Instant:
        """When what happens at `at` in a circle is told: with what is planned of it, else as soon as may be. What is
        critical does not wait for what is planned: it has a message of its own where that can be sooner.
        """
        self._pages = [each for each in self._pages if each.at > at - STRETCH]
        planned = next((each for each in self._pages if each.circle == circle and each.at > at), None)
        if planned and not critical:
            return planned.at
        free = self._free(circle, at, critical=critical)
        if planned and planned.at <= free:
            self._pages.remove(planned)
            free = planned.at
        self._pages = sorted([*self._pages, Page(free, circle, critical)], key=_moment)
        return free

    def _free(self, circle: Circle, at: Instant, *, critical: bool) -> Instant:
        """The first moment at which one more may be sent."""
        # what is critical waits for nothing but what is, of its own
        before = (each for each in self._pages if not critical or (each.critical and each.circle == circle))
        begin = max([at, *(each.at + SPACE for each in before if each.at <= at)])
        later = (each.at + STRETCH for each in self._pages if each.at + STRETCH > begin)
        most = MOST if critical else MOST - KEPT
        return next(moment for moment in (begin, *later) if self._has_room(moment, most))

    def _has_room(self, moment: Instant, most: int) -> bool:
        """Whether no STRETCH that holds the moment would hold more than `most`."""
        near = sorted([moment, *(each.at for each in self._pages if abs(each.at - moment) < STRETCH)])
        return all(
            last - first >= STRETCH or not first <= moment <= last
            for first, last in zip(near, near[most:], strict=False)
        )


def _moment(page: Page) -> Instant:
    return page.at
