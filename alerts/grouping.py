"""When a page is sent, and with which others: the first at once, what follows closely in one message. Pure."""

from collections.abc import Iterable, Mapping, Sequence
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
MOST_LATER = 2
"""Of these may be what asks nobody to act."""
UNDER_WAY: Span = 2 * SECOND
"""What is planned for so soon may be on its way already, and stays planned."""

MOST_TOGETHER = 50
"""Deliveries in one message: what is more goes into another one."""

Circle = str
"""Whose brands these are. Only what is of one circle stands in one message."""


class Rank(IntEnum):
    """How much a page matters: what asks nobody to act, what does, what got worse, and what asks to act on something
    critical.
    """

    LATER = 0
    ASKS = 1
    WORSE = 2
    CRITICAL = 3


_MOST: Mapping[Rank, int] = {Rank.LATER: MOST_LATER, Rank.WORSE: MOST - KEPT, Rank.CRITICAL: MOST}
"""Pages of that rank and lower ones within any STRETCH."""


@dataclass(frozen=True)
class Page:
    """A message, sent or to be sent."""

    at: Instant
    circle: Circle = ""
    rank: Rank = Rank.ASKS


@dataclass(frozen=True)
class Move:
    """What was planned of a circle for one moment is told at a later one."""

    circle: Circle
    before: Instant
    after: Instant


@dataclass(frozen=True)
class Placed:
    """When something is told, and what is moved for it, in order."""

    at: Instant
    moves: Sequence[Move] = ()


class Pages:
    """The pages of one recipient.

    Within any STRETCH at most MOST of them are sent, of which KEPT only for what is critical, and MOST_LATER of what
    asks nobody to act. What matters more goes before what is only planned; that is moved back where there is no room
    for both, unless its own circle is told of something within SPACE.
    """

    def __init__(self, known: Iterable[Page] = ()) -> None:
        self._pages = sorted(known, key=_order)

    def place(self, circle: Circle, at: Instant, rank: Rank = Rank.ASKS) -> Placed:
        """When what happens at `at` in a circle is told: with what is planned of it and matters as much, else as soon
        as may be.
        """
        self._pages = [each for each in self._pages if each.at > at - STRETCH]
        planned = [each for each in self._pages if each.circle == circle and each.at > at]
        for each in planned:
            if each.rank >= rank:
                return Placed(each.at)
        firm = [each for each in self._pages if each.rank >= rank or each.at <= at + UNDER_WAY]
        begin = _begin(firm, circle, at, rank)
        free, untouched = _room(firm, begin, rank), _room(self._pages, begin, rank)
        # rather than that others are moved, it stands in what its own circle is told of soon
        until = free if free == untouched else max(free, at + SPACE)
        page = Page(min([each.at for each in planned if each.at <= until], default=free), circle, rank)
        waiting = [each for each in self._pages if each not in firm]
        self._pages, moves = _moved(waiting, _with(firm, page))
        return Placed(page.at, moves)


def _begin(pages: Iterable[Page], circle: Circle, at: Instant, rank: Rank) -> Instant:
    """When something may be told at the soonest, by what went shortly before."""
    before = [each for each in pages if each.at <= at and (each.rank == Rank.LATER) == (rank == Rank.LATER)]
    if rank == Rank.CRITICAL:
        # it waits for nothing but what is, of its own
        before = [each for each in before if (each.rank, each.circle) == (rank, circle)]
    return max([at, *(each.at + SPACE for each in before)])


def _room(pages: Sequence[Page], begin: Instant, rank: Rank) -> Instant:
    """The first moment, from `begin` on, at which one more may be sent."""
    later = sorted(each.at + STRETCH for each in pages if each.at + STRETCH > begin)
    return next(moment for moment in (begin, *later) if _has_room(pages, moment, rank))


def _has_room(pages: Iterable[Page], moment: Instant, rank: Rank) -> bool:
    """Whether one more at that moment leaves them few, and what is kept for those that matter more."""
    near = [each for each in pages if abs(each.at - moment) < STRETCH]
    return all(
        _are_few([moment, *(each.at for each in near if each.rank <= highest)], most)
        for highest, most in _MOST.items()
        if rank <= highest
    )


def _are_few(moments: Iterable[Instant], most: int) -> bool:
    """Whether no STRETCH holds more than `most`."""
    near = sorted(moments)
    return all(last - first >= STRETCH for first, last in zip(near, near[most:], strict=False))


def _moved(waiting: Iterable[Page], pages: list[Page]) -> tuple[list[Page], list[Move]]:
    """All pages with those that wait, each where it was if there is room, and what is moved for that."""
    moves = []
    for each in sorted(waiting, key=lambda page: (-page.rank, *_order(page))):
        free = _room(pages, each.at, each.rank)
        # where its circle is told of something until then, it stands in that
        after = min([free, *(other.at for other in pages if other.circle == each.circle and other.at >= each.at)])
        pages = _with(pages, replace(each, at=after))
        if after != each.at:
            moves.append(Move(each.circle, each.at, after))
    return pages, moves


def _with(pages: Iterable[Page], page: Page) -> list[Page]:
    """One page more, or one that holds more."""
    same = [each for each in pages if (each.circle, each.at) == (page.circle, page.at)]
    rank = max(each.rank for each in (*same, page))
    return sorted([*(each for each in pages if each not in same), replace(page, rank=rank)], key=_order)


def _order(page: Page) -> tuple[Instant, Circle]:
    return page.at, page.circle
