"""A tree without the parts that could not be carried over, and what comes of leaving them out."""

from typing import NamedTuple

from rules.query.showing import show
from rules.query.tree import AtLeast, Group, Near, Node, Not, Raw, Within, leaves

_FIRST, _LAST = 0xE000, 0xF8FF
"""Letters that nobody writes stand for lost parts while a query is read."""


class Dropped(NamedTuple):
    """What a lost part took with it, "" when nothing, and whether the query finds more without it, or less."""

    along: str
    more: bool


def mark(number: int) -> str:
    """What stands for a lost part in a query."""
    return f'raw:"{chr(min(_FIRST + number, _LAST))}"'


class Pruning:
    """Leaves out what is marked, so that the query rather finds more: of what must be there it is left out, and so is
    what must not be there where it is not known whether it is. Of alternatives the others stay. `root` is None when
    nothing is left; `dropped` is by the numbers of the marks.
    """

    def __init__(self, root: Node) -> None:
        self.dropped: dict[int, Dropped] = {}
        self.root = self._kept(root, wanted=True)

    def _kept(self, node: Node, *, wanted: bool) -> Node | None:
        match node:
            case Raw() if _number(node) is not None:
                return None
            case Not():
                child = self._kept(node.child, wanted=not wanted)
                return child and Not(child)
            case AtLeast() | Within():
                child = self._kept(node.child, wanted=wanted)
                return child and _with_child(node, child)
            case Near():
                return self._near(node, wanted=wanted)
            case Group():
                return self._group(node, wanted=wanted)
        return node

    def _near(self, node: Near, *, wanted: bool) -> Node | None:
        first, second = self._kept(node.first, wanted=wanted), self._kept(node.second, wanted=wanted)
        if first and second:
            return Near(first, second, node.distance, node.ordered)
        if not wanted or not (first or second):
            return None
        self._drop(node.first if second else node.second, more=True)
        return first or second

    def _group(self, node: Group, *, wanted: bool) -> Node | None:
        each = [(child, self._kept(child, wanted=wanted)) for child in node.children]
        kept = tuple(child for _, child in each if child)
        if not kept or (node.operator == "AND" and not wanted and len(kept) < len(each)):
            return None
        for child, left in each:
            if left is None:
                self._drop(child, more=node.operator == "AND" or not wanted)
        return Group(node.operator, kept) if len(kept) > 1 else kept[0]

    def _drop(self, node: Node, *, more: bool) -> None:
        lost = [_number(leaf) for leaf in leaves(node)]
        along = show(node) if None in lost else ""
        for number in lost:
            if number is not None:
                self.dropped.setdefault(number, Dropped(along, more))


def _number(node: Node) -> int | None:
    marked = isinstance(node, Raw) and len(node.letters) == 1 and _FIRST <= ord(node.letters) <= _LAST
    return ord(node.letters) - _FIRST if isinstance(node, Raw) and marked else None


def _with_child(node: AtLeast | Within, child: Node) -> Node:
    return AtLeast(node.times, child) if isinstance(node, AtLeast) else Within(node.part, child)
