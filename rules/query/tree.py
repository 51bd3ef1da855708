"""What a query is made of once it is read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Same = Literal["folded", "accents", "case"]
FieldName = Literal["title", "text"]


@dataclass(frozen=True, slots=True)
class Form:
    """One word of a term. `key` is folded as `keys` of a token are; where `same` is `accents` it is in lower case with
    its accents, where it is `case` as it is written (both NFC). `?` in it is any one letter. With `prefix` any word
    that begins so, with `plural` also one that ends in a plural, with `edits` one that differs in so many letters.
    """

    key: str
    prefix: bool = False
    same: Same = "folded"
    plural: bool = False
    edits: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """A word, phrase, hashtag or handle: forms that must follow each other. `written` is how the query puts it, `at`
    where; with `slack` they may stand in any order, with so many other words among them.
    """

    written: str
    forms: tuple[Form, ...]
    slack: int | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """Letters and signs as they are written, inside a word or not."""

    written: str
    letters: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Both stand in one field, apart from each other, with at most `distance` words between them; where `ordered`, the
    first before the second. Of a sentence it is that both stand in one when `distance` is None.
    """

    first: "Node"
    second: "Node"
    distance: int | None
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`child` stands at `times` places or more that do not overlap, in title and text together."""

    times: int
    child: "Node"


@dataclass(frozen=True, slots=True)
class Within:
    """`child` is true of the title alone, or of the text alone."""

    part: FieldName
    child: "Node"


@dataclass(frozen=True, slots=True)
class Range:
    """A number or moment (seconds since the epoch) from `low` to `high`; None: no bound. Bounds are in it, or not."""

    low: float | None = None
    high: float | None = None
    low_in: bool = True
    high_in: bool = True

    def holds(self, value: float) -> bool:
        """Whether the value is in it."""
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_in and value == self.high))


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked of a mention beside its words: `name` is one of `filters.FILTERS`, any of `values` will do."""

    name: str
    values: tuple[str | Range, ...]
    written: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"


@dataclass(frozen=True, slots=True)
class Group:
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
