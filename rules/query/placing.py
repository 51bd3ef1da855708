"""Where the parts of a query that say where stand in a text: terms, raw letters, and what is near to what."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice, product, takewhile
from operator import itemgetter

from rules.query.field import MOST_PLACES, Field, Place
from rules.query.tree import Form, Group, Near, Node, Raw, Term

MOST_PAIRS = 10_000
"""Pairs of places of one NEAR or SENTENCE that are tried in one field. Of NEAR the first that fits is always found;
a text that repeats itself so often may stand in fewer places than it does.
"""
MOST_STEPS = 50_000
"""Beginnings of a phrase with other words in it that are tried in one field."""
_FIRST, _LAST = itemgetter(0), itemgetter(1)
Pair = tuple[Place, Place]
_Wanted = tuple[int, ...]
"""How often each word is."""
_States = dict[tuple[int, _Wanted], int]
"""By the last token so far and what is still wanted: the least others among the words so far."""


def places(node: Node, field: Field) -> Sequence[Place]:
    """Where a term, raw letters, NEAR, SENTENCE or any of them (OR) stands in a field, in order, at most MOST_PLACES;
    signs as often as they are between two tokens. Nothing else stands anywhere. Remembered in the field.
    """
    known = field.asked.get(id(node))
    if known is None:
        known = field.asked[id(node)] = node, _places(node, field)
    return known[1]


def _places(node: Node, field: Field) -> list[Place]:
    match node:
        case Term():
            return _of_term(node, field)
        case Raw():
            return sorted(field.touched(*found) for found in field.raw(node))
        case Near():
            return _first_of(together(*pair) for pair in pairs(node, field))
        case Group(operator="OR"):
            return list(islice(merge(*(places(child, field) for child in node.children)), MOST_PLACES))
    return []


def _first_of(found: Iterable[Place]) -> list[Place]:
    kept = set[Place]()
    for place in found:
        kept.add(place)
        if len(kept) == MOST_PLACES:
            break
    return sorted(kept)


def _of_term(term: Term, field: Field) -> list[Place]:
    if not all(map(field.shows, term.forms)):
        return []  # nearly always, without parting the text into words
    index = field.index(term.forms[0].same)
    found = [index.places(form) for form in term.forms]
    if not all(found):
        return []
    if term.slack is not None:
        return _first_of(_Scattered(term.forms, found, term.slack).places())
    return found[0][:MOST_PLACES] if len(found) == 1 else _first_of(_in_a_row(found, field))


def _in_a_row(found: Sequence[Sequence[Place]], field: Field) -> Iterator[Place]:
    """Places that follow each other, one of each."""
    ends = [sorted(each, key=_LAST) for each in found] if field.tags else found
    # From the rarest word on, so that a text that repeats the common ones costs no more than its length.
    anchor = min(range(len(found)), key=lambda at: len(found[at]))
    for first, last in found[anchor]:
        firsts, lasts = {first}, {last}
        for each in found[anchor + 1 :]:
            lasts = {place[1] for end in lasts for place in _at(each, end + 1, 0)}
        for each in reversed(ends[:anchor]):
            firsts = {place[0] for begin in firsts for place in _at(each, begin - 1, 1)}
        yield from product(firsts, lasts)


def _at(found: Sequence[Place], token: int, side: int) -> Iterator[Place]:
    """Those that begin (side 0) or end (1) with a token, of places in that order."""
    begin = bisect_left(found, token, key=_FIRST if side == 0 else _LAST)
    return takewhile(lambda place: place[side] == token, islice(found, begin, None))


class _Scattered:
    """Words in any order within a stretch of a field, with at most `slack` other tokens among them."""

    def __init__(self, forms: Sequence[Form], found: Sequence[Sequence[Place]], slack: int) -> None:
        self._slack, self._steps = slack, MOST_STEPS
        where = dict(zip(forms, found, strict=True))
        self._wanted = tuple(forms.count(form) for form in where)
        self._firsts = [[first for first, _ in each] for each in where.values()]
        self._begins: dict[int, list[tuple[int, int]]] = {}
        for number, each in enumerate(where.values()):
            for first, last in each:
                self._begins.setdefault(first, []).append((last, number))
        widest = max(last - first + 1 for each in found for first, last in each)
        self._reach = len(forms) * widest + slack

    def places(self) -> Iterator[Place]:
        """All stretches that begin and end with one of the words, while MOST_STEPS last."""
        tokens = sorted(self._begins)
        for at, first in enumerate(tokens):
            if self._steps > 0 and self._may_follow(self._wanted, first - 1, first + self._reach):
                for last in self._ends(tokens, at):
                    yield first, last

    def _ends(self, tokens: Sequence[int], at: int) -> Iterator[int]:
        first = tokens[at]
        states: _States = {(first - 1, self._wanted): 0}
        for token in islice(tokens, at, None):
            if token > first + self._reach or not states or self._steps <= 0:
                return
            for (end, wanted), others in list(states.items()):
                self._steps -= 1
                if token > end and others + token - end - 1 > self._slack:
                    del states[end, wanted]
                elif token > end:
                    yield from self._step(states, token, wanted, others + token - end - 1, first + self._reach)
            states.pop((first - 1, self._wanted), None)

    def _step(self, states: _States, token: int, wanted: _Wanted, others: int, until: int) -> Iterator[int]:
        for last, number in self._begins[token]:
            if not wanted[number]:
                continue
            rest = (*wanted[:number], wanted[number] - 1, *wanted[number + 1 :])
            if not any(rest):
                yield last
            elif self._may_follow(rest, last, until):
                states[last, rest] = min(others, states.get((last, rest), others))

    def _may_follow(self, wanted: _Wanted, end: int, until: int) -> bool:
        """Whether enough of all that is wanted begins after a token, up to another."""
        return all(
            bisect_right(firsts, until) - bisect_right(firsts, end) >= count
            for firsts, count in zip(self._firsts, wanted, strict=True)
        )


def together(one: Place, other: Place) -> Place:
    """From the first to the last token of both."""
    return min(one[0], other[0]), max(one[1], other[1])


def pairs(node: Near, field: Field) -> Iterator[Pair]:
    """The places of both that are near each other, as `node` says, of the first MOST_PAIRS that are tried."""
    one, other = places(node.first, field), places(node.second, field)
    if not one or not other:
        return
    for place, (low, high), each in islice(_tried(node, one, other, field), MOST_PAIRS):
        if node.distance is not None or (low <= each[0] and each[1] <= high):
            yield place, each


def _tried(
    node: Near, one: Sequence[Place], other: Sequence[Place], field: Field
) -> Iterator[tuple[Place, Place, Place]]:
    """Pairs that do not overlap, and between which tokens the second must stand."""
    by_end = sorted(other, key=_LAST)
    for place in one:
        first, last = place
        for low, high in field.sentences(place) if node.distance is None else _around(place, node.distance):
            if not node.ordered:
                bounds = bisect_left(by_end, low - 1, key=_LAST), bisect_left(by_end, first, key=_LAST)
                yield from ((place, (low, high), each) for each in islice(by_end, *bounds))
            bounds = bisect_right(other, last, key=_FIRST), bisect_right(other, high + 1, key=_FIRST)
            yield from ((place, (low, high), each) for each in islice(other, *bounds))


def _around(place: Place, distance: int) -> tuple[Place]:
    return ((place[0] - distance, place[1] + distance),)
