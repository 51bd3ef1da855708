"""What of a query a platform can look for itself. What it sends is then judged here by the whole query."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rules.query.tree import Filter, Group, Leaf, Node, Not, Term, children


class Asked(NamedTuple):
    """What a platform is asked for. `whole`: no mention that the query is true of is without one of them."""

    values: tuple[str, ...]
    whole: bool


def hashtags(root: Node) -> Asked:
    """Hashtags, folded, without their sign: those of which one is there, else all that the query names."""
    return _asked(root, _hashtag)


def languages(root: Node) -> Asked:
    """Codes of languages that the query is content with."""
    return _asked(root, lambda leaf: _values(leaf, "lang"))


def authors(root: Node) -> Asked:
    """Authors, as the query writes them, that alone will do."""
    return _asked(root, lambda leaf: _values(leaf, "author"))


def words(root: Node) -> Asked:
    """Words and phrases of which one is there, folded."""
    return _asked(root, _plain)


def _asked(root: Node, of_leaf: Callable[[Leaf], tuple[str, ...]]) -> Asked:
    needed = _needed(root, of_leaf)
    if needed:
        return Asked(needed, whole=True)
    found = (value for leaf in _positive(root) for value in of_leaf(leaf))
    return Asked(tuple(dict.fromkeys(found)), whole=False)


def _needed(node: Node, of_leaf: Callable[[Leaf], tuple[str, ...]]) -> tuple[str, ...]:
    if isinstance(node, Leaf):
        return of_leaf(node)
    if isinstance(node, Not):
        return ()
    parts = [_needed(child, of_leaf) for child in children(node)]
    if isinstance(node, Group) and node.operator == "OR":
        return tuple(dict.fromkeys(each for part in parts for each in part)) if all(parts) else ()
    return min(filter(None, parts), key=len, default=())


def _positive(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif not isinstance(node, Not):
        for child in children(node):
            yield from _positive(child)


def _hashtag(leaf: Leaf) -> tuple[str, ...]:
    form = leaf.forms[0] if isinstance(leaf, Term) and len(leaf.forms) == 1 else None
    plain = form and form.key.startswith("#") and not (form.prefix or form.edits or "?" in form.key)
    return (form.key[1:],) if form and plain else ()


def _values(leaf: Leaf, name: str) -> tuple[str, ...]:
    if not isinstance(leaf, Filter) or leaf.name != name:
        return ()
    whole = [value for value in leaf.values if isinstance(value, str) and not value.endswith("*")]
    return tuple(whole) if len(whole) == len(leaf.values) else ()


def _plain(leaf: Leaf) -> tuple[str, ...]:
    if not isinstance(leaf, Term) or any(form.prefix or form.edits or "?" in form.key for form in leaf.forms):
        return ()
    return (" ".join(form.key.lstrip("#@$") for form in leaf.forms),)
