"""Campaigns that are known beforehand: while one runs, more is said than usual, and that is no news."""

from collections.abc import Iterable

import msgspec

from rules.instant import MINUTE, Instant

VOLUME = frozenset({"posts", "authors", "stories"})
"""The series of which a campaign brings more. What is negative is never expected of one."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` on and before `until`, up to `posts` times as many posts as usual are expected."""

    name: str
    since: Instant
    until: Instant
    posts: float


def times(campaigns: Iterable[Campaign], series: str, minute: int) -> float:
    """How many times the usual count of a series may be expected in a minute, at least 1. Of campaigns that run at the
    same time each adds its own.
    """
    if series not in VOLUME:
        return 1.0
    begin = minute * MINUTE
    return 1.0 + sum(each.posts - 1 for each in campaigns if each.since < begin + MINUTE and begin < each.until)
