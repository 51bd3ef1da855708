"""Mentions as JSON, the way `badbuzz listen` prints them and `file` and `push` take them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Any, get_args

import msgspec

from listener import json_words
from rules.mention import Author, Kind, Mention, Operation

_LONGEST_TEXT = 100_000
_LONGEST_ID = 2_000
BOM = b"\xef\xbb\xbf"
"""What some editors put in front of UTF-8."""
_WORDLESS = {"delete", "counts"}
EXAMPLE = '{"id": "1", "text": "..."}'
"""The shortest mention."""
_TEXT = ("source", "platform", "title", "text", "parent_id", "repost_of", "key", "revision")
_FORMS: json_words.Forms = {
    "id": ("text or a whole number", '"id": "1"'),
    **{name: ("text", f'"{name}": "..."') for name in _TEXT},
    "url": ("text", '"url": "https://example.org/1"'),
    "language": ("text", '"language": "fr"'),
    **{
        name: (f"one of {', '.join(get_args(words))}", f'"{name}": "{get_args(words)[0]}"')
        for name, words in (("kind", Kind), ("op", Operation))
    },
    "author": ("an object", '"author": {"handle": "bob", "followers": 1200}'),
    **{f"author.{name}": ("text", f'"author": {{"{name}": "..."}}') for name in ("id", "handle", "name")},
    "author.followers": ("a whole number", '"author": {"handle": "bob", "followers": 1200}'),
    "counts": ("an object of numbers", '"counts": {"likes": 3}'),
    **{
        name: ("a time with its zone", f'"{name}": "2026-01-31T10:05:00Z"')
        for name in ("created_at", "observed_at", "at")
    },
}


class LineError(ValueError):
    """A line or element that is no mention; the message says what is wrong with it, without repeating it."""


class _Line(msgspec.Struct, kw_only=True):
    """What may stand in a line: `id` and `text` suffice, and unknown fields pass."""

    id: str | int
    text: str | None = None
    source: str | None = None
    platform: str | None = None
    kind: Kind | None = None
    op: Operation | None = None
    url: str | None = None
    author: Author | None = None
    title: str | None = None
    language: str | None = None
    created_at: datetime | None = None
    observed_at: datetime | None = None
    parent_id: str | None = None
    repost_of: str | None = None
    counts: dict[str, int | float] | None = None
    key: str | None = None
    revision: str | None = None


def read_line(line: bytes, *, source: str, platform: str, now: datetime) -> Mention:
    """The mention in one line of JSON; missing source and platform are filled in. Raises LineError."""
    try:
        return _mention(msgspec.json.decode(line.removeprefix(BOM), type=_Line), source, platform, now)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineError(in_words(error)) from error


def show(mention: Mention) -> dict[str, Any]:
    """The fields that `badbuzz listen` prints, in their order; times are RFC 3339 with Z, None is unknown."""
    author = mention.author
    return {
        "id": mention.id,
        "source": mention.source,
        "platform": mention.platform,
        "kind": mention.kind,
        "op": mention.op,
        "url": mention.url,
        "author": {"id": author.id, "handle": author.handle, "name": author.name, "followers": author.followers},
        "title": mention.title,
        "text": mention.text,
        "language": mention.language,
        "created_at": _stamp(mention.created_at),
        "observed_at": _stamp(mention.observed_at),
        "parent_id": mention.parent_id,
        "repost_of": mention.repost_of,
        "counts": dict(mention.counts),
    }


def _mention(line: _Line, source: str, platform: str, now: datetime) -> Mention:
    name = str(line.id)
    if not name or len(name) > _LONGEST_ID:
        raise LineError(f"`id` is empty or longer than {_LONGEST_ID} characters")
    if line.text is None and line.title is None and line.op not in _WORDLESS:
        raise LineError("no `text`")
    given: Mapping[str, Any] = {
        "kind": line.kind,
        "op": line.op,
        "author": line.author,
        "counts": line.counts,
    }
    return Mention(
        id=name,
        source=line.source or source,
        platform=line.platform or platform,
        url=line.url,
        title=line.title,
        text=(line.text or "")[:_LONGEST_TEXT],
        language=line.language,
        created_at=_utc(line.created_at),
        observed_at=_utc(line.observed_at) or now,
        parent_id=line.parent_id,
        repost_of=line.repost_of,
        key=line.key,
        revision=line.revision if line.revision is not None else _revision(line),
        **{name: value for name, value in given.items() if value is not None},
    )


def _revision(line: _Line) -> str:
    """Tells versions apart for a sender that does not: other words, another version."""
    return blake2s(f"{line.title}\n{line.text or ''}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")[:-6] + "Z"


def in_words(error: Exception) -> str:
    """What is wrong with a line that cannot be decoded, and how it is written."""
    return json_words.in_words(error, _FORMS, EXAMPLE)
