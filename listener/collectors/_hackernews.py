"""What the two interfaces of Hacker News say of an item, in our words, and what is remembered of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeGuard

import msgspec

from listener.feeds.html import text_of, title_of
from rules.instant import SECOND, Instant, moment
from rules.mention import Author, Kind, Mention, Operation
from rules.query.native import words
from rules.query.tree import Node

WRONG_SHAPE = "wrong_shape"
GONE = "-"
"""The revision of what is deleted or killed."""
_KNOWN = 2_000
_MOST_SEARCHES = 20  # more cost more than to read every item
_LONGEST_MARKUP = 200_000
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""
_KINDS: Mapping[str, Kind] = {"story": "article", "job": "article", "poll": "article", "comment": "comment"}


def searches(queries: Sequence[Node]) -> tuple[str, ...]:
    """What to search for, so that nothing is missed that one of the queries finds; none: read every item."""
    asked = [words(query) for query in queries]
    named = tuple(dict.fromkeys(value for each in asked for value in each.values))
    return named if all(each.whole for each in asked) and len(named) <= _MOST_SEARCHES else ()


@dataclass(frozen=True, kw_only=True)
class Item:
    """A story, job, poll or comment. `at` is in seconds since 1970; `revision` tells versions apart by title and text,
    whichever interface they come from: points and replies are none.
    """

    id: str
    kind: Kind
    gone: bool = False
    author: str | None = None
    title: str | None = None
    text: str = ""
    parent: str | None = None
    at: int | None = None
    counts: Mapping[str, int]

    @property
    def revision(self) -> str:
        if self.gone:
            return GONE
        return blake2b(f"{self.title}\n{self.text}".encode(), digest_size=6).hexdigest()

    @property
    def created_at(self) -> datetime | None:
        return None if self.at is None else moment(self.at * SECOND)

    def mention(self, op: Operation, *, source: str, now: datetime) -> Mention:
        return Mention(
            id=self.id,
            source=source,
            platform="hackernews",
            kind=self.kind,
            op=op,
            url=f"https://news.ycombinator.com/item?id={self.id}",
            author=Author(id=self.author, handle=self.author),
            title=self.title,
            text=self.text,
            created_at=self.created_at,
            observed_at=now,
            parent_id=self.parent,
            counts=dict(self.counts),
            revision=self.revision,
        )


class Place(msgspec.Struct, omit_defaults=True):
    """A cursor. Items behind `first` up to `last` were read, the latest of them from `at`, except those `waiting`;
    those `changed` are to be read again; both with the readings in which that failed. Searches were read until the
    second in `until`. `known` are the latest items told, each with its revision.
    """

    first: int = 0
    last: int | None = None
    at: Instant = 0
    waiting: dict[int, int] = {}
    changed: dict[int, int] = {}
    until: dict[str, int] = {}
    known: dict[str, str] = {}

    def remember(self, item: Item) -> None:
        self.known.pop(item.id, None)
        self.known[item.id] = item.revision
        while len(self.known) > _KNOWN:
            del self.known[next(iter(self.known))]

    def has_passed(self, number: object) -> bool:
        """Whether an item was read: its changes are news."""
        if not is_count(number) or number in self.waiting:
            return False
        return str(number) in self.known or (self.last is not None and self.first < number <= self.last)


def dump(place: Place) -> str:
    return msgspec.json.encode(place).decode()


def load(cursor: str | None) -> Place:
    """What a cursor says; one that cannot be read is none."""
    try:
        return msgspec.json.decode(cursor, type=Place) if cursor else Place()
    except (msgspec.DecodeError, UnicodeEncodeError):
        return Place()


def from_item(said: Any, number: int) -> Item | str:
    """An item as Firebase gives it; WRONG_SHAPE when it is not that item, or lacks what it says."""
    if not isinstance(said, dict) or said.get("id") != number:
        return WRONG_SHAPE
    gone = said.get("deleted") is True or said.get("dead") is True
    title, text = said.get("title"), said.get("text")
    kind = _KINDS.get(str(said.get("type"))) or ("article" if isinstance(title, str) else "comment")
    essential = title if kind == "article" else text
    if not gone and not (isinstance(essential, str) and isinstance(said.get("text", ""), str)):
        return WRONG_SHAPE
    return Item(
        id=str(number),
        kind=kind,
        gone=gone,
        author=None if gone else _string(said.get("by")),
        title=None if gone or kind == "comment" else title_of(_string(title) or ""),
        text="" if gone else _text(text, said.get("url")),
        parent=_number(said.get("parent")) or _number(said.get("poll")),
        at=_second(said.get("time")),
        counts=_counts(points=said.get("score"), replies=said.get("descendants"), kids=said.get("kids")),
    )


def from_hit(said: Any) -> Item | str:
    """A hit of the search; WRONG_SHAPE when it lacks what it says."""
    name = hit_number(said)
    if name is None:
        return WRONG_SHAPE
    tags, title, comment = said.get("_tags"), said.get("title"), said.get("comment_text")
    is_comment = "comment" in tags if isinstance(tags, list) else isinstance(comment, str)
    text = comment if is_comment else said.get("story_text")
    if not isinstance(comment if is_comment else title, str) or not isinstance(text, str | None):
        return WRONG_SHAPE
    return Item(
        id=str(name),
        kind="comment" if is_comment else "article",
        author=_string(said.get("author")),
        title=None if is_comment else title_of(_string(title) or ""),
        text=_text(text, None if is_comment else said.get("url")),
        parent=_number(said.get("parent_id")),
        at=_second(said.get("created_at_i")),
        counts=_counts(points=said.get("points"), replies=said.get("num_comments"), kids=said.get("children")),
    )


def hit_number(said: Any) -> int | None:
    """The item that a hit is about."""
    name = said.get("objectID") if isinstance(said, dict) else None
    return int(name) if isinstance(name, str) and name.isascii() and name.isdecimal() and len(name) < 16 else None


def order(hit: Any) -> tuple[int, int]:
    """Hits by age, oldest first."""
    return _second_of(hit), hit_number(hit) or 0


def latest(hits: Iterable[Any], *, default: int) -> int:
    """The second of the youngest hit."""
    return max(map(_second_of, hits), default=default)


def is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _second_of(hit: Any) -> int:
    return (_second(hit.get("created_at_i")) if isinstance(hit, dict) else None) or 0


def _second(value: object) -> int | None:
    return value if is_count(value) and value <= _LAST_SECOND else None


def _text(markup: object, link: object) -> str:
    link = _string(link) or ""
    shown = link if link.startswith(("http://", "https://")) else ""
    return "\n".join(filter(None, (text_of((_string(markup) or "")[:_LONGEST_MARKUP]), shown)))


def _string(value: object) -> str | None:
    # half characters cannot be stored
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) and value else None


def _number(value: object) -> str | None:
    return str(value) if is_count(value) else None


def _counts(*, points: object, replies: object, kids: object) -> dict[str, int]:
    answers = replies if is_count(replies) else len(kids) if isinstance(kids, list) else None
    said = {"points": points, "replies": answers}
    return {name: value for name, value in said.items() if is_count(value)}
