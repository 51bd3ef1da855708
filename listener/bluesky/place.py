"""How far a stream was read: where to go on from, and what was heard there already."""

from collections import deque
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from listener.bluesky.wire import Event, Version
from rules.instant import SECOND, Instant

_SWAPPED = SECOND
"""Events may come in another order within this time."""
_MOST = 1_000
_MARGIN = 5 * SECOND
"""Servers see the same event at slightly different times."""
_CLOCK = 10**15
"""From here on a position is microseconds."""


class _Kept(msgspec.Struct):
    """The stored form. `heard` are the positions and keys of events after `floor`."""

    version: int
    server: str
    filter: str
    position: int
    floor: int
    at: int
    heard: list[tuple[int, str]] = []


class _Heard(NamedTuple):
    at: Instant
    position: int
    key: str


_CURSOR = msgspec.json.Decoder(_Kept)


class Place:
    """Where one stream stands. `at` is when the server saw the latest event that was heard, 0 before the first.

    Positions mean something on one server alone, and cursors are inclusive, so one asks for what follows `floor` and
    drops what is known. What is remembered is the last second, in which events may come out of order, and at most
    1,000 of them.
    """

    def __init__(self, server: str, narrowed: str) -> None:
        self._server, self._filter = server, narrowed
        self.at: Instant = 0
        self.position = self._floor = 0
        self._version: int = 0
        self._same = True
        self._heard: deque[_Heard] = deque()
        self._keys: set[str] = set()

    @classmethod
    def load(cls, cursor: str | None, server: str, narrowed: str) -> "Place":
        """The place of a stored cursor; one that is not ours is as none."""
        place = cls(server, narrowed)
        try:
            kept = _CURSOR.decode(cursor or "")
        except (ValueError, RecursionError):
            return place
        place._version, place._floor = kept.version, kept.floor
        place.position, place.at = kept.position, kept.at
        place._heard = deque(_Heard(kept.at, position, key) for position, key in kept.heard)
        place._keys = {key for _, key in kept.heard}
        place._same = (kept.server, kept.filter) == (server, narrowed)
        return place

    def dump(self) -> str | None:
        """What `load` reads; None before the first event."""
        if not self.at:
            return None
        heard = [(position, key) for _, position, key in self._heard]
        kept = _Kept(self._version, self._server, self._filter, self.position, self._floor, self.at, heard)
        return msgspec.json.encode(kept).decode()

    def ask(self, version: Version) -> int | None:
        """The cursor to ask a server of this version for; None when nothing was heard yet."""
        if not self.at:
            return None
        if self._same and version == self._version:
            return self._floor + 1 if self._floor else min(heard.position for heard in self._heard)
        return max(self.at - _MARGIN, _CLOCK)

    def returns(self, version: Version) -> bool:
        """Whether what was heard last must come again when it is asked for and is still there."""
        return bool(self.at) and self._same and version == self._version

    def enter(self, version: Version) -> None:
        """A stream of this version is open: what comes belongs to it."""
        if not self.returns(version):
            self.position = self._floor = 0
        self._version, self._same = version, True

    def is_known(self, key: str) -> bool:
        return key in self._keys

    def take(self, event: Event, key: str) -> None:
        """Remember an event that was heard."""
        self.position, self.at = max(self.position, event.position), max(self.at, event.at)
        self._heard.append(_Heard(event.at, event.position, key))
        self._keys.add(key)
        while len(self._heard) > _MOST or self._heard[0].at < self.at - _SWAPPED:
            old = self._heard.popleft()
            self._keys.discard(old.key)
            self._floor = max(self._floor, old.position)

    def leap(self, at: Instant) -> None:
        """Give up what lies before `at`, an instant, and go on from there."""
        self.at, self._same = at, False


def key_of(event: Event) -> str:
    """What makes an event the same as another, also on another server."""
    commit = event.commit
    if commit is None:
        words = (event.did, event.kind, str(event.position))
    else:
        words = (event.did, commit.rev or commit.cid or "", commit.operation, commit.collection, commit.rkey)
    return blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
