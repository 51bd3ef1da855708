"""What is said on one mock platform: posts that are made, edited and deleted as time passes."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from rules.instant import Instant

Op = Literal["create", "update", "delete"]
KEPT = 100_000
"""Changes that can be asked for; older ones are out of every cursor's reach."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who posts. `handle` is unique on the platform."""

    handle: str
    name: str = ""
    followers: int = 0
    bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """A post as it stands. `key` counts from 1 in the order of making; `title` is for articles and stories; `reply_to`
    and `repost_of` are keys; `likes` is how many people like it.
    """

    key: int
    at: Instant
    author: Account
    text: str
    title: str = ""
    language: str | None = None
    reply_to: int | None = None
    repost_of: int | None = None
    edited_at: Instant | None = None
    likes: int = 0


class Change(NamedTuple):
    """The post after the change; for a deletion, as it was. `number` counts from 1."""

    number: int
    at: Instant
    op: Op
    post: Said


class World:
    """All that was said, in order. `now` is the platform's clock."""

    def __init__(self, now: Callable[[], Instant], kept: int = KEPT) -> None:
        self.now = now
        self._posts: dict[int, Said] = {}
        self._changes: deque[Change] = deque(maxlen=kept)
        self._made = self._number = 0
        self._news = asyncio.Event()

    @property
    def number(self) -> int:
        """The number of the latest change; 0 before the first."""
        return self._number

    @property
    def oldest(self) -> int:
        """The number of the oldest change that can be asked for; 1 beyond the latest when there is none."""
        return self._changes[0].number if self._changes else self._number + 1

    def say(
        self,
        text: str,
        author: Account,
        *,
        title: str = "",
        language: str | None = None,
        reply_to: int | None = None,
        repost_of: int | None = None,
        at: Instant | None = None,
    ) -> Said:
        """Make a post; `at` is when its author says it was written, the present when not given."""
        self._made += 1
        post = Said(
            key=self._made,
            at=self.now() if at is None else at,
            author=author,
            text=text,
            title=title,
            language=language,
            reply_to=reply_to,
            repost_of=repost_of,
        )
        self._posts[post.key] = post
        self._change("create", post)
        return post

    def edit(self, key: int, text: str) -> Said:
        """Change a post's text. Raises KeyError when there is none (any more)."""
        post = self._posts[key] = replace(self._posts[key], text=text, edited_at=self.now())
        self._change("update", post)
        return post

    def like(self, key: int, likes: int) -> None:
        """So many people like a post now, which is no change of it. Raises KeyError when there is none (any more)."""
        self._posts[key] = replace(self._posts[key], likes=likes)

    def delete(self, key: int) -> None:
        """Take a post away. Raises KeyError when there is none (any more)."""
        self._change("delete", self._posts.pop(key))

    def post(self, key: int) -> Said | None:
        """A post as it stands; None when there is none (any more)."""
        return self._posts.get(key)

    def posts(self) -> list[Said]:
        """Every post as it stands, oldest first."""
        return list(self._posts.values())

    def since(self, number: int) -> list[Change]:
        """The changes after `number`, as far as they are kept."""
        return [change for change in self._changes if change.number > number]

    async def news(self, number: int) -> list[Change]:
        """The changes after `number`, as soon as there is one."""
        while self._number <= number:
            self._news.clear()
            await self._news.wait()
        return self.since(number)

    def _change(self, op: Op, post: Said) -> None:
        self._number += 1
        self._changes.append(Change(self._number, self.now(), op, post))
        self._news.set()
