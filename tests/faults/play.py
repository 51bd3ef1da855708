"""Plays talk at five times its usual rate, with faults and kills, to a collector, and says what it did not keep of what
it promises.
"""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from listener.clock import Clock
from listener.collector import Batch, Collector
from listener.errors import FetchError, SourceState
from listener.mock.chatter import PAUSE, Chatter
from listener.mock.faults import Faults, Switch
from listener.mock.server import Platform, serving
from listener.mock.world import Change, World
from listener.net.client import Limits
from rules.instant import DAY, SECOND, Instant, Span
from rules.mention import Mention
from tests.collecting import built, lending, tools
from tests.faults.ways import Way

ORIGIN = 1_790_000_000 * SECOND
RATE = 5
LIMITS = Limits(body=2 * 1024 * 1024, headers=timedelta(seconds=0.5), whole=timedelta(seconds=1.0))
STATES = frozenset(SourceState.__args__)  # type: ignore[attr-defined]
LIVES: Span = 40 * SECOND
"""From one kill to the next, on average."""
UNCOMMITTED = 0.03
"""How often a kill comes between a batch and its commit."""
MEANWHILE: Span = 20 * SECOND
"""From a change to the reading that should see it, while nothing breaks."""
LONGEST_WAIT = 30.0
SOON, SETTLES = 4.0, 60.0
FARNESS = (0.02, 0.2)
"""Seconds from a request to what it does, at least and at most: meanwhile things happen."""


def loop_time() -> Instant:
    """What the running loop takes for the wall's time."""
    return int(asyncio.get_running_loop().time() * SECOND)


class Leaping(Clock):
    """A fast clock by the time of the loop, on which days can pass at once."""

    later: Span = 0

    def now(self) -> Instant:
        return self.origin + int((loop_time() - self.started) * self.speed) + self.later

    def leap(self, span: Span) -> None:
        self.later = span


@dataclass
class Store:
    """What a store holds after what was committed: each version taken once, what was deleted stays so."""

    texts: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    identities: dict[str, set[str]] = field(default_factory=dict)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    gaps: list[tuple[Instant, Instant]] = field(default_factory=list)
    new: set[str] = field(default_factory=set)
    skipped: int = 0
    cursor: str | None = None
    heard_at: Instant = ORIGIN
    silence: Span = 0
    """The longest time between two commits."""

    def commit(self, batch: Batch, now: Instant) -> None:
        self.silence, self.heard_at = max(self.silence, now - self.heard_at), now
        self.cursor = batch.cursor or self.cursor
        self.skipped += sum((batch.skipped or {}).values())
        self.gaps += [] if batch.missed is None else [(batch.missed, now)]
        for mention in batch.mentions:
            self._take(mention)

    def _take(self, mention: Mention) -> None:
        self.versions[mention.identity, mention.revision] += 1
        self.identities.setdefault(mention.id, set()).add(mention.identity)
        if mention.op == "create":
            self.new.add(mention.id)
        if mention.op == "delete":
            self.deleted.add(mention.id)
            self.texts.pop(mention.id, None)
        elif mention.id not in self.deleted:
            # half characters cannot be kept
            self.texts[mention.id] = mention.text.encode("utf-8", "ignore").decode()


@dataclass(frozen=True)
class Distant:
    """A platform that is some way off. `clock` is its clock."""

    platform: Platform
    clock: Clock
    random: Random

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.RouteDef(route.method, route.path, self._late(route.handler), route.kwargs)
            for route in self.platform.routes()
        ]

    def _late(self, handler: Any) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            await self.clock.sleep(int(self.random.uniform(*FARNESS) * SECOND))
            answered: web.StreamResponse = await handler(request)
            return answered

        return answer


