"""Endless small talk about a made-up airline, in French and English: said, answered, edited and taken back."""

from collections.abc import Iterable, Sequence
from random import Random

from listener.clock import Clock
from listener.mock.faults import Faults
from listener.mock.script import Cue
from listener.mock.story import acme_story, small_talk
from listener.mock.world import Account, World
from rules.instant import MINUTE, SECOND, Instant, Span

PAUSE: Span = 3 * SECOND
"""What is usual between two things that happen."""
FAULTS = ("surge", "flood")
"""What can happen to the talk itself."""
_PAST = 30
_MOST = 5_000
"""Posts of a platform; then the oldest are taken back."""
_RECENT = 20
_CROWD = (24, 60)
"""Accounts that say the same at once."""


class Chatter:
    """Says the same on every world; the seed decides what, and in which order. `pause` lies between two things that
    happen, on average.
    """

    def __init__(
        self, worlds: Iterable[World], seed: int = 0, *, faults: Faults | None = None, pause: Span = PAUSE
    ) -> None:
        self._worlds, self._faults, self._pause = list(worlds), faults or Faults(), pause
        self._times, self._surge_ends, self._flood_ends = 1, 0, 0
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
        """Until it is cancelled; what is late is said at once, so that the pace holds on a fast clock too."""
        due = clock.now()
        while True:
            due += int(self._random.expovariate(self._pace(due) / self._pause))
            await clock.sleep(due - clock.now())
            self._flood(due)
            self.step()

    def _pace(self, now: Instant) -> int:
        """How many times as much as usual is said."""
        if now >= self._surge_ends:
            self._times = self._random.randint(5, 10) if self._faults.strikes("surge") else 1
            self._surge_ends = now + MINUTE if self._times > 1 else 0
        return self._times

    def _flood(self, now: Instant) -> None:
        if now < self._flood_ends or not self._faults.strikes("flood"):
            return
        self._flood_ends = now + MINUTE
        post, first = self._random.choice(self._texts), self._random.randrange(1_000_000)
        for number in range(self._random.randint(*_CROWD)):
            account = Account(handle=f"{post.author.handle}{first + number}")
            for world in self._worlds:
                world.say(post.text, account, title=post.title, language=post.language)

    def _say(self, at: Instant | None = None) -> None:
        post, back = self._random.choice(self._texts), self._random.randrange(1, _RECENT)
        answers = not post.title and self._random.random() < 0.6
        for world in self._worlds:
            recent = world.posts()[-back:]
            parent = recent[0].key if recent and answers else None
            world.say(post.text, post.author, title=post.title, language=post.language, reply_to=parent, at=at)
            for old in world.posts()[:-_MOST]:
                world.delete(old.key)
