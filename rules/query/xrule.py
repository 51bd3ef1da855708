"""A query as a rule of X's filtered stream. What X sends is then judged here by the whole query."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rules.query.tree import AtLeast, Filter, Group, Leaf, Node, Not, Raw, Term, Within, children

LONGEST_X_RULE = 1_024
"""Characters of a rule of X's filtered stream."""
_IS = {"repost": "retweet", "reply": "reply", "quote": "quote"}
_HAS = {"link": "links", "hashtag": "hashtags", "handle": "mentions", "cashtag": "cashtags"}
_FORMER = {"he": "iw", "id": "in", "fil": "tl"}
_LANGUAGES = (
    "am ar hy eu bn bs bg my hr ca cs da nl en et fi fr ka de el gu ht iw hi hu is in it ja kn km ko lo lv lt ml dv mr "
    "ne no or pa ps fa pl pt ro ru sr zh sd si sk sl ckb es sv tl ta te th bo tr uk ur ug vi cy"
)
_ONE_WORD = re.compile(r"[#@$]?\w+")
_HANDLE = re.compile(r"[a-z0-9_]{1,15}")
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_ORDER = ("alone", "beside", "out")


Stands = Literal["alone", "beside", "out"]


class Rule(NamedTuple):
    """A rule of X. `exact`: it finds nothing that the query does not find; else the rest is judged here. `stands`: X
    takes it alone, or only beside what stands alone, or beside that as what is left out.
    """

    value: str
    exact: bool
    stands: Stands = "alone"


def x_rule(root: Node) -> Rule | None:
    """A rule of X that finds all that the query finds there as it is written (X tells accents apart, reads hashtags
    whole, and knows authors by their handles); None when X cannot look for any of it alone, or the rule is longer than
    X takes.
    """
    rule = _x(root)
    if rule is None or rule.stands != "alone" or len(_bare(rule.value)) > LONGEST_X_RULE:
        return None
    return rule._replace(value=_bare(rule.value))


def _x(node: Node) -> Rule | None:
    match node:
        case Term() | Filter() | Raw():
            return _any(_leaf(node))
        case Not():
            return _without(node.child)
        case Group(operator="OR"):
            return _any([_x(child) for child in node.children])
        case AtLeast() | Within():
            child = _x(node.child)
            return child and child._replace(exact=False)
    found = [part for part in map(_x, children(node)) if part]
    whole = isinstance(node, Group) and len(found) == len(children(node))
    return _all(found, exact=whole) if found else None


def _any(parts: Sequence[Rule | None]) -> Rule | None:
    known = [part for part in parts if part and part.stands != "out"]
    if not known or len(known) < len(parts):
        return None
    if len(known) == 1:
        return known[0]
    stands: Stands = "alone" if all(part.stands == "alone" for part in known) else "beside"
    return Rule(f"({' OR '.join(part.value for part in known)})", all(part.exact for part in known), stands)


def _all(parts: Sequence[Rule], *, exact: bool) -> Rule:
    stands = min((part.stands for part in parts), key=_ORDER.index)
    return Rule(f"({' '.join(part.value for part in parts)})", exact and all(part.exact for part in parts), stands)


def _without(node: Node) -> Rule | None:
    """X takes a minus before one thing alone: of alternatives each is left out. What is left out must be just what the
    query leaves out, or too much is.
    """
    if isinstance(node, Not):
        return _x(node.child)
    parts = _leaf(node) if isinstance(node, Leaf) else [_without(child) for child in children(node)]
    known = [part for part in parts if part and part.exact]
    if not known or len(known) < len(parts) or not (isinstance(node, Leaf) or _is_or(node)):
        return None
    if _is_or(node):
        return _all(known, exact=True)
    left_out = [Rule(f"-{part.value}", exact=True, stands="out") for part in known]
    return left_out[0] if len(left_out) == 1 else _all(left_out, exact=True)


def _is_or(node: Node) -> bool:
    return isinstance(node, Group) and node.operator == "OR"


def _leaf(leaf: Leaf) -> Sequence[Rule | None]:
    """Any of them is the leaf."""
    if isinstance(leaf, Filter):
        return [_filter(leaf.name, value) if isinstance(value, str) else None for value in leaf.values]
    if isinstance(leaf, Raw) or any(form.prefix or form.edits or form.plural or "?" in form.key for form in leaf.forms):
        return [None]
    return [_term(leaf)]


def _term(term: Term) -> Rule:
    said = term.written.removeprefix("plural:").lstrip("+").partition("~")[0]
    said = said.strip('"“”„«» ')
    exact = all(form.same == "folded" for form in term.forms) and said.isascii()
    if term.slack is not None:
        return Rule(f"({' '.join(said.split())})", exact=False)
    bare = len(term.forms) == 1 and _ONE_WORD.fullmatch(said) and said not in _OPERATORS
    return Rule(said if bare else f'"{said}"', exact)


def _filter(name: str, value: str) -> Rule | None:
    if name == "author" and _HANDLE.fullmatch(value):
        return Rule(f"from:{value}", exact=True)
    said = _FORMER.get(value, value)
    if name == "lang" and said in _LANGUAGES.split():
        return Rule(f"lang:{said}", exact=True, stands="beside")
    known = {"is": _IS, "has": _HAS}.get(name, {}).get(value)
    return Rule(f"{name}:{known}", exact=True, stands="beside") if known else None


def _bare(value: str) -> str:
    return value[1:-1] if value.startswith("(") and value.endswith(")") else value
