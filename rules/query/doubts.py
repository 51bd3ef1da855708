"""What is probably not meant in a query, and what a query costs."""

from collections.abc import Iterator, Sequence

from rules.language import little_words
from rules.query.contrary import contrary
from rules.query.reading import Read
from rules.query.showing import show
from rules.query.slips import slips
from rules.query.tree import Filter, Form, Group, Near, Node, Not, Raw, Term, Within, children, leaves
from rules.text import fold
from rules.tone import supported_languages

_SHOWN = 200  # characters
_SHORT = 2
_NARROW = frozenset({"author", "to", "site", "url", "link", "thread"})
_PREFIX, _FUZZY, _NEAR, _RAW, _FILTER, _UNSEEN = 5, 20, 3, 2, 1, 10


def warnings(query: str, read: Read) -> Iterator[str]:
    """Sentences about a query and what it was read as."""
    yield from slips(query)
    for at, node in read.mixed:
        shown = show(node)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        yield f"AND and OR are mixed without parentheses at {at + 1}: this is read as {shown}"
    for leaf in leaves(read.root):
        if isinstance(leaf, Term):
            yield from _of_term(leaf)
    for one, other in contrary(read.root):
        yield f"{one.written} and {other.written} are never true together: write OR between them, or leave one out"
    if broad := _broad(read.root):
        yield f"this finds very much: {broad} is all that must be there. Add a word that must stand with it"


def _of_term(term: Term) -> Iterator[str]:
    key = term.forms[0].key
    signs = fold(term.written.strip('"“”„«» ')) != key and term.forms[0].same == "folded" and not term.forms[0].prefix
    if len(term.forms) == 1 and len(key) <= _SHORT and signs:
        yield f"the signs of '{term.written}' are not compared: it finds every '{key}' (raw:… compares them)"


def _broad(node: Node) -> str:
    """What alone lets through very much, "" when nothing does."""
    parts = [_broad(child) for child in children(node)]
    match node:
        case Group(operator="OR") | Within():
            return next(filter(None, parts), "")
        case Group():
            return parts[0] if all(parts) else ""
        case Filter() if node.name not in _NARROW:
            return node.written
        case Term() if all(map(_is_common, node.forms)):
            return node.written
    return show(node) if isinstance(node, Not) else ""


def _is_common(form: Form) -> bool:
    short = len(form.key) <= _SHORT and form.key.isascii() and form.key.isalnum()
    return form.same == "folded" and (short or any(form.key in little_words(tag) for tag in supported_languages()))


def cost(root: Node) -> int:
    """How much work a mention may be, beside one that looks for a word alone, which is 1."""
    return _cost(root) * (1 if _is_seen(root) else _UNSEEN)


def _cost(node: Node) -> int:
    match node:
        case Term():
            return sum(map(_of_form, node.forms))
        case Raw():
            return _RAW
        case Filter():
            return _FILTER
        case Near():
            return _NEAR + _cost(node.first) + _cost(node.second)
    return sum(map(_cost, children(node)))


def _of_form(form: Form) -> int:
    return _FUZZY if form.edits else _PREFIX if form.prefix or "?" in form.key else 1


def _is_seen(node: Node) -> bool:
    """Whether words that must be there can be looked up first."""
    parts: Sequence[Node] = children(node)
    match node:
        case Filter() | Not():
            return False
        case Group(operator="OR"):
            return all(map(_is_seen, parts))
        case Group():
            return any(map(_is_seen, parts))
    return True
