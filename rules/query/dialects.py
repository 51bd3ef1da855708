"""Queries as other tools write them, in this program's words, and what could not be carried over."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from rules.query.reading import FURTHEST, read
from rules.query.showing import show
from rules.query.tree import AtLeast, Group, Near, Node, Not, Raw, Within, children
from rules.query.wording import SHORTEST_FUZZY

DIALECTS = ("brandwatch", "meltwater", "talkwalker", "x")


class Lost(NamedTuple):
    """A part of a query that means nothing here, where it stands, and why."""

    written: str
    at: int
    why: str


@dataclass(frozen=True)
class Translated:
    """`query` is what can be said here, "" when nothing can; what was `changed` is told as from -> to."""

    query: str
    lost: tuple[Lost, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()


Rewrite = Callable[[str], str]
"""What a field's value becomes. Raises ValueError, whose words say why it is lost."""


def _lost(why: str) -> Rewrite:
    def lose(_value: str) -> str:
        raise ValueError(why)

    return lose


def _to(name: str, values: Mapping[str, str] | None = None) -> Rewrite:
    def rewrite(value: str) -> str:
        if values is None:
            return f"{name}:{value}"
        known = values.get(value.strip('"').lower())
        if known is None:
            raise ValueError(f"{name}: knows no '{value}'")
        return f"{name}:{known}"

    return rewrite


def _sign(sign: str) -> Rewrite:
    return lambda value: sign + value.strip('"').lstrip(sign)


def _span(name: str) -> Rewrite:
    """[500 TO 1000], 500..1000, 500, and ranges that are open at one end."""

    def rewrite(value: str) -> str:
        found = re.fullmatch(r"\[?\s*(\d+|\*)\s*(?:TO|\.\.)\s*(\d+|\*)\s*\]?", value, re.IGNORECASE)
        if not found:
            if not re.fullmatch(r"[<>]?=?\d+", value):
                raise ValueError(f"'{value}' is no number")
            return f"{name}:{value}" if value[0] in "<>" or name == "hour" else f"{name}:>={value}"
        low, high = found.groups()
        if high == "*":
            return f"{name}:>={low}"
        return f"{name}:<={high}" if low == "*" else f"{name}:{low}..{high}"

    return rewrite


_NO_PLACE = _lost("no source says where an author is")
_NO_AUTHOR = _lost("no source says this of an author")
_TONES = {name: name for name in ("negative", "neutral", "positive")}
_DAYS = {day: day[:3] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")} | {
    day: day for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}
_KINDS = {
    "retweet": "repost", "repost": "repost", "share": "repost", "reply": "reply", "quote": "quote",
    "comment": "comment", "question": "question", "review": "review",
}  # fmt: skip
_LANGUAGES = {
    "french": "fr", "english": "en", "german": "de", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "arabic": "ar", "japanese": "ja", "chinese": "zh",
}  # fmt: skip


def _language(value: str) -> str:
    bare = value.strip('"').lower()
    return f"lang:{_LANGUAGES.get(bare, bare)}"


