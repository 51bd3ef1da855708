"""Whether a mention has what a filter asks for; what is not known of it, it has not."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from urllib.parse import unquote

from rules.facts import Tone
from rules.mention import Mention
from rules.query.addresses import address
from rules.query.content import Content
from rules.query.tree import Filter, Range
from rules.query.words import keys
from rules.text import fold

Value = str | float
_COUNTED = ("replies", "reposts", "likes", "quotes", "points")
_SOLD_ABROAD = frozenset({"ac", "ai", "cc", "co", "fm", "gg", "io", "ly", "me", "sh", "tv", "to", "ws"})
"""Endings of hosts that are bought for what they sound like, not for where they are."""
_COUNTRIES = {"uk": "gb"}


def holds(node: Filter, content: Content, zone: tzinfo) -> bool:
    """Whether any value of a filter that does not ask for the tone holds; hours and days are those of `zone`."""
    has = list(known(node.name, content, zone))
    return any(_agree(node.name, wanted, value) for value in has for wanted in node.values)


def tone_holds(node: Filter, tone: Tone) -> bool:
    """The same of one that asks for the tone."""
    value: Value = tone.label if node.name == "sentiment" else tone.confidence
    return any(_agree(node.name, wanted, value) for wanted in node.values)


def known(name: str, content: Content, zone: tzinfo) -> Iterator[Value]:
    """What the mention has there: nothing where its source does not tell."""
    return _KNOWN[name](content, zone)


def _agree(name: str, wanted: str | Range, value: Value) -> bool:
    if isinstance(wanted, Range):
        return isinstance(value, int | float) and wanted.holds(value)
    if not isinstance(value, str):
        return False
    return _COMPARED.get(name, str.__eq__)(wanted, value)


def _begins(wanted: str, value: str) -> bool:
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def _is_within(wanted: str, value: str) -> bool:
    """Whether an address is at a host or one below it, and in a path."""
    host, slash, path = wanted.partition("/")
    own, _, own_path = value.partition("/")
    own = own if ":" in host else own.partition(":")[0]
    at_host = own == host or own.endswith(f".{host}")
    return at_host and (not slash or f"{own_path}/".startswith(f"{path}/"))


def _is_inside(wanted: str, value: str) -> bool:
    return unquote(wanted) in value


_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "author": _begins,
    "to": _begins,
    "source": _begins,
    "site": _is_within,
    "link": _is_within,
    "url": _is_inside,
}


def names(handle: str) -> Iterator[str]:
    """A handle with and without its server."""
    return (key.removeprefix("@") for key in keys("handle", fold(handle).removeprefix("@")))


def _author(content: Content, _zone: tzinfo) -> Iterator[Value]:
    author = content.mention.author
    yield from map(fold, filter(None, (author.id, author.name)))
    if author.handle:
        yield from names(author.handle)


def _to(content: Content, _zone: tzinfo) -> Iterator[Value]:
    field = content.fields.get("text")
    for token in field.tokens if field else ():
        if token.kind != "handle":
            return
        yield from names(token.text)


def _site(content: Content, _zone: tzinfo) -> Iterator[Value]:
    return filter(None, (address(content.mention.url or ""),))


def _url(content: Content, _zone: tzinfo) -> Iterator[Value]:
    if content.mention.url:
        yield fold(unquote(content.mention.url))


def _link(content: Content, _zone: tzinfo) -> Iterator[Value]:
    return filter(None, (address(link) for field in content.fields.values() for link in field.links()))


def _lang(content: Content, _zone: tzinfo) -> Iterator[Value]:
    return filter(None, (content.language,))


def _country(content: Content, _zone: tzinfo) -> Iterator[Value]:
    _, *subtags = re.split(r"[-_]", (content.mention.language or "").lower())
    region = next((each for each in subtags if re.fullmatch("[a-z]{2}", each)), None)
    if region is None:
        ending = address(content.mention.url or "").partition("/")[0].partition(":")[0].rpartition(".")[2]
        region = ending if re.fullmatch("[a-z]{2}", ending) and ending not in _SOLD_ABROAD else None
    if region:
        yield _COUNTRIES.get(region, region)


def _is(content: Content, _zone: tzinfo) -> Iterator[Value]:
    yield content.mention.kind
    if _asks(content):
        yield "question"


def _has(content: Content, _zone: tzinfo) -> Iterator[Value]:
    for field in content.fields.values():
        yield from {token.kind for token in field.tokens}
        if field.tags:
            yield "hashtag"
    if _asks(content):
        yield "question"


def _asks(content: Content) -> bool:
    """Whether there is a question mark outside links."""
    return any(field.asks() for field in content.fields.values())


def _source(content: Content, _zone: tzinfo) -> Iterator[Value]:
    return map(fold, (content.mention.source, content.mention.platform))


def _followers(content: Content, _zone: tzinfo) -> Iterator[Value]:
    if content.mention.author.followers is not None:
        yield content.mention.author.followers


def _engagement(content: Content, _zone: tzinfo) -> Iterator[Value]:
    counted = [content.mention.counts[name] for name in _COUNTED if name in content.mention.counts]
    if counted:
        yield sum(counted)


def _thread(content: Content, _zone: tzinfo) -> Iterator[Value]:
    mention = content.mention
    return filter(None, (mention.id, mention.parent_id, mention.repost_of))


def moment(mention: Mention) -> datetime:
    """When it was written, as far as is known: not after it was seen."""
    return min(mention.created_at or mention.observed_at, mention.observed_at)


def _moment(content: Content, _zone: tzinfo) -> Iterator[Value]:
    yield moment(content.mention).timestamp()


def _hour(content: Content, zone: tzinfo) -> Iterator[Value]:
    yield moment(content.mention).astimezone(zone).hour


def _dow(content: Content, zone: tzinfo) -> Iterator[Value]:
    yield moment(content.mention).astimezone(zone).isoweekday()


_KNOWN: Mapping[str, Callable[[Content, tzinfo], Iterator[Value]]] = MappingProxyType(
    {
        "author": _author,
        "to": _to,
        "site": _site,
        "url": _url,
        "link": _link,
        "lang": _lang,
        "country": _country,
        "is": _is,
        "has": _has,
        "source": _source,
        "followers": _followers,
        "reach": _followers,
        "engagement": _engagement,
        "thread": _thread,
        "after": _moment,
        "before": _moment,
        "hour": _hour,
        "dow": _dow,
    }
)
