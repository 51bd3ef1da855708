"""Endless small talk about a made-up airline, in French and English: said, answered, edited and taken back."""

from collections.abc import Iterable, Sequence
from random import Random

from listener.clock import Clock
from listener.mock.script import Cue
from listener.mock.story import acme_story, small_talk
from listener.mock.world import World
from rules.instant import MINUTE, SECOND, Instant, Span

PAUSE: Span = 3 * SECOND
"""Between two things that happen, on average."""
_PAST = 30
_MOST = 5_000
"""Posts of a platform; then the oldest are taken back."""
_RECENT = 20


class Chatter:
    """Says the same on every world; the seed decides what, and in which order."""

    def __init__(self, worlds: Iterable[World], seed: int = 0) -> None:
        self._worlds = list(worlds)
        self._random = Random(seed)
        said = [cue for cue in acme_story(seed) if cue.act == "say"]
        self._texts: Sequence[Cue] = [*said, *small_talk()]

    def begin(self, now: Instant) -> None:
        """What was said in the last hour."""
        for place in range(_PAST):
            self._say(at=now - (_PAST - place) * 2 * MINUTE)

    def step(self) -> None:
        """One thing happens: mostly something is said, now and then edited or deleted."""
        what = self._random.random()
        if what < 0.85:
            self._say()
            return
        back = self._random.randrange(1, _RECENT)
        for world in self._worlds:
            recent = world.posts()[-back:]
            if recent and what < 0.95:
                world.edit(recent[0].key, f"{recent[0].text} (edit)")
            elif recent:
                world.delete(recent[0].key)

    async def run(self, clock: Clock) -> None:
        """Until it is cancelled."""
        while True:
            await clock.sleep(int(self._random.expovariate(1 / PAUSE)))
            self.step()

    def _say(self, at: Instant | None = None) -> None:
        post, back = self._random.choice(self._texts), self._random.randrange(1, _RECENT)
        answers = not post.title and self._random.random() < 0.6
        for world in self._worlds:
            recent = world.posts()[-back:]
            parent = recent[0].key if recent and answers else None
            world.say(post.text, post.author, title=post.title, language=post.language, reply_to=parent, at=at)
            if len(world.posts()) > _MOST:
                world.delete(world.posts()[0].key)
