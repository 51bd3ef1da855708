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
        self._version, self._margin = 0, _MARGIN
        self._same = True
        self._heard: deque[_Heard] = deque()
        self._keys: set[str] = set()
        self._passed: deque[tuple[Instant, int]] = deque()

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
            return self._floor + 1 if self._floor else self._first() or self.by_time()
        return self.by_time()

    def returns(self, version: Version) -> bool:
        """Whether what was heard last must come again, since cursors are inclusive, if the server still has it."""
        return bool(self.at) and self._same and version == self._version

    def restart(self) -> None:
        """The server numbers its events anew, or has lost what lay here: only the time still means something."""
        self._heard.clear()
        self._keys.clear()
        self._passed.clear()
        self.position = self._floor = 0

    def is_known(self, key: str) -> bool:
        return key in self._keys

    def take(self, event: Event, key: str, version: Version) -> None:
        """Remember an event that was heard from a server of this version."""
        self._reach(event.position, event.at, version)
        self._heard.append(_Heard(event.at, event.position, key))
        self._keys.add(key)
        self._forget()

    def pass_by(self, position: int, at: Instant, version: Version) -> None:
        """Events up to this one came that are nobody's concern: none of them need be known when it comes again."""
        self._reach(position, at, version)
        self._passed.append((at, position))
        self._forget()

    def _reach(self, position: int, at: Instant, version: Version) -> None:
        if not self._same or version != self._version:
            self._heard = deque(heard._replace(position=0) for heard in self._heard)
            self._passed.clear()
            self.position = self._floor = 0
            self._version, self._same, self._margin = version, True, _MARGIN
        self.position, self.at = max(self.position, position), max(self.at, at)

    def _forget(self) -> None:
        """What is too old to come again, or in another order."""
        while self._heard and (len(self._heard) > _MOST or self._heard[0].at < self.at - _SWAPPED):
            old = self._heard.popleft()
            self._keys.discard(old.key)
            self._floor = max(self._floor, old.position)
        while self._passed and (len(self._passed) > _MOST or self._passed[0][0] < self.at - _SWAPPED):
            self._floor = max(self._floor, self._passed.popleft()[1])

    def leap(self, at: Instant) -> None:
        """Give up what lies before `at`, and go on from there exactly."""
        self.at, self._same, self._margin = at, False, 0

    @property
    def since(self) -> Instant:
        """From when on something may be missed when nothing after this place can be read: events of the last second may
        not have come yet.
        """
        return max(0, self.at - _SWAPPED)

    def by_time(self) -> int | None:
        """The cursor that means the same on every server: a little before the latest event."""
        return max(self.at - self._margin, _CLOCK) if self.at else None

    def _first(self) -> int | None:
        return min((heard.position for heard in self._heard if heard.position), default=None)


def key_of(event: Event) -> str:
    """What makes an event the same as another, also on another server."""
    commit = event.commit
    if commit is None:
        words = f"{event.did}\n{event.kind}\n{event.position}\n{event.at}"
    else:
        revision = commit.rev or commit.cid
        words = f"{event.did}\n{revision}\n{commit.operation}\n{commit.collection}\n{commit.rkey}"
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
