"""What must be there for a query to hold: what one looks up of a mention before asking the query itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from functools import cache
from typing import Literal, NamedTuple

from rules.language import little_words
from rules.query.content import Content
from rules.query.filtering import known
from rules.query.forms import stem
from rules.query.tree import AtLeast, Filter, Form, Group, Leaf, Near, Node, Not, Raw, Term, Within, children
from rules.text import fold
from rules.tone import supported_languages

Kind = Literal["word", "start", "inside", "near1", "near2", "author", "site", "source", "thread"]


class Need(NamedTuple):
    """`key` stands in the folded title or text as a `word` of its own, at the `start` of one or anywhere `inside`; or a
    word stands there that differs from it in one letter or two (`near1`, `near2`); or it is who wrote the mention
    (`author`), the host of its address or a domain above it (`site`), its `source` or platform, or its `thread`.
    """

    kind: Kind
    key: str


Needs = frozenset[Need] | None
"""One of them at least is true of whatever the query is true of. None: that cannot be said, ask of every mention."""
Likely = Callable[[Need], float]
"""In what share of all mentions a need is probably met."""

_BY_LENGTH = (1.0, 0.3, 0.1, 0.02, 0.005, 0.002)
_LONGER, _FREQUENT, _OF_A_SIGN, _OF_A_NUMBER = 0.75, 0.2, 0.01, 0.1
EDITS = {"near1": 1, "near2": 2}
"""How many letters may differ, of needs that are nearly met by other words."""
_OF_KIND = {"word": 1, "start": 3, "inside": 20, "near1": 3, "near2": 5}
_ELSEWHERE: Mapping[Kind, float] = {"author": 0.0001, "site": 0.01, "source": 0.2, "thread": 0.00001}


def likely(need: Need) -> float:
    """An estimate by the length of a word and by the frequent words of the languages known."""
    if need.kind in _ELSEWHERE:
        return _ELSEWHERE[need.kind]
    key = need.key.lstrip("#@$")
    share = _FREQUENT if key in _frequent() else _by_length(key)
    return share * _OF_KIND[need.kind] * (1 if key == need.key else _OF_A_SIGN)


def _by_length(key: str) -> float:
    letters = len(key) if key.isascii() else 3 * len(key)  # of some scripts each letter is one of thousands
    last = len(_BY_LENGTH) - 1
    share = _BY_LENGTH[min(letters, last)] * _LONGER ** max(0, letters - last)
    return share if key.isalpha() or key.isdecimal() else share * _OF_A_NUMBER  # as products are called


@cache
def _frequent() -> frozenset[str]:
    return frozenset().union(*map(little_words, supported_languages()))


def needs(node: Node, likely: Likely = likely) -> Needs:
    """The least likely of what `node` says must be there."""
    if isinstance(node, Leaf):
        return _of_leaf(node, likely)
    if isinstance(node, Not):
        return None
    parts = (needs(child, likely) for child in children(node))
    any_will_do = isinstance(node, Group) and node.operator == "OR"
    return _any(parts) if any_will_do else _rarest(parts, likely)


def _of_leaf(leaf: Leaf, likely: Likely) -> Needs:
    if isinstance(leaf, Term):
        return _rarest(map(_of_form, leaf.forms), likely)
    return _of_raw(leaf) if isinstance(leaf, Raw) else _of_filter(leaf)


def _rarest(parts: Iterable[Needs], likely: Likely) -> Needs:
    return min((part for part in parts if part), key=lambda part: sum(map(likely, part)), default=None)


def _any(parts: Iterable[Needs]) -> Needs:
    found = set[Need]()
    for part in parts:
        if not part:
            return None
        found |= part
    words = {need.key for need in found if need.kind == "word"}
    return frozenset(need for need in found if need.key[0] not in "#@" or need.key[1:] not in words)


def _of_form(form: Form) -> Needs:
    if form.edits:
        return _one("near1" if form.edits == 1 else "near2", form.key.lstrip("#"))
    begins = stem(form)
    whole = begins == form.key and not (form.prefix or form.plural)
    return _one("word" if whole else "start", begins if form.same == "folded" else fold(begins))


def _of_raw(node: Raw) -> Needs:
    """Its ASCII letters and signs: what looks like them in other scripts may be read as if it were they."""
    runs = "".join(sign if sign.isascii() and not sign.isspace() else " " for sign in fold(node.letters)).split()
    return _one("inside", max(runs, key=len, default=""))


def _of_filter(node: Filter) -> Needs:
    return _any(_of_value(node.name, str(value)) for value in node.values)


def _of_value(name: str, value: str) -> Needs:
    host, begun = value.partition("/")[0].partition(":")[0], value.endswith("*")
    match name:
        case "to":
            return _one("start" if begun else "word", f"@{value.rstrip('*')}")
        case "author" | "source" | "thread" if not begun or name == "thread":
            return _one(name, value)
        case "site":
            return _one("site", host)
        case "link" if host.isascii() and "xn--" not in host:
            return _one("inside", host)
    return None


def _one(kind: Kind, key: str) -> Needs:
    return frozenset((Need(kind, key),)) if key else None


def met(content: Content, kinds: Iterable[Kind]) -> Iterator[Need]:
    """The needs of these kinds, none of them of words, that a mention meets."""
    for name in kinds:
        for value in known(name, content, UTC):
            if name == "site":
                yield from _domains(str(value).partition("/")[0].partition(":")[0])
            else:
                yield Need(name, str(value))


def _domains(host: str) -> Iterator[Need]:
    while host:
        yield Need("site", host)
        host = host.partition(".")[2]


def may_hold(node: Node, shows: Sequence[Callable[[Form], bool]]) -> bool:
    """Whether all the letters that `node` needs stand in one of some texts, if only inside words; without parting them
    into words. Each of `shows` tells of one text whether what a form cannot do without stands there.
    """
    match node:
        case Term():
            return any(all(map(shown, node.forms)) for shown in shows)
        case Group():
            return (all if node.operator == "AND" else any)(may_hold(child, shows) for child in node.children)
        case Near():
            return may_hold(node.first, shows) and may_hold(node.second, shows)
        case AtLeast() | Within():
            return may_hold(node.child, shows)
    return True
