"""The little that must be known of a frame to tell whether it concerns anybody: nearly none does."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from listener.bluesky.post import POSTS, REPOSTS, completed
from listener.bluesky.wire import Version
from rules.instant import Instant, instant

_Moment = Annotated[datetime, Meta(tz=True)]
_CUT = ("...", "…")


class Glance(Struct, gc=False):
    """A new post, or one that is passed on. `said` is all that its text and title will be made of, each part on lines
    of its own; `original` is the post that is passed on.
    """

    rkey: str
    did: str
    position: int
    at: Instant
    said: str
    original: str = ""


class _Link(Struct, gc=False):
    uri: str = ""


class _Card(Struct, gc=False):
    title: str = ""


class _Picture(Struct, gc=False):
    alt: str = ""


class _Shown(Struct, gc=False):
    alt: str = ""
    external: _Card | None = None
    images: list[_Picture] | None = None
    media: "_Shown | None" = None


class _Record(Struct, gc=False):
    text: str | None = None
    embed: _Shown | None = None
    facets: Raw | UnsetType = UNSET
    subject: _Link | None = None


class _Commit(Struct, gc=False):
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    rev: str = ""
    cid: str | None = None
    record: _Record | None = None


class _First(Struct, gc=False):
    did: str
    time_us: int
    kind: str
    cursor: int | None = None
    commit: _Commit | None = None


class _Payload(_Commit, gc=False):
    seq: int = 0
    did: str = ""
    time: _Moment | None = None
    witnessed: _Moment | None = field(name="witnessedAt", default=None)


class _Second(Struct, gc=False):
    payload: _Payload | None = None


_FIRST, _SECOND = msgspec.json.Decoder(_First).decode, msgspec.json.Decoder(_Second).decode
_ANY = msgspec.json.Decoder().decode


def glances(frames: Iterable[str | bytes], version: Version) -> list[Glance | None]:
    """What frames show at a glance; None for one that must be read with care: another event, or an unusual one."""
    return list(map(_first if version == 1 else _second, frames))


def _first(frame: str | bytes) -> Glance | None:
    try:
        seen = _FIRST(frame)
        position = seen.time_us if seen.cursor is None else seen.cursor
        return _glance(seen.did, position, seen.time_us, seen.commit) if seen.kind == "commit" and seen.commit else None
    except (ValueError, RecursionError):
        return None


def _second(frame: str | bytes) -> Glance | None:
    try:
        seen = _SECOND(frame).payload
        moment = seen.witnessed or seen.time if seen else None
        return _glance(seen.did, seen.seq, instant(moment), seen) if seen and moment else None
    except (ValueError, RecursionError):
        return None


def _glance(did: str, position: int, at: Instant, commit: _Commit) -> Glance | None:
    record = commit.record
    if record is None or commit.operation != "create" or position <= 0 or at <= 0:
        return None
    if not (commit.rkey and (commit.rev or commit.cid) and did.startswith("did:")):
        return None
    if commit.collection == POSTS and record.text is not None:
        plain = record.embed is None and record.facets is UNSET
        return Glance(commit.rkey, did, position, at, record.text if plain else _said(record, record.text))
    if commit.collection == REPOSTS and record.subject and record.subject.uri:
        return Glance(commit.rkey, did, position, at, "", record.subject.uri)
    return None


def _said(record: _Record, text: str) -> str:
    if record.facets is not UNSET and any(sign in text for sign in _CUT):
        text = completed(text, _ANY(record.facets))
    return "\n".join([text, *_shown(record.embed)]) if record.embed else text


def _shown(embed: _Shown) -> Iterator[str]:
    """The descriptions of pictures and the title of a card, wherever they stand."""
    yield embed.alt
    if embed.external:
        yield embed.external.title
    for each in embed.images or ():
        yield each.alt
    if embed.media:
        yield from _shown(embed.media)
