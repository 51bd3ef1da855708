"""What is remembered of people and posts, within bounds: names, and what somebody may pass on or take back."""

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile
from typing import NamedTuple

from listener.bluesky.post import POSTS
from listener.bluesky.wire import Frame

MOST_HANDLES = 100_000
MOST_POSTS = 50_000
_ROOM = 64 * 1024 * 1024
"""Bytes of frames, and characters of posts, that are remembered: twice what so many usually fill."""


class Post(NamedTuple):
    """What must be known of a post when somebody passes it on."""

    text: str
    title: str | None
    language: str | None


class People:
    """The latest names and posts that came by. After a restart it begins anew."""

    def __init__(self) -> None:
        self._handles: OrderedDict[str, str] = OrderedDict()
        self._posts: OrderedDict[str, tuple[str, Post]] = OrderedDict()
        self._by: dict[str, dict[str, None]] = {}
        self._size = 0

    def name(self, did: str, handle: str | None) -> None:
        """Someone is called so from now on; without a handle, nobody knows any more."""
        self._handles.pop(did, None)
        if handle:
            self._handles[did] = handle
        if len(self._handles) > MOST_HANDLES:
            self._handles.popitem(last=False)

    @property
    def handles(self) -> Mapping[str, str]:
        """What people are called, as far as it was told."""
        return self._handles

    def handle(self, did: str) -> str | None:
        return self._handles.get(did)

    def remember(self, uri: str, did: str, post: Post) -> None:
        """Somebody posted this, or passed it on."""
        self.forget(uri)
        self._posts[uri] = (did, post)
        self._by.setdefault(did, {})[uri] = None
        self._size += _length(post)
        while len(self._posts) > MOST_POSTS or self._size > _ROOM:
            self.forget(next(iter(self._posts)))

    def forget(self, uri: str) -> bool:
        """Whether it was remembered."""
        kept = self._posts.pop(uri, None)
        if kept is None:
            return False
        self._size -= _length(kept[1])
        theirs = self._by[kept[0]]
        del theirs[uri]
        if not theirs:
            del self._by[kept[0]]
        return True

    def post(self, uri: str) -> Post | None:
        kept = self._posts.get(uri)
        return kept[1] if kept else None

    def leave(self, did: str) -> list[str]:
        """Somebody's account is closed: what they said, as far as it is remembered, and no longer is."""
        self._handles.pop(did, None)
        uris = list(self._by.get(did, ()))
        for uri in uris:
            self.forget(uri)
        return uris


class _Round(NamedTuple):
    """Frames that came together, and who wrote each."""

    frames: Sequence[Frame]
    dids: Sequence[str]
    everybody: frozenset[str]
    size: int


class Overheard:
    """Frames of posts that concerned nobody, since somebody who is asked for may pass one on: the latest 50,000, of
    larger ones fewer.
    """

    def __init__(self) -> None:
        self._rounds: deque[_Round] = deque()
        self._count = self._size = 0

    def keep(self, frames: Sequence[Frame], dids: Sequence[str], size: int) -> None:
        """Remember frames of so many bytes, and who wrote each, "" where that does not show at a glance."""
        self._rounds.append(_Round(frames, dids, frozenset(dids), size))
        self._count += len(frames)
        self._size += size
        while self._count - len(self._rounds[0].frames) >= MOST_POSTS or self._size > _ROOM:
            old = self._rounds.popleft()
            self._count -= len(old.frames)
            self._size -= old.size

    def frames(self, uri: str, before: Frame) -> list[Frame]:
        """All that may tell of a post and what became of it, up to a frame that was kept: what may be by who wrote it,
        from the first on that names the post.
        """
        did, _, rkey = uri.removeprefix("at://").partition(f"/{POSTS}/")
        theirs = [frame for frame in self._by({did, ""}, before) if _names(frame, did)]
        return list(dropwhile(lambda frame: not _names(frame, rkey), theirs))

    def _by(self, dids: set[str], before: Frame) -> Iterator[Frame]:
        for frames, written, all_of_them, _ in self._rounds:
            if dids.isdisjoint(all_of_them):
                continue
            for frame, did in zip(frames, written, strict=True):
                if frame is before:
                    return
                if did in dids:
                    yield frame


def _length(post: Post) -> int:
    return len(post.text) + len(post.title or "")


def _names(frame: Frame, word: str) -> bool:
    return word in frame if isinstance(frame, str) else word.encode() in frame
