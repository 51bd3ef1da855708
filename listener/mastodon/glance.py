"""Which posts of a stream concern nobody, told by the little of them that holds their words: nearly all are such."""

import re
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from html import unescape

import msgspec
from msgspec import Struct

from listener.mastodon.status import Home, UnreadableError, id_of, mention_of
from listener.mastodon.streams import Told
from rules.kept import Kept
from rules.mention import Mention
from rules.query.index import Index
from rules.query.sieve import Sieve

_LONGEST, _LONGEST_NAMES = 50_000, 500
_WHENEVER = datetime(1970, 1, 1, tzinfo=UTC)
_UNUSUAL = r"<>\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
_SAYS = rf"""(?:\ (?:class|href|lang|rel|target|translate)="[^"'{_UNUSUAL}]*(?<!=)")*"""
_INLINE = rf"(?:[^&{_UNUSUAL}]++|&(?:amp|lt|gt|quot|\#39);|<br\ ?/?>|<(?:a|span){_SAYS}>|</(?:a|span)>)*+"
_PLAIN = re.compile(rf"{_INLINE}(?:<p{_SAYS}>{_INLINE}</p>{_INLINE})*+")
"""Markup as Mastodon's servers make it of what people write; what else there is must be read with care."""
_LINE, _TAG, _TWICE = re.compile(r"</?(?:br|p)\b[^>]*>"), re.compile("<[^>]*>"), re.compile("&[#0-9A-Za-z]+;")


class _Words(Struct, gc=False):
    """Whatever makes a post another one than it seems by its words makes it unreadable here."""

    id: str
    content: str
    spoiler_text: str | None = None
    reblog: None = None


class _Account(Struct, gc=False):
    id: str | int | None = None
    acct: str | None = None
    username: str | None = None
    uri: str | None = None
    url: str | None = None
    display_name: str | None = None


class _Marked(_Words, gc=False):
    """The same with what queries ask for beside words."""

    account: _Account | None = None
    url: str | None = None
    uri: str | None = None


_WORDS, _MARKED = msgspec.json.Decoder(_Words).decode, msgspec.json.Decoder(_Marked).decode
_WRITTEN, _READ = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


class Glance:
    """Looks at what a stream brings. Where it cannot tell, a post may concern somebody."""

    def __init__(self, home: Home, index: Callable[[], Index | None]) -> None:
        self._home, self._index = home, index
        self._sieve: Sieve | None = None
        self._asked = Kept(self._is_asked_for, longest=_LONGEST_NAMES)

    def strangers(self, told: Sequence[Told], known: Container[str]) -> dict[int, str]:
        """The new posts among some events that concern nobody: their ids, by their numbers. What is `known` was handed
        over before, and may have to be again.
        """
        sieve = self._made_of(self._index())
        if sieve is None or sieve.open:
            return {}
        marked = bool(sieve.authors or sieve.index.known("site"))
        found, texts = list[tuple[int, str]](), list[str]()
        for number, one in enumerate(told):
            said = _read(one.data, marked=marked) if one.name == "update" else None
            text = None if said is None or said.id in known else text_of(said.content)
            if said and text is not None and not (isinstance(said, _Marked) and self._asked[_marks(said)]):
                found.append((number, said.id))
                texts.append(f"{said.spoiler_text or ''}\n{text}")
        heard = sieve.places(texts)
        return {number: name for at, (number, name) in enumerate(found) if at not in heard}

    def _made_of(self, index: Index | None) -> Sieve | None:
        if index is None:
            return None
        if self._sieve is None or self._sieve.index is not index:
            self._sieve = Sieve(index, self._bare())
            self._asked.clear()
        return self._sieve

    def _is_asked_for(self, marks: str) -> bool:
        """Whether somebody asks for who wrote it, or for where it stands."""
        account, url, uri = _READ(marks)
        assert self._sieve
        return self._sieve.lets(self._bare(account=account, url=url, uri=uri))

    def _bare(self, **said: object) -> Mention:
        return mention_of({"id": "0", "content": "", **said}, self._home, _WHENEVER)


def _read(data: str, *, marked: bool) -> _Words | None:
    try:
        said = _MARKED(data) if marked else _WORDS(data)
        return said if id_of(said.id) and len(said.content) <= _LONGEST else None
    except (ValueError, RecursionError, UnreadableError):
        return None


def _marks(said: _Marked) -> str:
    """Who wrote it, and on which server it stands."""
    places = (url and "/".join(url.split("/", 3)[:3]) for url in (said.url, said.uri))
    return _WRITTEN((said.account, *places)).decode()


def text_of(content: str) -> str | None:
    """What `listener.feeds.html.text_of` makes of a post, but for blanks and lines; None where more must be known."""
    if not _PLAIN.fullmatch(content):
        return None
    text = _TAG.sub("", _LINE.sub("\n", content))
    if "&" not in content:
        return text
    # what was escaped twice is read through, and so is all of what has no tags
    text = unescape(text)
    return None if "<" not in content or _TWICE.search(text) else text
