"""What is remembered of people and posts, within bounds: names, and what somebody may pass on or take back."""

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, dropwhile, takewhile
from operator import is_not
from typing import Any, NamedTuple

from listener.bluesky.post import POSTS
from listener.bluesky.wire import Frame

MOST_HANDLES = 100_000
MOST_POSTS = 50_000


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
        if len(self._posts) > MOST_POSTS:
            self.forget(next(iter(self._posts)))

    def forget(self, uri: str) -> bool:
        """Whether it was remembered."""
        kept = self._posts.pop(uri, None)
        if kept is None:
            return False
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


class Overheard:
    """Frames of posts that concerned nobody, since somebody who is asked for may pass one on: the latest 50,000."""

    def __init__(self) -> None:
        self._rounds: deque[Sequence[Frame]] = deque()
        self._count = 0

    def keep(self, frames: Sequence[Frame]) -> None:
        """Remember frames."""
        self._rounds.append(frames)
        self._count += len(frames)
        while self._count - len(self._rounds[0]) >= MOST_POSTS:
            self._count -= len(self._rounds.popleft())

    def frames(self, uri: str, before: Frame) -> list[Frame]:
        """All that may tell of a post and what became of it, up to a frame that was kept: what names who wrote it, from
        the first on that names the post as well. Looked for one by one, since that is seldom asked.
        """
        did, _, rkey = uri.removeprefix("at://").partition(f"/{POSTS}/")
        theirs = _naming(did, takewhile(partial(is_not, before), chain.from_iterable(self._rounds)))
        known = _naming(rkey, theirs)
        return list(dropwhile(partial(is_not, known[0]), theirs)) if known else []


def _naming(word: str, frames: Iterable[Frame]) -> list[Frame]:
    written: Mapping[type, Any] = {str: word, bytes: word.encode()}
    return [frame for frame in frames if written[type(frame)] in frame]
