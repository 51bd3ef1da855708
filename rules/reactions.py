"""How the youngest and hottest posts of a brand are received: their replies, reposts, likes and quotes over time."""

from bisect import bisect_right
from collections.abc import Mapping

import msgspec

from rules.facts import Facts
from rules.inputs import Deleted, Edited, Engaged, Heard, Input
from rules.instant import MINUTE, Instant

LIFE = 24 * 60
"""Minutes for which a post is followed: what is said of it later is another story."""
MOST_POSTS = 200
"""Posts of a brand that are followed, a quarter more between two clearings."""
MOST_SAMPLES = 100
"""Counts kept of one post, the latest."""
_HOT, _LATELY = 10, 60
_COUNTED = frozenset(
    {"comments", "favourites", "likes", "points", "quotes", "reactions", "replies", "reposts", "shares"}
)


def reactions_of(counts: Mapping[str, int | float]) -> int:
    """How many people reacted, of what a platform counts of a post: views are none."""
    return int(sum(number for name, number in counts.items() if name in _COUNTED))


class Post(msgspec.Struct, kw_only=True, array_like=True):
    """A post that is followed. `samples` are (minute, reactions known then), in order, never empty; between two of them
    it is taken to have grown evenly, and not since the last.
    """

    born: Instant
    source: str
    reach: int
    negative: bool
    samples: list[tuple[int, int]]

    @property
    def first_minute(self) -> int:
        """The minute it was written in."""
        return self.born // MINUTE

    def take(self, minute: int, reactions: int) -> None:
        """What is known of it at a minute, none earlier than the last."""
        # who takes a like back is rare, an answer from an old copy is not
        reactions = max(reactions, self.samples[-1][1]) if self.samples else reactions
        if self.samples and self.samples[-1][0] >= minute:
            self.samples.pop()
        self.samples = [*self.samples[1 - MOST_SAMPLES :], (minute, reactions)]

    def known(self, minute: int) -> float:
        """The reactions at the end of a minute."""
        place = bisect_right(self.samples, minute, key=lambda sample: sample[0])
        if place == 0:
            return self.samples[0][1]
        (since, before), *later = self.samples[place - 1 : place + 1]
        if not later:
            return before
        until, after = later[0]
        return before + (after - before) * (minute - since) / (until - since)

    def gained(self, minute: int, window: int) -> int:
        """Reactions that came in the `window` minutes up to a minute."""
        return max(0, round(self.known(minute) - self.known(minute - window)))

    @property
    def is_hot(self) -> bool:
        """Whether many reacted in the last hour that is known of."""
        return self.gained(self.samples[-1][0], _LATELY) >= _HOT

    def pause(self, asked: int) -> int:
        """Minutes from the minute in which it was asked for last until that is worth it again: a third of its age then,
        from 2 to 120; for a hot one at most 10.
        """
        return max(2, min((asked - self.first_minute) // 3, 10 if self.is_hot else 120))

    def step(self, minute: int) -> tuple[int, int] | None:
        """What was found out at exactly that minute: since which one, and how many came; None when it was not asked."""
        place = bisect_right(self.samples, minute, key=lambda sample: sample[0])
        if place < 2 or self.samples[place - 1][0] != minute:
            return None
        (since, before), (_, after) = self.samples[place - 2], self.samples[place - 1]
        return since, max(0, after - before)


class Followed(msgspec.Struct):
    """The posts that are followed, by mention, in the order in which they were heard: bounded, the hot ones and then
    the youngest stay.
    """

    posts: dict[str, Post] = {}

    def note(self, entry: Input) -> None:
        """Follow a post from now on, or take in what an entry says of one."""
        match entry:
            case Heard():
                self._hear(entry.facts, entry.at)
            case Edited():
                self._hear(entry.after, entry.at)
            case Engaged():
                if post := self.posts.get(entry.mention):
                    post.take(entry.at // MINUTE, entry.reactions)
            case Deleted():
                self._drop(entry.mention)

    def due(self, source: str, at: Instant, asked: Mapping[str, Instant]) -> list[str]:
        """The posts of a source that were not asked for as long as `Post.pause` says: the hot ones, and then those that
        were not for longest, first. `asked` is when each was asked for last, whether or not that was answered.
        """
        minute, found = at // MINUTE, list[tuple[bool, int, str]]()
        for mention, post in self.posts.items():
            last = max(asked.get(mention, 0) // MINUTE, post.samples[-1][0])
            if post.source == source and last < post.first_minute + LIFE and minute - last >= post.pause(last):
                found.append((not post.is_hot, last, mention))
        return [mention for _, _, mention in sorted(found)]

    def _hear(self, facts: Facts, at: Instant) -> None:
        if facts.reactions is None or facts.own or facts.history:
            self._drop(facts.mention)
            return
        post = self.posts.get(facts.mention)
        if post is None:
            # what it had when it was heard at once is no growth: nobody knows how old it is
            before = [(facts.moment // MINUTE, 0)] if facts.moment // MINUTE < at // MINUTE else []
            post = Post(born=facts.moment, source=facts.source, reach=facts.reach, negative=False, samples=before)
            self.posts[facts.mention] = post
            self._make_room(at // MINUTE)
        post.negative, post.reach = facts.label == "negative", facts.reach
        post.take(at // MINUTE, facts.reactions)

    def _drop(self, mention: str) -> None:
        self.posts.pop(mention, None)

    def forget(self, before: int) -> None:
        """Drop those that were too old before a minute."""
        for mention in [each for each, post in self.posts.items() if post.first_minute + LIFE < before]:
            del self.posts[mention]

    def is_growing(self, minute: int, window: int) -> bool:
        """Whether anything was found out in the `window` minutes up to a minute."""
        return any(post.samples[-1][0] > minute - window for post in self.posts.values())

    def _make_room(self, minute: int) -> None:
        if len(self.posts) <= MOST_POSTS * 5 // 4:
            return
        *_, newest = self.posts

        def worth(mention: str) -> tuple[bool, bool, Instant]:
            post = self.posts[mention]
            hot = bool(post.samples) and post.gained(minute, _LATELY) >= _HOT
            return mention == newest, hot, post.born

        kept = set(sorted(self.posts, key=worth)[-MOST_POSTS:])
        self.posts = {mention: post for mention, post in self.posts.items() if mention in kept}
