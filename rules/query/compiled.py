"""Which mentions a brand's query or a keyword rule concerns, and where it says so."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from rules.mention import Mention
from rules.query.content import Content, Span, Term
from rules.query.reading import MOST_TERMS, Node, Not, Parser, QueryError, parse_term

_MOST_SPANS = 100
MOST_SAID = 5
"""Words of one rule that are named of one mention."""


def _holds(node: Node, is_true: Callable[[Term], bool]) -> bool:
    if isinstance(node, Term):
        return is_true(node)
    if isinstance(node, Not):
        return not _holds(node.child, is_true)
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
        for child in node.children:
            if _holds(child, is_true) == wanted:
                yield from _deciding(child, is_true, wanted=wanted)


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    else:
        for child in (node.child,) if isinstance(node, Not) else node.children:
            yield from _terms(child)


def _needed(node: Node) -> tuple[str, ...]:
    """Runs of letters one of which stands in every text that `node` is true of; none when that cannot be said."""
    if isinstance(node, Term):
        return (max((form.key for form in node.forms), key=len),)
    if isinstance(node, Not):
        return ()
    parts = [_needed(child) for child in node.children]
    if node.operator == "AND":
        return min(filter(None, parts), key=len, default=())
    return tuple(dict.fromkeys(letters for part in parts for letters in part)) if all(parts) else ()


class Match:
    """Why a mention matches. `spans` are never empty, in order, at most 100; nobody pays for them who does not ask."""

    def __init__(self, root: Node, content: Content) -> None:
        self._root, self._content = root, content

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        terms = dict.fromkeys(_deciding(self._root, self._content.holds))
        found = {span for term in terms for span in self._content.spans(term)}
        return tuple(sorted(found, key=_reading_order)[:_MOST_SPANS])


class Query:
    """A compiled query. A mention matches as a whole (a word of the title and one of the text together), a phrase
    within one of them. `warnings` are sentences about what is probably not meant.
    """

    def __init__(self, root: Node, warnings: tuple[str, ...]) -> None:
        self._root, self.warnings, self._needed = root, warnings, _needed(root)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term, in the order written."""
        return tuple(_terms(self._root))

    def match(self, mention: Mention) -> Match | None:
        """Why the mention matches, or None."""
        return self.find(Content(mention))

    def find(self, content: Content) -> Match | None:
        """The same as `match` on a mention that is already indexed, for many queries on one mention."""
        if self._needed and not content.shows(self._needed):
            return None  # nearly all that a platform says, without parting it into words
        return Match(self._root, content) if _holds(self._root, content.holds) else None


def _reading_order(span: Span) -> tuple[bool, int, int, str]:
    return span.field == "text", span.start, span.end, span.term


def compile_query(text: str) -> Query:
    """The query of a text: words, "phrases", #hashtags, @handles, AND OR NOT (capitals only, or `-` before a term) and
    parentheses; what stands side by side is joined by AND; NOT binds before AND before OR; `*` ends a stem of at least
    three letters. Case, accents and apostrophes make no difference. A word is also found as a whole #hashtag
    (`acme` in #acme, not in #acmeair), never in an @handle or a link; an @handle is looked for in title and text.

    Raises QueryError, also for a query that only says what must not be there. Time and depth are bounded.
    """
    parser = Parser(text)
    root = parser.parse()
    if _holds(root, lambda _: False):
        hint = "add a word that must be there"
        raise QueryError("this query matches mentions that hold none of its words", 0, hint, text)
    return Query(root, tuple(parser.warnings))


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
    return Words({written: parse_term(written.strip().strip('"'), 0, written) for written in entries})
