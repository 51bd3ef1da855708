"""What a post says: from its record to text, title and what it answers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from listener.bluesky.time import moment_of
from listener.bluesky.wire import UnreadableError
from listener.feeds.entry import language_code
from rules.mention import Kind

POSTS = "app.bsky.feed.post"
REPOSTS = "app.bsky.feed.repost"
_MOST_FACETS = 100


class Said(NamedTuple):
    """A post's record, as people read it. `parent` is what it answers, `quoted` what it quotes."""

    kind: Kind
    text: str
    title: str | None
    language: str | None
    languages: tuple[str, ...]
    created_at: datetime | None
    parent: str | None
    quoted: str | None


class _Link(Struct):
    uri: str = ""


class _Reply(Struct):
    parent: _Link | None = None


class _Record(Struct):
    """What nearly every post has, read at once; a post that says more, or says it otherwise, is read part by part."""

    text: str
    created: str = field(name="createdAt", default="")
    langs: list[str] | None = None
    reply: _Reply | None = None
    embed: msgspec.Raw = msgspec.Raw()
    facets: msgspec.Raw = msgspec.Raw()


_RECORD = msgspec.json.Decoder(_Record)
_ANY = msgspec.json.Decoder()


def read_post(record: msgspec.Raw) -> Said:
    """What a post says. A part of another type than it should be is as if it were missing; without a text there is no
    post, and UnreadableError is raised.

    The text is the author's, with links that the app cut short completed from what they lead to, then the descriptions
    of its pictures, each on a line of its own. The title is that of the page it shows as a card.
    """
    try:
        quick = _RECORD.decode(record)
        embed, facets = (_ANY.decode(raw) if bytes(raw) else None for raw in (quick.embed, quick.facets))
    except msgspec.ValidationError:
        return _read_slowly(record)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("malformed") from error
    parent = quick.reply.parent.uri if quick.reply and quick.reply.parent else ""
    return _said(quick.text, quick.created, quick.langs or (), parent, embed, facets)


def read_repost(record: msgspec.Raw) -> tuple[str, datetime | None]:
    """Which post is passed on, and when. Raises UnreadableError."""
    said = _object(_decoded(record))
    uri = _text(_object(said.get("subject")).get("uri"))
    if not uri:
        raise UnreadableError("wrong shape")
    return uri, moment_of(said.get("createdAt"))


def _read_slowly(record: msgspec.Raw) -> Said:
    said = _object(_decoded(record))
    if not isinstance(said.get("text"), str):
        raise UnreadableError("wrong shape")
    langs = said.get("langs")
    listed = langs if isinstance(langs, list) else [langs]
    parent = _text(_object(_object(said.get("reply")).get("parent")).get("uri"))
    created = _text(said.get("createdAt"))
    return _said(said["text"], created, [_text(each) for each in listed], parent, said.get("embed"), said.get("facets"))


def _decoded(record: msgspec.Raw) -> object:
    try:
        return _ANY.decode(record)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("malformed") from error


def _said(
    text: str, created: str, langs: list[str] | tuple[str, ...], parent: str, embed: object, facets: object
) -> Said:
    quoted, pictured, title = _embedded(_object(embed)) if embed else ("", [], "")
    whole = completed(text, facets) if facets else text
    languages = tuple(code for lang in langs if (code := language_code(lang)))
    return Said(
        kind="reply" if parent else "quote" if quoted else "post",
        text="\n".join([whole, *pictured]).strip("\n") if pictured else whole,
        title=title or None,
        language=languages[0] if languages else None,
        languages=languages,
        created_at=moment_of(created),
        parent=parent or None,
        quoted=quoted or None,
    )


def _embedded(embed: dict[str, Any]) -> tuple[str, list[str], str]:
    """The post that is quoted, the descriptions of pictures, and the title of the page that is shown as a card."""
    media, inner = _object(embed.get("media")), _object(embed.get("record"))
    quoted = _text(inner.get("uri")) or _text(_object(inner.get("record")).get("uri"))
    shown = media or embed
    images = shown.get("images")
    pictures = [*(images if isinstance(images, list) else []), shown]
    described = [alt for each in pictures if (alt := _text(_object(each).get("alt")).strip())]
    title = _text(_object(shown.get("external")).get("title")).strip()
    return (quoted if f"/{POSTS}/" in quoted else ""), described, title


def completed(text: str, facets: object) -> str:
    """The text of a post with links that were cut short (`example.org/a-long-ti...`) written out, as far as they were
    shown.
    """
    raw, done, parts = text.encode("utf-8", "surrogatepass"), 0, []
    for start, end, uri in sorted(_links(facets)):
        shown = raw[start:end].decode("utf-8", "replace") if done <= start < end <= len(raw) else ""
        if whole := _written_out(shown, uri):
            parts += [raw[done:start], whole.encode("utf-8", "surrogatepass")]
            done = end
    return b"".join([*parts, raw[done:]]).decode("utf-8", "replace") if parts else text


def _written_out(shown: str, uri: str) -> str | None:
    begun = shown.removesuffix("...").removesuffix("…")
    place = uri.find(begun) if begun and begun != shown else -1
    before = uri[:place].lower() if place >= 0 else "-"
    return uri[place:] if before in {"", "http://", "https://", "http://www.", "https://www."} else None


def _links(facets: object) -> Iterator[tuple[int, int, str]]:
    """First byte, the one after the last, and where it leads."""
    for facet in facets[:_MOST_FACETS] if isinstance(facets, list) else ():
        index, features = _object(_object(facet).get("index")), _object(facet).get("features")
        start, end = index.get("byteStart"), index.get("byteEnd")
        uris = [_text(_object(each).get("uri")) for each in features] if isinstance(features, list) else []
        if isinstance(start, int) and isinstance(end, int) and any(uris):
            yield start, end, next(filter(None, uris))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
