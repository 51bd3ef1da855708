"""What is probably not meant in a query, and what a query costs."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rules.language import little_words
from rules.query.contrary import contrary
from rules.query.reading import Read
from rules.query.showing import show
from rules.query.slips import meant, slips
from rules.query.tree import Filter, Form, Group, Near, Node, Not, Raw, Term, Within, children, leaves
from rules.text import fold
from rules.tone import supported_languages

_SHOWN = 200  # characters
_SHORT, _LITTLE = 2, 3
_TELLING = frozenset(".+#$%&/=^€£")
"""Signs that names are told apart by."""
_QUOTES = '"“”„«» '
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
    for little, phrase in _scattered(read.root):
        yield f"'{little}' stands in very many texts: write \"{phrase}\" for words that follow each other"
    for one, other in contrary(read.root):
        yield f"{one.written} and {other.written} are never true together: write OR between them, or leave one out"
    if broad := _broad(read.root):
        yield f"this finds very much: {broad} is all that must be there. Add a word that must stand with it"


def _of_term(term: Term) -> Iterator[str]:
    form = term.forms[0]
    tells = not _TELLING.isdisjoint(term.written) and fold(term.written.strip(_QUOTES)) != form.key
    if len(term.forms) == 1 and len(form.key) <= _LITTLE and form.same == "folded" and not form.prefix and tells:
        yield f"the signs of '{term.written}' are not compared: it finds every '{form.key}' (raw:… compares them)"


def _scattered(node: Node) -> Iterator[tuple[str, str]]:
    """Small words that must stand anywhere, with the phrase that was probably meant."""
    if isinstance(node, Group) and node.operator == "AND":
        for one, other in pairwise(node.children):
            words = [each for each in (one, other) if isinstance(each, Term) and _is_bare(each)]
            little = next((word.written for word in words if _is_little(word)), None)
            if little and len(words) == 2:
                yield little, " ".join(word.written for word in words)
                break
    for child in children(node):
        yield from _scattered(child)


def _is_bare(term: Term) -> bool:
    """Not one with signs or quotation marks, which are meant."""
    return len(term.forms) == 1 and fold(term.written) == term.forms[0].key


def _is_little(term: Term) -> bool:
    key = term.forms[0].key
    return len(key) <= _LITTLE and key.isalpha() and _is_common(term.forms[0]) and not meant(term.written)


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
        case Term() if _is_everywhere(node):
            return node.written
    return show(node) if isinstance(node, Not) else ""


def _is_everywhere(term: Term) -> bool:
    if len(term.forms) == 1:
        return _is_common(term.forms[0])
    return all(map(_is_frequent, term.forms)) and any(len(form.key) > 1 for form in term.forms)


def _is_common(form: Form) -> bool:
    short = len(form.key) <= _SHORT and form.key.isascii() and (form.key.isalpha() or form.key.isdecimal())
    return (short and form.same == "folded") or _is_frequent(form)


def _is_frequent(form: Form) -> bool:
    return form.same == "folded" and any(form.key in little_words(tag) for tag in supported_languages())


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
