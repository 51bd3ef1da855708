"""What of a query a platform can look for itself. What it sends is then judged here by the whole query."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rules.query.tree import AtLeast, Filter, Group, Leaf, Node, Not, Raw, Term, Within, children

LONGEST_X_RULE = 1_024
"""Characters of a rule of X's filtered stream."""
_X_IS = {"repost": "retweet", "reply": "reply", "quote": "quote"}
_X_HAS = {"link": "links", "hashtag": "hashtags", "handle": "mentions", "cashtag": "cashtags"}


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


class Rule(NamedTuple):
    """A rule of X. `exact`: it finds nothing that the query does not find; else the rest is judged here."""

    value: str
    exact: bool


def x_rule(root: Node) -> Rule | None:
    """A rule of X that finds all that the query finds there as it is written (X tells accents apart); None when X
    cannot look for any of it, or the rule is longer than X takes.
    """
    rule = _x(root)
    if rule is None or len(_bare(rule.value)) > LONGEST_X_RULE:
        return None
    return Rule(_bare(rule.value), rule.exact)


def _x(node: Node) -> Rule | None:
    match node:
        case Term() | Filter() | Raw():
            return _x_leaf(node)
        case Not():
            # what is left out must be just that, or too much is left out
            child = _x(node.child)
            return _negated(node.child, child) if child and child.exact else None
        case Group(operator="OR"):
            parts = [_x(child) for child in node.children]
            known = [part for part in parts if part]
            exact = all(part.exact for part in known)
            return Rule(f"({' OR '.join(part.value for part in known)})", exact) if len(known) == len(parts) else None
        case AtLeast() | Within():
            child = _x(node.child)
            return child and Rule(child.value, exact=False)
    found = [part for part in map(_x, children(node)) if part]
    exact = isinstance(node, Group) and len(found) == len(children(node)) and all(part.exact for part in found)
    return Rule(f"({' '.join(part.value for part in found)})", exact) if found else None


def _negated(node: Node, rule: Rule) -> Rule | None:
    """X takes a minus before a word alone: of alternatives each is left out."""
    if isinstance(node, Group):
        if node.operator == "AND":
            return None
        parts = [_x(Not(child)) for child in node.children]
        known = [part.value for part in parts if part]
        return Rule(f"({' '.join(known)})", exact=True) if len(known) == len(parts) else None
    return Rule(f"-{rule.value}", exact=True)


def _x_leaf(leaf: Leaf) -> Rule | None:
    if isinstance(leaf, Raw):
        return None
    if isinstance(leaf, Filter):
        told = [_x_filter(leaf.name, value) for value in leaf.values if isinstance(value, str)]
        known = [each for each in told if each]
        if len(known) < len(leaf.values):
            return None
        return Rule(known[0] if len(known) == 1 else f"({' OR '.join(known)})", exact=True)
    plain = not any(form.prefix or form.edits or form.plural or "?" in form.key for form in leaf.forms)
    return _x_term(leaf) if plain else None


def _x_term(term: Term) -> Rule:
    said = term.written.removeprefix("plural:").lstrip("+").partition("~")[0]
    said = said.strip('"“”„«» ')
    exact = all(form.same == "folded" for form in term.forms) and said.isascii()
    if len(term.forms) == 1:
        return Rule(said if said.lstrip("#@$").isalnum() else f'"{said}"', exact)
    if term.slack is not None:
        return Rule(f"({' '.join(said.split())})", exact=False)
    return Rule(f'"{said}"', exact)


def _x_filter(name: str, value: str) -> str | None:
    match name:
        case "lang":
            return f"lang:{value}"
        case "author" if not value.endswith("*"):
            return f"from:{value}"
        case "is" if value in _X_IS:
            return f"is:{_X_IS[value]}"
        case "has" if value in _X_HAS:
            return f"has:{_X_HAS[value]}"
    return None


def _bare(value: str) -> str:
    return value[1:-1] if value.startswith("(") and value.endswith(")") else value
