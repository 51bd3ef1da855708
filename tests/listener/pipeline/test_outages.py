"""What comes in one go after an outage looks like no crisis, and an outage makes nothing seem unusual."""

import pytest

from rules.instant import MINUTE
from tests.listener.pipeline.world import opened

KINDS = {
    "bluesky": "{kind: bluesky, server: jetstream.example}",
    "mastodon": "{kind: mastodon, server: 'https://m.example', tags: [acme]}",
    "feed": "{kind: feed, urls: ['https://press.example/feed']}",
}
RULES = "bad: {kind: spike, of: posts, at_least: {posts: 4, authors: 3}, budget: 3 per month}"
EVERY = 5


class Traffic:
    """A brand of which somebody writes something every five minutes."""

    def __init__(self, world, kind):
        self.world, self.kind, self.number, self.unread = world, kind, 0, []

    def said(self, **how):
        self.number += 1
        return self.world.said(str(self.number), source="press", platform=self.kind, **how)

    async def go_on(self, minutes, *, heard=True):
        for _ in range(minutes // EVERY):
            self.world.clock.move(minutes=EVERY)
            self.unread.append(self.said())
            if heard:
                await self.read()
            else:
                await self.world.ledger.write([])

    async def read(self, **how):
        await self.world.hear(*self.unread, **how)
        self.unread = []

    async def come_back(self):
        """All that was written meanwhile is read at once, as a cursor, a back-fill or a feed brings it."""
        await self.read()
        await self.world.source_is("live")

    async def burst(self, **how):
        await self.world.hear(*(self.said(**how) for _ in range(30)))

    @property
    def expected(self):
        (engine,) = self.world.ledger.engines
        return engine.judge(self.world.clock.now())["bad"].expected


@pytest.fixture
async def traffic(request, tmp_path):
    async with opened(tmp_path, sources=f"press: {KINDS[request.param]}", rules=RULES) as world:
        await world.source_is("live")
        traffic = Traffic(world, request.param)
        await traffic.go_on(2 * 60)
        yield traffic


def over(*kinds):
    return pytest.mark.parametrize("traffic", kinds, indirect=True)


@over(*KINDS)
@pytest.mark.parametrize("minutes", [5, 45, 8 * 60])
async def test_a_backlog_after_an_outage_is_no_crisis_and_what_is_usual_stays(traffic, minutes):
    before = traffic.expected
    await traffic.world.source_is("reconnecting", code="timeout")
    await traffic.go_on(minutes, heard=False)
    traffic.world.clock.move(minutes=1)
    await traffic.come_back()
    await traffic.go_on(40)
    assert [] == await traffic.world.states()
    assert before * 0.97 <= traffic.expected <= before * 1.1
    await traffic.burst()
    assert ["open"] == await traffic.world.states()


@over("bluesky", "mastodon")
async def test_what_stood_still_while_the_stream_was_open_is_no_crisis_when_it_comes(traffic):
    await traffic.world.source_is("starved", code="starved")
    for _ in range(8 * 60 // EVERY):
        traffic.world.clock.move(minutes=EVERY)
        traffic.unread.append(traffic.said())
        await traffic.world.hear()  # the stream is alive and brings no posts
    await traffic.come_back()
    await traffic.go_on(40)
    assert [] == await traffic.world.states()


@over("bluesky", "feed")
async def test_a_night_without_the_daemon_is_no_crisis_either(traffic):
    for _ in range(8 * 60 // EVERY):
        traffic.world.clock.move(minutes=EVERY)
        traffic.unread.append(traffic.said())
    traffic.world = await traffic.world.again()
    await traffic.come_back()
    await traffic.go_on(40)
    assert [] == await traffic.world.states()


async def test_entries_without_a_date_that_are_listed_after_an_outage_are_history(tmp_path):
    async with opened(tmp_path, sources=f"press: {KINDS['feed']}", rules=RULES) as world:
        traffic = Traffic(world, "feed")
        await traffic.burst(created_at=None)
        await traffic.go_on(60)
        await world.source_is("reconnecting", code="500")
        await traffic.go_on(60, heard=False)
        await traffic.burst(created_at=None)
        await traffic.come_back()
        await traffic.go_on(32)
        assert [] == await world.states()
        await traffic.burst(created_at=None)
        assert ["open"] == await world.states()


@over("feed")
async def test_an_incident_stays_open_while_its_source_is_not_heard_and_its_end_is_told_afterwards(traffic):
    await traffic.burst()
    await traffic.world.source_is("reconnecting", code="timeout")
    await traffic.go_on(3 * 60, heard=False)
    assert ["open"] == await traffic.world.states()
    await traffic.come_back()
    await traffic.go_on(2 * 60)
    opened_at, ended_at = (step.at for step in await traffic.world.steps())
    assert ended_at - opened_at > 3 * 60 * MINUTE
