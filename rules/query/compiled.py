"""Which mentions a brand's query or a keyword rule concerns, and where it says so."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, tzinfo
from functools import cached_property

from rules.mention import Mention
from rules.query.content import Content, Span
from rules.query.doubts import cost, warnings
from rules.query.errors import QueryError
from rules.query.reading import MOST_TERMS, NO_LISTS, Lists, read
from rules.query.tree import Group, Node, Not, Term, children, leaves
from rules.query.wording import phrase

_MOST_SPANS = 100
MOST_SAID = 5
"""Words of one rule that are named of one mention."""


def _holds(node: Node, is_true: Callable[[Term], bool]) -> bool:
    if isinstance(node, Term):
        return is_true(node)
    if isinstance(node, Not):
        return not _holds(node.child, is_true)
    if not isinstance(node, Group):
        return False
    quantifier = all if node.operator == "AND" else any
    return quantifier(_holds(child, is_true) for child in node.children)


def _deciding(node: Node, is_true: Callable[[Term], bool], *, wanted: bool = True) -> Iterator[Term]:
    """The terms that stand in the text and help `node` to be `wanted`, which it is."""
    if isinstance(node, Term):
        if wanted:
            yield node
    elif isinstance(node, Not):
        yield from _deciding(node.child, is_true, wanted=not wanted)
    else:
        for child in children(node):
            if _holds(child, is_true) == wanted:
                yield from _deciding(child, is_true, wanted=wanted)


def _needed(node: Node) -> tuple[str, ...]:
    """Runs of letters one of which stands in every text that `node` is true of; none when that cannot be said."""
    if isinstance(node, Term):
        return (max((form.key for form in node.forms), key=len),)
    if isinstance(node, Not):
        return ()
    parts = [_needed(child) for child in children(node)]
    if isinstance(node, Group) and node.operator == "AND":
        return min(filter(None, parts), key=len, default=())
    return tuple(dict.fromkeys(letters for part in parts for letters in part)) if all(parts) else ()


class Match:
    """Why a mention matches. `spans` are never empty, in order, at most 100; nobody pays for them who does not ask."""

    def __init__(self, root: Node, content: Content) -> None:
        self.root, self._content = root, content

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        terms = dict.fromkeys(_deciding(self.root, self._content.holds))
        found = {span for term in terms for span in self._content.spans(term)}
        return tuple(sorted(found, key=_reading_order)[:_MOST_SPANS])


class Query:
    """A compiled query. A mention matches as a whole (a word of the title and one of the text together), a phrase
    within one of them. `warnings` are sentences about what is probably not meant.
    """

    def __init__(self, root: Node, warned: tuple[str, ...]) -> None:
        self.root, self.warnings, self._needed = root, warned, _needed(root)
        self.cost = cost(root)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term, in the order written."""
        return tuple(leaf for leaf in leaves(self.root) if isinstance(leaf, Term))

    def match(self, mention: Mention) -> Match | None:
        """Why the mention matches, or None."""
        return self.find(Content(mention))

    def find(self, content: Content) -> Match | None:
        """The same as `match` on a mention that is already indexed, for many queries on one mention."""
        if self._needed and not content.shows(self._needed):
            return None  # nearly all that a platform says, without parting it into words
        return Match(self.root, content) if _holds(self.root, content.holds) else None


def _reading_order(span: Span) -> tuple[bool, int, int, str]:
    return span.field == "text", span.start, span.end, span.term


def compile_query(text: str, lists: Lists = NO_LISTS, zone: tzinfo = UTC) -> Query:
    """The query of a text; its language is told in docs/query.md. `lists` are the named ones, hours and days those of
    `zone`.

    Raises QueryError, also for a query that only says what must not be there. Time and depth are bounded.
    """
    found = read(text, lists, zone)
    if _holds(found.root, lambda _: False):
        hint = "add a word that must be there"
        raise QueryError("this query matches mentions that hold none of its words", 0, hint, text)
    return Query(found.root, tuple(warnings(found)))


class Words:
    """The words and phrases of a keyword rule."""

    def __init__(self, terms: dict[str, Term]) -> None:
        self._terms = terms

    def find(self, content: Content) -> tuple[str, ...]:
        """Those that stand in the mention, as written in the rule and in its order."""
        return tuple(written for written, term in self._terms.items() if content.holds(term))

    def said(self, content: Content) -> tuple[str, ...]:
        """The same as the mention says them, few and each once: with the ending that stands for a `*`."""
        said = (word for term in self._terms.values() if content.holds(term) for word in content.said(term))
        return tuple(dict.fromkeys(said))[:MOST_SAID]


def compile_words(terms: Iterable[str]) -> Words:
    """Each entry is one word, #hashtag, @handle or phrase without quotation marks, `*` as in a query; there are no
    operators. Raises QueryError for the first entry that cannot be looked for.
    """
    entries = list(terms)
    if len(entries) > MOST_TERMS:
        raise QueryError(f"{len(entries)} words", 0, f"use at most {MOST_TERMS}")
    return Words({written: phrase(written, 0, written) for written in entries})
