"""One public post, as every collector hands it over and as `listen` prints it."""

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal["post", "comment", "reply", "repost", "quote", "review", "article", "video"]
Operation = Literal["create", "update", "delete", "counts"]


class Author(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who wrote it, as far as the platform says; `id` is opaque, `followers` a count at the time of writing."""

    id: str | None = None
    handle: str | None = None
    name: str | None = None
    followers: int | None = None


class Mention(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # of millions none is within itself
    """A mention. `id` is the platform's own, opaque; times are aware UTC; `text` and `title` are plain text.

    `key` is the identity used to tell repeats when the platform's `id` alone is not unique (a feed's guid `12`);
    None means `id` is. `revision` tells versions of one mention apart: same key and revision, same content.
    """

    id: str
    source: str
    platform: str
    kind: Kind = "post"
    op: Operation = "create"
    url: str | None = None
    author: Author = Author()
    title: str | None = None
    text: str = ""
    language: str | None = None
    created_at: datetime | None = None
    observed_at: datetime
    parent_id: str | None = None
    repost_of: str | None = None
    counts: dict[str, int | float] = {}
    key: str | None = None
    revision: str = ""

    @property
    def identity(self) -> str:
        """What makes this mention the same as another: platform and key."""
        return f"{self.platform}:{self.id if self.key is None else self.key}"
