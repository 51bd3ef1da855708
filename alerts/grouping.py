"""When a page is sent, and with which others: the first at once, what follows closely in one message. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

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


class Rank(IntEnum):
    """How much a page matters: what asks nobody to act, what does, and what does on something critical."""

    LATER = 0
    ASKS = 1
    CRITICAL = 2


@dataclass(frozen=True)
class Page:
    """A message, sent or to be sent."""

    at: Instant
    circle: Circle = ""
    rank: Rank = Rank.ASKS


class Pages:
    """The pages of one recipient.

    At most MOST of them are within any STRETCH, of which KEPT only for what is critical: so the first one in a STRETCH
    that is, is sent at once, whatever went before. What is planned of one circle puts off no other while there is room.
    """

    def __init__(self, known: Iterable[Page] = ()) -> None:
        self._pages = sorted(known, key=_moment)

    def place(self, circle: Circle, at: Instant, rank: Rank = Rank.ASKS) -> Instant:
        """When what happens at `at` in a circle is told: with what is planned of it and matters as much, else as soon
        as may be.
        """
        self._pages = [each for each in self._pages if each.at > at - STRETCH]
        planned = [each for each in self._pages if each.circle == circle and each.at > at]
        for each in planned:
            if each.rank >= rank:
                return each.at
        page = Page(self._free(circle, at, rank), circle, rank)
        for each in planned:
            if each.at <= page.at:
                self._pages.remove(each)
                page = replace(page, at=each.at)
        self._pages = sorted([*self._pages, page], key=_moment)
        return page.at

    def _free(self, circle: Circle, at: Instant, rank: Rank) -> Instant:
        """The first moment at which one more may be sent."""
        before = [each for each in self._pages if each.at <= at and (each.rank == Rank.LATER) == (rank == Rank.LATER)]
        if rank == Rank.CRITICAL:
            # it waits for nothing but what is, of its own
            before = [each for each in before if (each.rank, each.circle) == (rank, circle)]
        begin = max([at, *(each.at + SPACE for each in before)])
        later = (each.at + STRETCH for each in self._pages if each.at + STRETCH > begin)
        return next(moment for moment in (begin, *later) if self._has_room(moment, rank))

    def _has_room(self, moment: Instant, rank: Rank) -> bool:
        """Whether one more at that moment leaves all of them few, and what is kept for something critical."""
        calm = [each.at for each in self._pages if each.rank < Rank.CRITICAL]
        few = _are_few([each.at for each in self._pages], moment, MOST)
        return few and (rank == Rank.CRITICAL or _are_few(calm, moment, MOST - KEPT))


def _are_few(moments: Iterable[Instant], moment: Instant, most: int) -> bool:
    """Whether with `moment` no STRETCH around it holds more than `most`."""
    near = sorted([moment, *(each for each in moments if abs(each - moment) < STRETCH)])
    return all(last - first >= STRETCH for first, last in zip(near, near[most:], strict=False))


def _moment(page: Page) -> Instant:
    return page.at
