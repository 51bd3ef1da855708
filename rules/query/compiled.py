"""Which mentions a brand's query or a keyword rule concerns, and where it says so."""

from collections.abc import Callable, Iterable
from datetime import UTC, tzinfo
from functools import cached_property, lru_cache, partial
from weakref import WeakValueDictionary

import msgspec

from rules.mention import Mention
from rules.query.content import Content, Span
from rules.query.doubts import cost, warnings
from rules.query.errors import QueryError
from rules.query.evaluating import Evaluation, Hearing
from rules.query.forms import letters
from rules.query.needs import may_hold
from rules.query.reading import MOST_TERMS, NO_LISTS, Lists, named, read
from rules.query.tree import Filter, Group, Node, Not, Term, Within, leaves
from rules.query.why import Why, why
from rules.query.wording import phrase

_PACK = msgspec.msgpack.Encoder().encode
_unpacked: Callable[[bytes], Node] = lru_cache(256)(msgspec.msgpack.Decoder[Node](Node).decode)
_MOST_SPANS = 100
MOST_SAID = 5
"""Words of one rule that are named of one mention."""


def is_true_of_nothing(node: Node) -> bool:
    """Whether it is true of a mention that has nothing of what it asks for."""
    match node:
        case Not():
            return not is_true_of_nothing(node.child)
        case Within():
            return is_true_of_nothing(node.child)
        case Group():
            return (all if node.operator == "AND" else any)(map(is_true_of_nothing, node.children))
    return False


class Match:
    """Why a mention matches. `spans` are in order, at most 100, and none where only filters decide; nobody pays for
    them who does not ask, and once they are known nothing else is held.
    """

    def __init__(self, root: Node, evaluation: Evaluation) -> None:
        self._deciding = partial(evaluation.spans, root)

    @classmethod
    def shown(cls, spans: tuple[Span, ...]) -> "Match":
        """One of which is known already where it says so."""
        match = cls.__new__(cls)
        match.__dict__["spans"] = spans
        return match

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        found = set(self._deciding())
        del self._deciding  # a match that is remembered need not hold the text laid out
        return tuple(sorted(found, key=_reading_order)[:_MOST_SPANS])


class Query:
    """A compiled query. A mention matches as a whole (a word of the title and one of the text together), a phrase
    within one of them. `warnings` are sentences about what is probably not meant; `zone` is that of hours and days.
    """

    __slots__ = ("__weakref__", "_packed", "cost", "warnings", "zone")

    def __init__(self, root: Node, warned: tuple[str, ...], zone: tzinfo = UTC) -> None:
        self._packed, self.warnings, self.zone, self.cost = _PACK(root), warned, zone, cost(root)

    @property
    def root(self) -> Node:
        """What it is made of: made anew where it was not asked for lately, so that a query takes few bytes."""
        return _unpacked(self._packed)

    @property
    def asks_more(self) -> bool:
        """Whether more than the words of a mention decides."""
        return any(isinstance(leaf, Filter) for leaf in leaves(self.root))

    def together(self, others: Iterable["Query"]) -> "Query":
        """One that is true where this one is or any of the others, whose filters know the zone of this one."""
        roots = [self.root, *(each.root for each in others)]
        return self if len(roots) == 1 else Query(Group("OR", tuple(roots)), (), self.zone)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term, in the order written."""
        return tuple(leaf for leaf in leaves(self.root) if isinstance(leaf, Term))

    def match(self, mention: Mention) -> Match | None:
        """Why the mention matches, or None."""
        return self.find(Content(mention))

    def find(self, content: Content, hear: Hearing | None = None) -> Match | None:
        """The same as `match` on a mention that is already indexed, for many queries on one mention. `hear` tells its
        tone, where that decides; else no tone is known.
        """
        root = self.root
        if not may_hold(root, [field.shows for field in content.fields.values()]):
            return None  # nearly all that a platform says, without parting it into words
        evaluation = Evaluation(content, self.zone, hear)
        return Match(root, evaluation) if evaluation.holds(root) else None

    def why(self, content: Content, hear: Hearing | None = None) -> Why:
        """What of it is true of the mention, term by term, and where."""
        return why(Evaluation(content, self.zone, hear), self.root)


_Key = tuple[str, tzinfo, tuple[tuple[str, tuple[str, ...]], ...]]
_IN_USE: WeakValueDictionary[_Key, Query] = WeakValueDictionary()


def _reading_order(span: Span) -> tuple[bool, int, int, str]:
    return span.field == "text", span.start, span.end, span.term


def compile_query(text: str, lists: Lists = NO_LISTS, zone: tzinfo = UTC) -> Query:
    """The query of a text; its language is told in docs/query.md. `lists` are the named ones, hours and days those of
    `zone`.

    Raises QueryError, also for a query that only says what must not be there. Time and depth are bounded. A query that
    is still in use somewhere is given again.
    """
    key = text, zone, tuple(named(text, lists).items()) if lists else ()
    known = _IN_USE.get(key)
    if known is None:
        known = _IN_USE[key] = _compiled(text, lists, zone)
    return known


def _compiled(text: str, lists: Lists, zone: tzinfo) -> Query:
    found = read(text, lists, zone)
    if is_true_of_nothing(found.root):
        hint = "add a word that must be there"
        raise QueryError("this query matches mentions that hold none of its words", 0, hint, text)
    return Query(found.root, tuple(warnings(text, found)), zone)


class Words:
    """The words and phrases of a keyword rule."""

    def __init__(self, terms: dict[str, Term]) -> None:
        self._terms = [(written, term, letters(term.forms[0])) for written, term in terms.items()]

    def find(self, content: Content) -> tuple[str, ...]:
        """Those that stand in the mention, as written in the rule and in its order."""
        return tuple(written for written, _ in self._found(content))

    def said(self, content: Content) -> tuple[str, ...]:
        """The same as the mention says them, few and each once: with the ending that stands for a `*`."""
        said = (word for _, term in self._found(content) for word in content.said(term))
        return tuple(dict.fromkeys(said))[:MOST_SAID]

    def _found(self, content: Content) -> list[tuple[str, Term]]:
        text = content.folded
        may = [(written, term) for written, term, runs in self._terms for run in runs if run in text]
        return [(written, term) for written, term in dict(may).items() if content.holds(term)] if may else []


def compile_words(terms: Iterable[str]) -> Words:
    """Each entry is one word, #hashtag, @handle or phrase without quotation marks, `*` as in a query; there are no
    operators. Raises QueryError for the first entry that cannot be looked for.
    """
    entries = list(terms)
    if len(entries) > MOST_TERMS:
        raise QueryError(f"{len(entries)} words", 0, f"use at most {MOST_TERMS}")
    return Words({written: phrase(written, 0, written) for written in entries})
