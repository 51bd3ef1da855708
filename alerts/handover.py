"""What whoever takes over the watch is told."""

from datetime import datetime

import msgspec


class WatchOf(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever is `first` takes over, until then: the `open` incidents by number and whether somebody has them, how
    many sources are blind and, as known when it is sent, how many `posts` are scheduled, all of their `brands`.
    `asked`: they are to confirm, or else the `second` is told; `here`: where they read it.
    """

    first: str
    second: str | None = None
    until: datetime | None = None
    brands: tuple[str, ...] = ()
    open: tuple[tuple[int, bool], ...] = ()
    blind: int = 0
    posts: int = 0
    asked: bool = False
    here: bool = True
