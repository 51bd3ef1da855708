"""What is new among what a Mastodon server says, as batches."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from listener.collector import Batch
from listener.errors import FetchError
from listener.mastodon.memory import Memory
from listener.mastodon.rest import decoded
from listener.mastodon.status import (
    Home,
    UnreadableError,
    deletion_of,
    id_of,
    is_told,
    mention_of,
    rank,
    revision_of,
)
from listener.mastodon.streams import BROKEN, Told
from rules.instant import MINUTE, Instant, moment
from rules.mention import Mention

_MOST_ALIASES = 20_000
_POSTS = {"update": "create", "status.update": "update"}


class News:
    """Takes what a server says, remembers it, and gives what was not handed over yet. `aliases` are identities that do
    not follow from the server's ids: more of them than a cursor can hold, for as long as the process lives. Only with
    `streams` is it said what came by type. `problems` are those of the last reading, and go with every batch.
    """

    def __init__(self, memory: Memory, home: Home, aliases: dict[str, str], *, streams: bool) -> None:
        self.memory, self._home, self._aliases, self._streams = memory, home, aliases, streams
        self.problems: Sequence[FetchError] = ()
        self._mentions: list[Mention] = []
        self._skipped, self._events = Counter[str](), Counter[str]()
        self._dumped, self._dumped_at = memory.dump(), 0

    def listed(self, entries: Iterable[Any], channel: str, now: Instant) -> None:
        """Take the entries of a page, in order of time."""
        before = len(self._mentions)
        for entry in sorted(entries, key=_rank):
            self._status(entry, channel, now)
        self._events.update(mention.op for mention in self._mentions[before:])

    def events(self, told: Sequence[Told], strangers: Mapping[int, str], now: Instant, *, gapless: bool) -> None:
        """Take events of streams; `strangers` names the new posts among them that concern nobody, by their number. Only
        when nothing before them is left to be read (`gapless`) do they count as read up to there.
        """
        for number, one in enumerate(told):
            if number in strangers:
                self._events["create"] += 1
                self._place(strangers[number], one.channel, placed=gapless)
            else:
                self._event(one, now, gapless=gapless)

    def _event(self, told: Told, now: Instant, *, gapless: bool) -> None:
        self._events[_POSTS.get(told.name, told.name)[:50]] += 1
        if told.name in _POSTS:
            self._status(decoded(told.data), told.channel, now, placed=gapless)
        elif told.name == "delete":
            self._deletion(told.data.strip().strip('"'), now)
        elif told.name in {BROKEN, "too_large"}:
            self._skipped[told.name] += 1

    def gone(self, name: str, now: Instant) -> None:
        """Take it that a post is no longer there."""
        if self.memory.is_gone(name):
            return
        key = self.memory.key(name) or self._aliases.get(name) or self._home.key(name)
        self._mentions.append(deletion_of(name, key, self._home, moment(now)))
        self.memory.forget(name)

    @property
    def latest(self) -> Instant | None:
        """When the latest of what waits to be handed over was written."""
        times = [mention.created_at for mention in self._mentions if mention.created_at]
        return int(max(times).timestamp() * 1_000_000) if times else None

    def batch(self, now: Instant, *, missed: Instant | None = None) -> Batch:
        """What has gathered. Its cursor is given when it says something new, once a minute otherwise."""
        worth = bool(self._mentions) or now - self._dumped_at >= MINUTE or missed is not None
        cursor = self.memory.dump() if worth else None
        made = Batch(
            mentions=self._mentions,
            cursor=cursor if cursor != self._dumped else None,
            problems=self.problems,
            share=self._share,
            skipped=dict(self._skipped) or None,
            events=dict(self._events) if self._streams else None,
            missed=missed,
        )
        if cursor:
            self._dumped, self._dumped_at = cursor, now
        self._mentions, self._skipped, self._events = [], Counter(), Counter()
        return made

    @property
    def _share(self) -> float:
        """Which part of the timelines is heard: all count the same. A stream is heard, whatever cannot be listed."""
        return 1.0 if self._streams else max(0.0, 1 - len(self.problems) / max(1, len(self.memory.places)))

    def _status(self, entry: Any, channel: str, now: Instant, *, placed: bool = True) -> None:
        if not isinstance(entry, dict):
            self._skipped[BROKEN if entry is None else "unreadable"] += 1
            return
        try:
            name = id_of(entry.get("id"))
            old = self.memory.is_old(name, revision_of(entry))
            mention = None if old else mention_of(entry, self._home, moment(now))
        except UnreadableError:
            self._skipped["unreadable"] += 1
            return
        self._place(name, channel, placed=placed)
        if mention is not None and is_told(entry, by_tag=not channel.startswith("public")):
            self._hand_over(mention)

    def _place(self, name: str, channel: str, *, placed: bool) -> None:
        if channel in self.memory.places and not self.memory.is_gone(name):
            place = self.memory.place(channel)
            (place.add if placed else place.add_ahead)(name)

    def _hand_over(self, mention: Mention) -> None:
        key = mention.key or ""
        key = "" if key == self._home.key(mention.id) else key
        if mention.id in self.memory.known:
            mention = msgspec.structs.replace(mention, op="update")
        if key:
            self._aliases[mention.id] = key
            if len(self._aliases) > _MOST_ALIASES:
                del self._aliases[next(iter(self._aliases))]
        self.memory.remember(mention.id, mention.revision, key)
        self._mentions.append(mention)

    def _deletion(self, data: str, now: Instant) -> None:
        try:
            self.gone(id_of(data), now)
        except UnreadableError:
            self._skipped["unreadable"] += 1


def _rank(entry: Any) -> tuple[int, str]:
    try:
        return rank(id_of(entry.get("id")) if isinstance(entry, dict) else "")
    except UnreadableError:
        return rank("")
