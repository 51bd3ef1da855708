"""What tests of the Mastodon collector share: a mock server at the root of an address, and a reader who commits."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from listener.clock import Clock
from listener.collector import Batch, Collector
from listener.errors import FetchError
from listener.mock.mastodon import Mastodon
from listener.mock.statuses import id_of, tags_of
from listener.mock.world import Account, Said, World
from listener.net.client import Client
from listener.net.loopback import served
from rules.instant import SECOND
from rules.mention import Mention
from tests.collecting import built, tools

START = 1_790_000_000 * SECOND
ANNA, BERT = Account(handle="anna", name="Anna", followers=7), Account(handle="bert@other.example")


def fast(speed: float = 200.0) -> Clock:
    """A clock on which minutes take moments."""
    return Clock(origin=START, started=time.time_ns() // 1_000, speed=speed)


@asynccontextmanager
async def mocking(world: World, **how: Any) -> AsyncIterator[Mastodon]:
    mock = Mastodon(world=world, **{"tokens": {"good"}, "allowance": 100_000, **how})
    app = web.Application()
    app.add_routes(list(mock.routes()))
    async with served(app) as mock.url:
        yield mock


def listening(
    mock: Mastodon, client: Client, clock: Clock, *, once: bool = False, brands: Any = None, **options: Any
) -> Collector:
    """A collector; with `brands`, a classifier, one that knows who listens."""
    given = {"server": mock.url, "tags": ["acmeair"], "allow_private": True, "every": "10s", **options}
    lent = replace(tools(client, once=once, name="fedi", clock=clock), index=lambda: brands.index if brands else None)
    return built("mastodon", lent, **given)


def identity(mock: Mastodon, post: Said) -> str:
    """What a post is known by, wherever it was read."""
    elsewhere = post.author.handle.partition("@")[2]
    return f"mastodon:{elsewhere or mock.url.partition('://')[2]}/{id_of(post)}"


def standing(mock: Mastodon, *tags: str) -> dict[str, str]:
    """What stands under tags now: text by identity."""
    return {identity(mock, post): post.text for post in mock.world.posts() if set(tags) & set(tags_of(post))}


@dataclass
class Reader:
    """Takes batches as the daemon does: what was committed stays, a crash forgets the rest and goes on after the
    cursor. `waits`: how long it was told to stay away.
    """

    collector: Collector
    cursor: str | None = None
    batches: list[Batch] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    errors: list[FetchError] = field(default_factory=list)

    @property
    def held(self) -> dict[str, str]:
        """What a store holds: text by identity."""
        held, gone = dict[str, str](), set[str]()
        for mention in self.mentions:
            if mention.op == "delete":
                gone.add(mention.identity)
                held.pop(mention.identity, None)
            elif mention.identity not in gone:
                held[mention.identity] = mention.text
        return held

    @property
    def missed(self) -> list[int]:
        return [batch.missed for batch in self.batches if batch.missed is not None]

    async def run(self, *, again: bool = True) -> None:
        while True:
            try:
                async with aclosing(self.collector.batches(self.cursor)) as batches:
                    async for batch in batches:
                        self.batches.append(batch)
                        self.mentions += batch.mentions
                        self.cursor = batch.cursor or self.cursor
            except FetchError as error:
                self.errors.append(error)
            if not again:
                return
            await asyncio.sleep(0.001)


@asynccontextmanager
async def reading(reader: Reader, *, again: bool = True) -> AsyncIterator[Reader]:
    """The reader at work for the time of the block."""
    task = asyncio.ensure_future(reader.run(again=again))
    try:
        yield reader
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Any, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # nobody tells when a collector has heard it
            await asyncio.sleep(0.002)
