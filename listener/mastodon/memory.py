"""What is remembered of a Mastodon server from one reading to the next: bounded, and the cursor of its source."""

from bisect import insort
from collections.abc import Collection, Sequence

import msgspec

from listener.mastodon.status import rank
from rules.instant import Instant

_MOST_LISTED = 100
_MOST_KNOWN = 2_000
_MOST_DOUBTED = 200
_GONE = "-"


class Place(msgspec.Struct, array_like=True):
    """One timeline: `at` is the instant up to which it was heard; `ids` are the latest posts up to which all was read,
    in order of time; `ahead` are posts that a stream brought beyond them, while something between was not read yet;
    `doubted` are posts of which it is not known yet whether they are still there.
    """

    at: Instant = 0
    ids: list[str] = []
    ahead: list[str] = []
    doubted: list[str] = []

    def add(self, name: str) -> None:
        """Note a post: all before it was read."""
        _insert(self.ids, name)

    def add_ahead(self, name: str) -> None:
        """Note a post before which something may not have been read."""
        if name not in self.ids:
            _insert(self.ahead, name)

    def close_up(self) -> None:
        """Note that all was read."""
        for name in self.ahead:
            _insert(self.ids, name)
        self.ahead = []

    def drop(self, name: str) -> None:
        """Forget a post."""
        for names in (self.ids, self.ahead, self.doubted):
            if name in names:
                names.remove(name)

    def doubt(self, names: Sequence[str]) -> None:
        """Note that these may have gone."""
        self.doubted = list(dict.fromkeys([*self.doubted, *names]))[-_MOST_DOUBTED:]

    def found(self, names: Collection[str]) -> None:
        """Note that these are still there."""
        self.doubted = [name for name in self.doubted if name not in names]

    def overlap(self, posts: int, since: str | None) -> list[str]:
        """The latest posts: so many, and all after the id `since`."""
        later = sum(rank(name) > rank(since) for name in self.ids) if since else 0
        return self.ids[-max(posts, later) :]

    def before(self, name: str, since: str | None) -> str:
        """The id after which a timeline brings `name`, and what follows it; `since`, where that is earlier and so few
        posts are known that little comes twice.
        """
        if name.isdigit():
            before = str(max(0, int(name) - 1))
            return min(before, since or before, key=rank) if len(self.ids) < _MOST_LISTED else before
        place = self.ids.index(name)
        return self.ids[max(0, place - 1)]


class Memory(msgspec.Struct, kw_only=True):
    """`places` by timeline; `known` are the posts handed over last, `<revision> <key>` by the server's id, without the
    key where it follows from the id.
    """

    places: dict[str, Place] = {}
    known: dict[str, str] = {}

    def place(self, channel: str) -> Place:
        """What is known of a timeline."""
        return self.places.setdefault(channel, Place())

    def is_old(self, name: str, revision: str) -> bool:
        """Whether this version of a post, or a later one, was handed over, or its deletion."""
        known = self.known.get(name)
        if known is None:
            return False
        had = known.partition(" ")[0]
        return had == _GONE or revision <= had

    def key(self, name: str) -> str:
        """The identity under which a post was handed over; "" when it follows from its id."""
        return self.known.get(name, "").partition(" ")[2]

    def remember(self, name: str, revision: str, key: str) -> None:
        """Note what was handed over."""
        self.known.pop(name, None)
        self.known[name] = f"{revision} {key}".rstrip()
        if len(self.known) > _MOST_KNOWN:
            del self.known[next(iter(self.known))]

    def forget(self, name: str) -> None:
        """Note that a post is gone."""
        for place in self.places.values():
            place.drop(name)
        self.remember(name, _GONE, "")

    def is_gone(self, name: str) -> bool:
        """Whether its deletion was handed over."""
        return self.known.get(name) == _GONE

    def dump(self) -> str:
        """The cursor."""
        return msgspec.json.encode(self).decode()


def _insert(names: list[str], name: str) -> None:
    if name not in names:
        insort(names, name, key=rank)
        del names[: len(names) - _MOST_LISTED]


def load(cursor: str | None, channels: tuple[str, ...]) -> Memory:
    """What a cursor remembers of these timelines; nothing when it cannot be read."""
    try:
        memory = msgspec.json.decode(cursor, type=Memory) if cursor else Memory()
    except (msgspec.DecodeError, UnicodeEncodeError):
        memory = Memory()
    memory.places = {channel: memory.places.get(channel, Place()) for channel in channels}
    return memory
