"""The little that must be known of frames to tell whether they concern anybody: nearly none does."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from listener.bluesky.post import POSTS, REPOSTS, completed
from listener.bluesky.wire import Frame, Version
from rules.instant import Instant, instant, moment

_Number = Annotated[int, Meta(gt=0)]
_Moment = Annotated[datetime, Meta(tz=True)]
_Head = TypeVar("_Head")
_CUT = ("...", "…")


class Glance(Struct, gc=False):
    """What frames show, by their numbers. `posts` are new posts, and `said` all that the text and title of each will be
    made of, every part on lines of its own. `reposts` pass on what has that address. `others` must be read with care:
    other events, and unusual ones; among them are `events` about people, and all that is not even a commit. `dids` tell
    who wrote it. `at` and `position` are those of the latest post or repost, 0 where there is none.
    """

    posts: list[int]
    said: list[str]
    reposts: dict[int, str]
    others: list[int]
    events: list[int]
    dids: list[str]
    at: Instant = 0
    position: int = 0


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
    record: _Record | None = None


class _First(Struct, gc=False):
    did: str
    time_us: int
    kind: str
    cursor: _Number | None = None
    commit: _Commit | None = None


class _Payload(_Commit, gc=False):
    seq: _Number | None = None
    did: str = ""
    time: _Moment | None = None
    witnessed: _Moment | None = field(name="witnessedAt", default=None)


class _Second(Struct, gc=False):
    payload: _Payload | None = None


_FIRST, _SECOND = msgspec.json.Decoder(_First).decode, msgspec.json.Decoder(_Second).decode
_ANY = msgspec.json.Decoder().decode


def glance(frames: Sequence[Frame], version: Version, latest: Instant) -> Glance:
    """Look at frames of a server of this version. What comes from after `latest` is unusual."""
    return _first(frames, latest) if version == 1 else _second(frames, latest)


def _first(frames: Sequence[Frame], latest: Instant) -> Glance:
    heads = _decoded(_FIRST, frames)
    dids = [each.did if each else "" for each in heads]
    usual = [each.commit if each and each.kind == "commit" and 0 < each.time_us <= latest else None for each in heads]
    seen = _told(usual, dids)
    seen.events = [number for number in seen.others if not ((each := heads[number]) and each.kind == "commit")]
    plain = [each for number in (*seen.posts, *seen.reposts) if (each := heads[number])]
    seen.at = max([each.time_us for each in plain], default=0)
    seen.position = max([each.time_us if each.cursor is None else each.cursor for each in plain], default=0)
    return seen


def _second(frames: Sequence[Frame], latest: Instant) -> Glance:
    heads, last = [each.payload if each else None for each in _decoded(_SECOND, frames)], moment(latest)
    dids = [each.did if each else "" for each in heads]
    moments = [(each.witnessed or each.time) if each else None for each in heads]
    usual = [each if each and each.seq and at and at <= last else None for each, at in zip(heads, moments, strict=True)]
    seen = _told(usual, dids)
    seen.events = [number for number in seen.others if not ((each := heads[number]) and each.operation)]
    plain = (*seen.posts, *seen.reposts)
    seen.at = max([instant(at) for number in plain if (at := moments[number])], default=0)
    seen.position = max([each.seq for number in plain if (each := heads[number]) and each.seq], default=0)
    return seen


def _decoded(decode: Callable[[Frame], _Head], frames: Sequence[Frame]) -> list[_Head | None]:
    """What can be decoded; one that cannot ends what is added at once, and all after it is added then."""
    decoded, coming = list[_Head | None](), map(decode, frames)
    while len(decoded) < len(frames):
        try:
            decoded.extend(coming)
        except (ValueError, RecursionError):
            decoded.append(None)
    return decoded


def _told(usual: Sequence[_Commit | None], dids: list[str]) -> Glance:
    seen = Glance([], [], {}, [], [], dids)
    for number, commit in enumerate(usual):  # nothing is called for most of them: this is done for all that is said
        text = None
        if (
            commit is not None
            and (record := commit.record) is not None
            and commit.operation == "create"
            and commit.rkey
            and commit.rev
            and dids[number][:4] == "did:"
        ):
            if commit.collection == POSTS:
                text = record.text if record.embed is None and record.facets is UNSET else _said(record)
            elif commit.collection == REPOSTS and record.subject and record.subject.uri:
                seen.reposts[number] = record.subject.uri
                continue
        if text is None:
            seen.others.append(number)
        else:
            seen.posts.append(number)
            seen.said.append(text)
    return seen


def _said(record: _Record) -> str | None:
    text = record.text
    if text is not None and record.facets is not UNSET and any(sign in text for sign in _CUT):
        try:
            text = completed(text, _ANY(record.facets))
        except (ValueError, RecursionError):
            return None
    return "\n".join([text, *_shown(record.embed)]) if record.embed and text is not None else text


def _shown(embed: _Shown) -> Iterator[str]:
    """The descriptions of pictures and the title of a card, wherever they stand."""
    yield embed.alt
    if embed.external:
        yield embed.external.title
    for each in embed.images or ():
        yield each.alt
    if embed.media:
        yield from _shown(embed.media)
