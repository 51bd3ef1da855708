"""What becomes of a source whose platform fails: its state with the platform's own code, who hears of it and when, and
that it makes neither a crisis nor calm.
"""

import asyncio
from contextlib import asynccontextmanager
from email.utils import format_datetime
from functools import partial

import pytest

from listener.mock.world import World as Platform
from listener.pipeline.supervise import Supervisor
from listener.pipeline.work import SourceChange
from listener.pipeline.writer import Writer
from rules.instant import MINUTE, instant, moment
from tests.collecting import built, item, lending, rss, serving, tools
from tests.listener.pipeline.world import Hands, opened
from tests.mastodon import ANNA, fast, listening, mocking, until

RULES = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, calm_for: 10m}"


class Living(Hands):
    """A clock set by hand under which the daemon lives on while a collector waits."""

    async def sleep(self, span):
        end = self.now() + span
        while self.now() < end:
            self.set(min(self.now() + 2 * MINUTE, end))
            await self.tick()

    def ticks(self, tick):
        object.__setattr__(self, "tick", tick)


@asynccontextmanager
async def supervised(world, collector, name="press"):
    """The source of that name at work, for the time of the block."""
    writer = Writer(world.ledger, world.metrics)
    supervisor = Supervisor(name, collector, writer, world.ledger, world.clock)
    idle = partial(writer.submit, SourceChange(source="nobody", state="live"))
    if isinstance(world.clock, Living):
        world.clock.ticks(idle)
    async with asyncio.TaskGroup() as group:
        writing, reading = group.create_task(writer.run()), group.create_task(supervisor.run())
        yield reading
        reading.cancel()
        await asyncio.wait([reading])
        await idle()  # so that no commit is under way
        writing.cancel()
        await asyncio.wait([writing])
        await writer.finish()


def notices(rows):
    return [(row.notice.topic, row.notice.state, row.notice.code) for row in reversed(rows) if row.notice]


def states_of(world, name="press"):
    found = [(row.state, row.code) for commit in world.store.commits for row in commit.sources if row.name == name]
    return [state for state, before in zip(found, [None, *found], strict=False) if state != before]


def feed_of(clock, count=3):
    written = format_datetime(moment(clock.now()))
    return rss(*(item(number, f"acme {number}", more=f"<pubDate>{written}</pubDate>") for number in range(count)))


def feed(client, clock, url):
    return built("feed", tools(client, once=False, clock=clock), urls=[url], every="5m", allow_private=True)


@asynccontextmanager
async def listened(tmp_path):
    clock = Living()
    async with serving() as site, lending(clock=clock) as client, opened(tmp_path, clock=clock, rules=RULES) as world:
        yield site, client, world


def silence_before(world, down):
    """Minutes for which the source was not heard when the operator was told."""
    began = next(row.blind_since for commit in world.store.commits for row in commit.sources if row.blind_since)
    return (instant(down.at) - began) / MINUTE


@pytest.mark.parametrize(
    ("answer", "state", "within"),
    [(503, ("reconnecting", "503"), 32), (403, ("reconnecting", "403"), 32), (401, ("auth_failed", "401"), 0)],
)
async def test_a_feed_that_fails_is_told_in_time_and_once_and_so_is_its_return_and_its_end(
    tmp_path, answer, state, within
):
    async with listened(tmp_path) as (site, client, world):
        url = site.answers("/feed", feed_of(world.clock), *[answer] * 5, rss(), 410)
        async with supervised(world, feed(client, world.clock, url)) as source:
            await source
        told = await world.views.deliveries()
        assert [("live", ""), state, ("live", ""), ("gone", "410")] == states_of(world)[-4:]
        assert [("source_down", *state), ("source_up", None, ""), ("source_down", "gone", "410")] == notices(told)
        down = next(row.notice for row in reversed(told) if row.notice)
        assert within - 2 <= silence_before(world, down) <= within
        assert {"acme": 0.0} == down.heard
        assert ["open"] == await world.states()


@pytest.mark.parametrize(("wait", "state", "within"), [(3 * 3_600, "parked", 0), (60, "reconnecting", 32)])
async def test_a_feed_that_limits_us_is_told_at_once_when_it_says_that_it_will_be_long(tmp_path, wait, state, within):
    async with listened(tmp_path) as (site, client, world):
        url = site.answers("/feed", feed_of(world.clock), (429, {"Retry-After": str(wait)}, b""))
        async with supervised(world, feed(client, world.clock, url)):
            await until(lambda: any(row.told_at for commit in world.store.commits for row in commit.sources))
        told = await world.views.deliveries()
        assert [("source_down", state, "429")] == notices(told)
        assert within - 2 <= silence_before(world, next(row.notice for row in told if row.notice)) <= within
        assert ["open"] == await world.states()


async def test_a_token_that_is_revoked_while_it_streams_is_told_at_once_and_its_renewal_too(tmp_path):
    clock = fast()
    platform = Platform(now=clock.now)
    sources = "fedi: {kind: mastodon, server: 'https://m.example', tags: [acmeair]}, press: {kind: file, path: /a}"
    async with (
        mocking(platform, keep_alive=0.05) as mock,
        lending(clock=clock) as client,
        opened(tmp_path, clock=clock, sources=sources, rules=RULES) as world,
    ):
        async with supervised(world, listening(mock, client, clock, token="good"), "fedi") as source:
            await until(lambda: world.ledger.source("fedi").state == "live" and mock.listening)
            for number in range(3):
                platform.say(f"acme {number} #acmeair", ANNA)
            await until(lambda: world.ledger.source("fedi").mentions >= 3)
            mock.tokens.clear()
            await asyncio.wait_for(source, 20)
        assert ("auth_failed", "401") == states_of(world, "fedi")[-1]
        assert [("source_down", "auth_failed", "401")] == notices(await world.views.deliveries())
        mock.tokens.add("good")
        async with supervised(world, listening(mock, client, clock, token="good"), "fedi"):
            await until(lambda: world.ledger.source("fedi").state == "live")
        assert ["source_down", "source_up"] == [topic for topic, *_ in notices(await world.views.deliveries())]
        assert "resolved" not in await world.states()
    labels = {"source": "fedi", "state": "auth_failed", "code": "401"}
    assert 1 == world.sample("badbuzz_source_changes_total", **labels)
    assert 1 == world.sample("badbuzz_source_state", source="fedi", state="live")