@dataclass
class Play:
    """One collector, one platform, one seed. `broken` are promises that were not kept, in words."""

    way: Way
    random: Random
    from_kill_to_kill: Span
    url: str = ""
    store: Store = field(default_factory=Store)
    broken: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    is_killed: bool = True

    async def listen(self) -> None:
        """One life after another, each from what the last one committed."""
        while True:
            self.lives += 1
            async with lending(LIMITS, self.way.clock) as client:
                lent = tools(client, once=False, name="source", clock=self.way.clock)
                options = {"allow_private": True, **self.way.options(self.url)}
                try:
                    async with asyncio.timeout(self._life()):
                        await self._live(built(self.way.kind, lent, **options))
                except TimeoutError:
                    continue

    def _life(self) -> float | None:
        """Seconds of the loop until it is killed."""
        if not self.is_killed:
            return None
        return self.random.uniform(0.2, 1.8) * self.from_kill_to_kill / SECOND / self.way.speed

    async def _live(self, collector: Collector) -> None:
        """Until it is killed, or a host wants us to stay away for long: then another day comes."""
        while True:
            error = await self._read(collector)
            if error is None:
                return
            self.errors[f"{error.state} {error.code}"] += 1
            if error.state not in STATES or len(str(error)) > 1_000:
                self.broken.append(f"an error that is none of ours: {error!r}")
            wait = error.retry_after.total_seconds() if error.retry_after else 1.0
            await asyncio.sleep(min(wait, LONGEST_WAIT) / self.way.speed)
            if error.code == "429":
                return

    async def _read(self, collector: Collector) -> FetchError | None:
        try:
            async with aclosing(collector.batches(self.store.cursor)) as batches:
                async for batch in batches:
                    if self.is_killed and self.random.random() < UNCOMMITTED:
                        return None
                    self.store.commit(batch, self.way.world.now())
        except FetchError as error:
            return error
        return FetchError("it ended by itself", code="ended")

    def wrong(self) -> list[tuple[Change, str]]:
        """What the store should hold and does not, or should not and does: how that came about, and words."""
        way, held, latest = self.way, self.store.texts, dict[int, Change]()
        made = [change.at for change in way.world.since(0) if change.op == "create" and way.shows(change.post)]
        created = dict[int, Change]()
        for change in way.world.since(0):
            latest[change.post.key] = change
            created.setdefault(change.post.key, change)
        found = []
        for key, change in latest.items():
            post, name = change.post, way.name_of(change.post)
            if not way.shows(post):
                continue
            text, stands = held.get(name), change.op != "delete"
            if (
                text is not None
                and way.reach
                and _between(made, created[key].at, change.at + MEANWHILE + self.store.silence) > way.reach
            ):
                continue
            if not stands and text is not None and "deletes" not in way.unpromised:
                found.append((change, f"{name} is held although it was deleted"))
            elif stands and text is None:
                found.append((created[key], f"{name} is missing"))
            elif stands and text is not None and way.still_shows(post) and text.split() != way.words_of(post).split():
                found.append((change, f"{name} says {text!r} instead of {post.text!r}"))
        return found

    def lost(self) -> tuple[list[str], list[str]]:
        """What is wrong outside of every gap that was told, and inside."""
        first, outside, inside = self._first(), list[str](), list[str]()
        for change, words in self.wrong():
            if change.number < first:
                continue
            at = change.at
            told = any(since - SECOND <= at <= until + SECOND for since, until in self.store.gaps)
            (inside if told else outside).append(f"{words} (since {(at - ORIGIN) / SECOND:.1f} s)")
        return outside, inside

    def _first(self) -> int:
        """The number of the first post that was heard as new: before it a source has no past to miss."""
        made = (change for change in self.way.world.since(0) if change.op == "create")
        return next((change.number for change in made if self.way.name_of(change.post) in self.store.new), 0)

    async def settle(self) -> None:
        """Until nothing is wrong outside of gaps. Where entries themselves are spoilt, as many may stay unread as were
        counted, but only once there was time to read them again.
        """
        rest = 0.0 if set(self.way.hiding) & set(self.way.drawn.struck) else SETTLES
        for patience, given_up in ((SOON, 0), (rest, self.given_up)):
            await settling(lambda allowed=given_up: len(self.lost()[0]) <= allowed, patience)

    @property
    def given_up(self) -> int:
        """Entries that could not be read and were counted as such."""
        return self.store.skipped if self.way.spoils_entries else 0

    def judge(self) -> None:
        """Say which promises were broken."""
        outside, inside = self.lost()
        hidden = set(self.way.hiding) & set(self.way.drawn.struck)
        self.broken += outside[:5] if len(outside) > self.given_up and not hidden else []
        self.broken += [f"{key} came {count} times" for key, count in self.store.versions.items() if count > 1][:5]
        self.broken += [f"{name} is {many}" for name, many in self.store.identities.items() if len(many) > 1][:5]
        may_lose = self.way.overflows or set(self.way.drawn.struck) & set(self.way.losing)
        if self.store.gaps and not may_lose:
            self.broken.append(f"gaps that nothing can have made: {self.store.gaps[:3]}")
        if self.way.connections():
            self.broken.append(f"{self.way.connections()} connections are left open")
        if self.broken:
            gaps = [tuple(round((at - ORIGIN) / SECOND, 1) for at in gap) for gap in self.store.gaps]
            self.broken.append(f"gaps told: {gaps}; struck: {self.way.drawn.struck}; errors: {dict(self.errors)}")
        self.inside, self.untold, self.unread = inside, outside if hidden else (), () if hidden else outside

    inside: Sequence[str] = ()
    untold: Sequence[str] = ()
    unread: Sequence[str] = ()


def _between(moments: Sequence[Instant], begin: Instant, end: Instant) -> int:
    """How many of the sorted moments lie there."""
    return bisect_right(moments, end) - bisect_right(moments, begin)


async def play(
    way: Way, seed: int, switches: Sequence[Switch], length: Span, *, lives: Span = LIVES, all_strike: bool = False
) -> Play:
    """Talk for so long, with faults that are drawn from the seed; then, without them, both sides must agree. With
    `all_strike` it goes on until each of them did. For `tests.faults.virtual.run`.
    """
    random, begun = Random(f"{way.name} {seed}"), list[Instant]()
    clock = Leaping(origin=ORIGIN, started=loop_time(), speed=way.speed)
    faults = Faults(seed=seed, switches=switches, passed=lambda: clock.now() - begun[0])
    world = World(clock.now)
    opened = way.open(world, clock, faults)
    chatter = Chatter([world], seed, faults=faults, pause=PAUSE // RATE)
    playing = Play(opened, random, lives)
    distant = Distant(opened.platform, clock, Random(f"{way.name} {seed} far"))
    async with serving({"platform": distant}) as server:
        playing.url = server.of("platform")
        begun.append(clock.now())
        chatter.begin(begun[0])
        async with beside(playing.listen()):
            async with beside(chatter.run(clock)):
                await clock.sleep(length)
                await settling(lambda: not all_strike or faults.names <= faults.struck.keys())
                faults.names, playing.is_killed = frozenset(), False
            if way.waits_for_days:
                clock.leap(2 * DAY)
            await playing.settle()
        await settling(lambda: not opened.connections())
        playing.judge()
    return playing


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """The work goes on for the time of the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name="beside")
        yield
        task.cancel()


async def settling(condition: Callable[[], bool], seconds: float = SETTLES) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  # nobody tells when a collector has heard it
                await asyncio.sleep(0.2)
    except TimeoutError:
        return
