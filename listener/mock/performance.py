"""Plays the story to a daemon and follows what it makes of it."""

import asyncio
from dataclasses import dataclass, field

from listener.clock import Clock
from listener.mock.inboxes import Arrival, Inbox
from listener.mock.show import Show
from listener.mock.stage import KINDS, Stage
from listener.mock.story import LENGTH
from listener.mock.watch import Watch
from listener.store.port import StoreError, Views
from rules.instant import SECOND, Instant

PULSE = 0.2
"""Seconds between two looks at the daemon."""
PATIENCE = 60
"""Seconds the daemon may take to read every source for the first time, and to finish after the story."""


class SetUpError(Exception):
    """The daemon does not read its sources; the message is for people."""


@dataclass(kw_only=True)
class Performance:
    """One evening. `daemon` ends when somebody stops it."""

    stage: Stage
    clock: Clock
    show: Show
    views: Views
    daemon: "asyncio.Task[None]"
    _watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self._watch = Watch(self.views, KINDS)

    async def play(self, *, once: bool) -> list[str]:
        """Play until the daemon ends, or with `once` until the story is over; returns what is missing then, as keys of
        the words. Raises StoreError and SetUpError.
        """
        await self._until_heard()
        if self.daemon.done():
            return ["missing_stopped"]
        begin = self.clock.now()
        self.show.begin(begin)
        async with asyncio.TaskGroup() as group:
            acting = group.create_task(self.stage.act(self.clock, begin), name="story")
            missing = await self._follow(begin, once=once)
            acting.cancel()
        return missing

    async def _follow(self, begin: Instant, *, once: bool) -> list[str]:
        limit = begin + LENGTH + int(PATIENCE * SECOND * self.clock.speed)
        quiet = 0
        while not self.daemon.done():
            await asyncio.wait([self.daemon], timeout=PULSE)
            news = await self._tell()
            # two quiet looks in a row: what was delivered has then been read in the inboxes too
            quiet = 0 if news or self._watch.missing() else quiet + 1
            if quiet == 2:
                self.show.over(self.clock.now())
            if once and (quiet == 2 or self.clock.now() > limit):
                return self._watch.missing()
        return [*self._watch.missing(), *([] if not self._watch.missing() else ["missing_stopped"])]

    async def _until_heard(self) -> None:
        """Wait until every source was read once: the story may then begin."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.daemon.done() and not await self._is_heard():
                    await asyncio.wait([self.daemon], timeout=PULSE / 2)
        except TimeoutError:
            raise SetUpError(f"the daemon did not read its sources within {PATIENCE} s") from None

    async def _is_heard(self) -> bool:
        try:
            sources = await self.views.sources()
        except StoreError:  # it is being made
            return False
        return len(sources) > 0 and all(source.last_read for source in sources)

    async def _tell(self) -> bool:
        """Tell the show what happened since the last look; whether anything did."""
        # taken out first: whatever arrived was committed before, so its transition is told before it
        arrivals = drain(self.stage.inbox)
        steps = await self._watch.transitions()
        attempts = await self._watch.attempts(self.clock.now())
        for step in steps:
            self.show.transition(step)
        for arrival in arrivals:
            self.show.arrival(arrival)
        for attempt in attempts:
            self.show.attempt(attempt)
        self.show.pulse(self.clock.now(), await self._watch.mentions())
        return bool(steps or arrivals or attempts)


def drain(inbox: Inbox) -> list[Arrival]:
    """Everything that waits in the inbox."""
    return [inbox.get_nowait() for _ in range(inbox.qsize())]
