"""What tests of the pipeline share: a clock set by hand, a real store, and a ledger on both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.load import load
from listener.catalogs import CATALOGS
from listener.clock import Clock
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.setup import Setup, build_setup
from listener.pipeline.work import Read, Reload, SourceChange
from listener.store.port import Commit, Store, StoreError, Views
from listener.store.store import open_store
from listener.store.views import open_views
from rules.instant import SECOND, Instant, moment, span
from rules.mention import Author, Mention
from rules.transition import Transition

START = 1_800_000_000_000_000
"""A multiple of the grid."""
SAID = "acme is slow"

BRANDS = "acme: {query: acme, languages: [en], own_accounts: ['@acme']}"
SOURCES = "press: {kind: file, path: /nowhere.jsonl}"
RULES = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, calm_for: 10m}"
CHANNELS = "team: {kind: console}, phone: {kind: console}, boss: {kind: console}"
ROUTES = "[{to: [team]}]"
CONFIGURATION = """
daemon: {{data: {data}, listen: "127.0.0.1:0", external_url: "https://bb.example"}}
operator: {{to: [boss]}}
brands: {{{brands}}}
sources: {{{sources}}}
rules: {{{rules}}}
channels: {{{channels}}}
routes: {routes}
"""


class Hands(Clock):
    """A clock that stands still until it is set. Whoever sleeps moves it on, and is back at once."""

    def __init__(self) -> None:
        super().__init__()
        self.set(START)
        object.__setattr__(self, "slept", [])
        object.__setattr__(self, "ahead", 0)

    def set(self, at: Instant) -> None:
        object.__setattr__(self, "at", at)

    def now(self) -> Instant:
        return self.at

    def wall(self) -> Instant:
        return self.at - self.ahead

    def set_back(self, **by: float) -> None:
        """From now on the wall is so far behind, as after somebody mended it."""
        object.__setattr__(self, "ahead", span(timedelta(**by)))

    def move(self, **by: float) -> None:
        self.set(self.at + span(timedelta(**by)))

    async def sleep(self, span: int) -> None:
        self.slept.append(span)
        self.set(self.at + max(0, span))


class Faulty:
    """A store of which commits fail while `failing` says so: before anything is written, or after (`late`)."""

    def __init__(self, store: Store) -> None:
        self._store, self.failing, self.commits = store, 0, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, commit: Commit) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreError("the disk is full")
        await self._store.commit(commit)
        self.commits.append(commit)


def configured(folder: Path, **parts: str) -> Setup:
    known = {"brands": BRANDS, "sources": SOURCES, "rules": RULES, "channels": CHANNELS, "routes": ROUTES}
    file = folder / "badbuzz.yaml"
    file.write_text(CONFIGURATION.format(data=folder / "data", **known | parts), encoding="utf-8")
    return build_setup(load(file, CATALOGS).settings)


class World:
    """A ledger with all that it stands on. Each start is another process on the same data."""

    def __init__(self, folder: Path, store: Faulty, views: Views, clock: Any, setup: Setup) -> None:
        self.folder, self.store, self.views, self.clock = folder, store, views, clock
        self.metrics = Metrics(version="test", now=clock.now)
        self.ledger = Ledger(store, views, clock, self.metrics, setup)

    def said(self, name: str, text: str = SAID, author: str | Author = "", **changes: Any) -> Mention:
        now = moment(self.clock.now())
        known = {"id": name, "source": "press", "platform": "file", "text": text, "observed_at": now, "created_at": now}
        who = author if isinstance(author, Author) else Author(handle=author or f"by {name}")
        return Mention(**known | {"author": who} | changes)

    async def hear(self, *mentions: Mention, source: str = "press", cursor: str | None = None, **how: Any) -> None:
        await self.ledger.write([Read(source=source, mentions=mentions, cursor=cursor, **how)])

    async def say(self, *names: str, source: str = "press") -> None:
        await self.hear(*(self.said(name) for name in names), source=source)

    async def source_is(self, state: Any, name: str = "press", code: str = "", **how: Any) -> None:
        await self.ledger.write([SourceChange(source=name, state=state, code=code, **how)])

    async def reload(self, **parts: str) -> None:
        await self.ledger.write([Reload(setup=configured(self.folder, **parts))])

    async def pass_time(self, **by: float) -> None:
        """Time as a running daemon lives it: a turn of the writer twice a minute at least."""
        end = self.clock.now() + span(timedelta(**by))
        while self.clock.now() < end:
            self.clock.set(min(self.clock.now() + 30 * SECOND, end))
            await self.ledger.write([])

    async def log(self, brand: str = "acme") -> list[Any]:
        return [entry async for _, entry in self.views.log(brand)]

    async def steps(self) -> list[Transition]:
        return [step async for step in self.views.transitions()]

    async def states(self) -> list[str]:
        return [step.state for step in await self.steps()]

    async def again(self, setup: Setup | None = None) -> "World":
        """The next process, started."""
        world = World(self.folder, self.store, self.views, self.clock, setup or self.ledger.setup)
        await world.ledger.start()
        return world

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@asynccontextmanager
async def opened(folder: Path, *, clock: Clock | None = None, **parts: str) -> AsyncIterator[World]:
    setup = configured(folder, **parts)
    store, views = Faulty(open_store(folder / "data")), open_views(folder / "data")
    await store.open("a test")
    try:
        world = World(folder, store, views, clock or Hands(), setup)
        await world.ledger.start()
        yield world
    finally:
        await views.close()
        await store.close()


def kinds(entries: list[Any]) -> list[str]:
    return [type(entry).__name__ for entry in entries]


def at(world: World, **ago: float) -> Any:
    """The moment so long ago."""
    return moment(world.clock.now() - span(timedelta(**ago)))
