"""How many more posts each draws: answers and reposts, by how long these take to come."""

from collections.abc import Sequence
from statistics import median

import msgspec

from rules.instant import Instant

ENOUGH = 10
"""Answers and reposts of posts that were heard, below which nothing can be said."""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One that was written `at`, and the one it answers or passes on."""

    name: str
    at: Instant
    about: str | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Each of `posts` that were old enough to have theirs drew `each` more, on average: `replies` in all."""

    each: float
    posts: int
    replies: int


def drawn(posts: Sequence[Post]) -> Drawn | None:
    """What `posts` of some hours drew among themselves; None where too few answer or pass on another of them. A post is
    old enough when half of the answers come as soon. What was drawn where nobody listens is not seen.
    """
    written = {each.name: each.at for each in posts}
    delays = [each.at - written[each.about] for each in posts if each.about in written]
    if len(delays) < ENOUGH:
        return None
    last = max(written.values()) - median(delays)
    old = sum(at <= last for at in written.values())
    return Drawn(each=len(delays) / old, posts=old, replies=len(delays)) if old else None