_PLACES = dict.fromkeys(
    ("city", "state", "region", "county", "continent", "place", "point_radius", "bounding_box", "location"), _NO_PLACE
)
_COMMON: Mapping[str, Rewrite] = {
    **_PLACES,
    "title": _to("title"),
    "author": _to("author"),
    "site": _to("site"),
    "url": _to("url"),
    "lang": _language,
    "language": _language,
    "country": _to("country"),
    "sentiment": _to("sentiment", _TONES),
    "bio": _NO_AUTHOR,
}
_FIELDS: Mapping[str, Mapping[str, Rewrite]] = MappingProxyType(
    {
        "brandwatch": {
            **_COMMON,
            "raw": _to("raw"),
            "links": _to("link"),
            "hashtags": _sign("#"),
            "at_mentions": _sign("@"),
            "engagementtype": _to("is", _KINDS),
            "pagetype": _lost("kinds of pages are told by the source: write source:"),
            "authorfollowers": _span("followers"),
            "followers": _span("followers"),
            "reach": _span("reach"),
            "engagement": _span("engagement"),
            "hourofday": _span("hour"),
            "dayofweek": _to("dow", _DAYS),
            "threadid": _to("thread"),
            "authorverified": _NO_AUTHOR,
            "authorgender": _NO_AUTHOR,
            "authorgroup": _lost("write author:@list(name), and the authors under `lists:`"),
            "impact": _lost("impact is a figure of Brandwatch alone"),
        },
        "meltwater": {**_COMMON, "from": _to("author"), "ingress": _to("text")},
        "talkwalker": {
            **_COMMON,
            "content": _to("text"),
            "hashtag": _sign("#"),
            "mention": _sign("@"),
            "authorshort": _to("author"),
            "author_id": _to("author"),
            "domainurl": _to("site"),
            "domain": _to("site"),
            "sourcecountry": _to("country"),
            "authorcountry": _NO_PLACE,
            "is": _to("is", _KINDS),
            "followers": _span("followers"),
            "reach": _span("reach"),
            "engagement": _span("engagement"),
            "published": _lost("write after: and before:, with dates"),
            "device": _NO_AUTHOR,
            "contains": _lost("no source says what a picture shows"),
        },
        "x": {
            **_COMMON,
            "from": _to("author"),
            "to": _to("to"),
            "url": _to("link"),
            "url_contains": _to("link"),
            "url_title": _lost("the title of what a link leads to is not read"),
            "is": _to("is", _KINDS),
            "has": _to("has", {"links": "link", "hashtags": "hashtag", "mentions": "handle", "cashtags": "cashtag"}),
            "conversation_id": _to("thread"),
            "in_reply_to_tweet_id": _to("thread"),
            "followers_count": _span("followers"),
            "place_country": _NO_PLACE,
            "sample": _lost("nothing is sampled here"),
            "context": _lost("topics that X finds are not known here"),
            "entity": _lost("entities that X finds are not known here"),
        },
    }
)
_NEAR = {"brandwatch": 5, "meltwater": 4, "talkwalker": 15, "x": 4}
_PIECE = re.compile(
    r"""(?P<comment><<<.*?>>>)
      | (?P<minus>(?<!\S)[-–−]|(?<=\()[-–−])(?=\S)
      | (?P<field>[A-Za-z_]+):(?=\S)
      | (?P<near>\bO?(?:NEAR|SENTENCE)(?:/\d+f?)?(?![\w/]))
      | (?P<quoted>\+{0,2}"[^"]*"(?:~\d+)?)
      | (?P<case>\{[^{}]*\})
      | (?P<word>[^\s()"{}]+)
      | (?P<other>\s+|[()])
      | (?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(r'"[^"]*"|\[[^\]]*\]|[^\s()]+')
_OF_GROUP = re.compile(r'"[^"]*"|[^\s()]+')
_SIGNS = frozenset({"and", "or", "not"})
_PARTS = frozenset({"title", "content", "ingress", "text"})
_ALIKE = re.compile(r"(\w+)~(\d)")
_FIRST_PRIVATE = 0xE000
"""The letter that stands for the first lost part while a query is read."""


def translate(query: str, dialect: str) -> Translated:
    """A query of `dialect`, one of DIALECTS. What is lost leaves its place: of what must be there and of what must not
    be there it is left out, of alternatives the others stay. Raises QueryError when what is left cannot be understood.
    """
    pieces = _Pieces(query, dialect)
    rewritten = "".join(pieces.rewritten())
    root = _pruned(read(rewritten).root)
    shown = show(root) if root else ""
    whole = isinstance(root, Group | Near)
    return Translated(shown[1:-1] if whole else shown, tuple(pieces.lost), tuple(pieces.changed))


@dataclass
class _Pieces:
    query: str
    dialect: str
    lost: list[Lost] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)

    def rewritten(self) -> Iterator[str]:
        at = 0
        while at < len(self.query):
            found = _PIECE.match(self.query, at)
            assert found  # a stray character is a piece
            at = found.end()
            if found.lastgroup == "field":
                value = self._value(at)
                at += len(value)
                yield self._of_field(found["field"], value, found.start())
            else:
                yield self._of_piece(found.lastgroup or "", found[0], found.start())

    def _value(self, at: int) -> str:
        """A value, or a group of them to where its parenthesis closes."""
        if self.query[at] != "(":
            found = _VALUE.match(self.query, at)
            return found[0] if found else ""
        depth = 0
        for end in range(at, len(self.query)):
            depth += (self.query[end] == "(") - (self.query[end] == ")")
            if not depth:
                return self.query[at : end + 1]
        return self.query[at:]

    def _of_field(self, name: str, value: str, at: int) -> str:
        written = f"{name}:{value}"
        rewrite = _FIELDS[self.dialect].get(name.lower())
        if rewrite is None:
            return self._lose(written, at, f"{name}: is not known here")
        try:
            said = _group(name, value, rewrite) if value[:1] == "(" else rewrite(value)
        except ValueError as why:
            return self._lose(written, at, str(why))
        return self._say(written, said)

    def _of_piece(self, kind: str, written: str, at: int) -> str:
        if kind == "comment":
            return " "
        if kind == "case":
            return self._say(written, f'++"{written[1:-1]}"')
        if kind == "near":
            return self._near(written, at)
        if (
            kind == "word"
            and (alike := _ALIKE.fullmatch(written))
            and len(alike[1]) < SHORTEST_FUZZY.get(int(alike[2]), 99)
        ):
            self.lost.append(Lost(written, at, "a word so short would be like very many others"))
            return alike[1]
        if kind == "word" and self.dialect != "x" and written.lower() in ("and", "or", "not"):
            return self._say(written, written.upper())
        return written

    def _near(self, written: str, at: int) -> str:
        number = re.search(r"\d+", written)
        if number and int(number[0]) > FURTHEST:
            self.lost.append(Lost(written, at, f"at most {FURTHEST} words"))
            return written.replace(number[0], str(FURTHEST))
        if number or "SENTENCE" in written:
            return written
        return self._say(written, f"{written}/{_NEAR[self.dialect]}")

    def _say(self, written: str, said: str) -> str:
        if said != written and (written, said) not in self.changed:
            self.changed.append((written, said))
        return said

    def _lose(self, written: str, at: int, why: str) -> str:
        self.lost.append(Lost(written, at, why))
        return f'raw:"{chr(_FIRST_PRIVATE + min(len(self.lost) - 1, 6_000))}"'


def _group(name: str, values: str, rewrite: Rewrite) -> str:
    """Each value of a group, with the field; the title and the text take the group as it is."""
    signs = _OF_GROUP.sub(lambda each: each[0].upper() if each[0].lower() in _SIGNS else each[0], values)
    if name.lower() in _PARTS:
        return rewrite(signs)
    return _OF_GROUP.sub(lambda each: each[0] if each[0].lower() in _SIGNS else rewrite(each[0]), signs)


def _pruned(node: Node) -> Node | None:
    """Without what was lost; None when nothing is left."""
    match node:
        case Raw() if len(node.letters) == 1 and _FIRST_PRIVATE <= ord(node.letters) <= 0xF8FF:
            return None
        case Not() if _is_lost(node.child):
            return None  # more would be left out than was asked for
        case Not() | AtLeast() | Within():
            child = _pruned(node.child)
            return child and _with_child(node, child)
        case Near():
            first, second = _pruned(node.first), _pruned(node.second)
            return Near(first, second, node.distance, node.ordered) if first and second else first or second
        case Group():
            kept = tuple(child for each in node.children if (child := _pruned(each)))
            return Group(node.operator, kept) if len(kept) > 1 else next(iter(kept), None)
    return node


def _is_lost(node: Node) -> bool:
    """Whether something that must be there was lost."""
    if isinstance(node, Group) and node.operator == "OR":
        return all(map(_is_lost, node.children))
    return _pruned(node) is None or any(map(_is_lost, children(node)))


def _with_child(node: Not | AtLeast | Within, child: Node) -> Node:
    if isinstance(node, Not):
        return Not(child)
    return AtLeast(node.times, child) if isinstance(node, AtLeast) else Within(node.part, child)
