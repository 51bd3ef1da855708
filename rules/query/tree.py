"""What a query is made of once it is read."""

from collections.abc import Iterator
from typing import Literal

import msgspec

Same = Literal["folded", "accents", "case"]
FieldName = Literal["title", "text"]


class _Part(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):  # no part is within itself
    pass


class Form(_Part, frozen=True):
    """One word of a term. `key` is folded as `keys` of a token are; where `same` is `accents` it is in lower case with
    its accents, where it is `case` as it is written (both NFC). `?` in it is any one letter. With `prefix` any word
    that begins so, with `plural` also one that ends in a plural, with `edits` one that differs in so many letters.
    """

    key: str
    prefix: bool = False
    same: Same = "folded"
    plural: bool = False
    edits: int = 0


class Term(_Part, frozen=True):
    """A word, phrase, hashtag or handle: forms that must follow each other. `written` is how the query puts it, `at`
    where; with `slack` they may stand in any order, with so many other words among them.
    """

    written: str
    forms: tuple[Form, ...]
    slack: int | None = None
    at: int = 0


class Raw(_Part, frozen=True):
    """Letters and signs as they are written, inside a word or not."""

    written: str
    letters: str
    at: int = 0


class Near(_Part, frozen=True):
    """Both stand in one field, apart from each other, with at most `distance` words between them; where `ordered`, the
    first before the second. Of a sentence it is that both stand in one when `distance` is None.
    """

    first: "Node"
    second: "Node"
    distance: int | None
    ordered: bool = False


class AtLeast(_Part, frozen=True):
    """`child` stands at `times` places or more that do not overlap, in title and text together."""

    times: int
    child: "Node"


class Within(_Part, frozen=True):
    """`child` is true of the title alone, or of the text alone."""

    part: FieldName
    child: "Node"


class Range(_Part, frozen=True):
    """A number or moment (seconds since the epoch) from `low` to `high`; None: no bound. Bounds are in it, or not."""

    low: float | None = None
    high: float | None = None
    low_in: bool = True
    high_in: bool = True

    def holds(self, value: float) -> bool:
        """Whether the value is in it."""
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_in and value == self.high))


class Filter(_Part, frozen=True):
    """What is asked of a mention beside its words: `name` is one of `filters.FILTERS`, any of `values` will do."""

    name: str
    values: tuple[str | Range, ...]
    written: str
    at: int = 0


class Not(_Part, frozen=True):
    child: "Node"


class Group(_Part, frozen=True):
    """All of its children (`AND`) or any (`OR`)."""

    operator: Literal["AND", "OR"]
    children: tuple["Node", ...]


Leaf = Term | Raw | Filter
Node = Leaf | Near | AtLeast | Within | Not | Group


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node, in the order written; none of a leaf."""
    match node:
        case Group():
            return node.children
        case Near():
            return node.first, node.second
        case Not() | AtLeast() | Within():
            return (node.child,)
    return ()


def leaves(node: Node) -> Iterator[Leaf]:
    """Terms, raw letters and filters, in the order written."""
    if isinstance(node, Leaf):
        yield node
    for child in children(node):
        yield from leaves(child)
