"""Filters of which no mention can have both."""

from collections.abc import Iterator
from itertools import combinations
from math import inf

from rules.query.tree import Filter, Group, Node, Range, children

_ASKED_OF = {"before": "after"}
"""Filters that ask the same of a mention as another, by their names."""
_ONE = frozenset(
    {"lang", "country", "sentiment", "confidence", "followers", "reach", "engagement", "hour", "dow", "after"}
)
"""Of these a mention has one value."""

_MOST = 20
"""Filters of one group that are compared with each other."""


def contrary(node: Node) -> Iterator[tuple[Filter, Filter]]:
    """Pairs of filters that must both hold, and never do."""
    if isinstance(node, Group) and node.operator == "AND":
        asked = [child for child in node.children if isinstance(child, Filter)][:_MOST]
        yield from (pair for pair in combinations(asked, 2) if _never_both(*pair))
    for child in children(node):
        yield from contrary(child)


def _never_both(one: Filter, other: Filter) -> bool:
    name = _ASKED_OF.get(one.name, one.name)
    if name != _ASKED_OF.get(other.name, other.name) or name not in _ONE:
        return False
    return not any(_meet(a, b) for a in one.values for b in other.values)


def _meet(one: str | Range, other: str | Range) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    low = max(_or(one.low, -inf), _or(other.low, -inf))
    high = min(_or(one.high, inf), _or(other.high, inf))
    return low < high or (low == high and one.holds(low) and other.holds(low))


def _or(bound: float | None, far: float) -> float:
    return far if bound is None else bound
