"""Posts that brands follow are asked for again: seldom, few at a time, and whatever goes wrong."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from listener.errors import FetchError
from listener.pipeline.recount import MOST, Recounting
from listener.pipeline.writer import Writer
from rules.inputs import Engaged
from rules.instant import MINUTE
from rules.mention import Author
from tests.listener.pipeline.world import START, opened

HOT = "hot: {kind: ignition, of: posts}"


class Counter:
    """Knows how many like each post at a moment; None: it does not answer."""

    def __init__(self, likes):
        self.likes, self.asked = likes, []

    async def recount(self, mentions):
        self.asked.append([mention.id for mention in mentions])
        if self.likes is None:
            raise FetchError("no answer", code="timeout")
        return {mention.id: {"likes": self.likes[mention.id]} for mention in mentions if mention.id in self.likes}


@asynccontextmanager
async def asking(world, counter):
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(writer.run())
        yield Recounting("press", counter, writer, world.ledger, world.views, world.clock)
        running.cancel()
        await asyncio.wait([running])
        await writer.finish()


async def test_what_a_source_counts_becomes_an_incident_and_nothing_else_of_the_post_changes(tmp_path):
    async with opened(tmp_path, rules=HOT) as world:
        await world.hear(world.said("1", author=Author(handle="a", followers=300)))
        await world.hear(world.said("2"), world.said("unmatched", "nothing"))
        counter = Counter({"1": 90, "2": 0})
        async with asking(world, counter) as recounting:
            world.clock.move(minutes=5)
            await recounting.round(counter)
        await world.pass_time(seconds=20)
        (step,) = await world.steps()
        assert ("open", "reactions", 90) == (step.state, step.evidence.unit, step.evidence.count)
        assert [["2", "1"]] == [sorted(ids, reverse=True) for ids in counter.asked]
        assert 2 == sum(isinstance(entry, Engaged) for entry in await world.log())
        (stored,) = await world.views.mentions(identities=["file:1"])
        assert ("acme is slow", {}) == (stored.mention.text, stored.mention.counts)


@pytest.mark.parametrize("rules", [HOT, "five: {kind: threshold, at_least: {posts: 500}}"], ids=["hot", "no such rule"])
async def test_it_asks_seldom_and_for_few_also_when_there_is_no_answer(tmp_path, rules):
    async with opened(tmp_path, rules=rules) as world:
        await world.say(*map(str, range(3 * MOST)))
        counter = Counter({})
        async with asking(world, counter) as recounting:
            for _ in range(120):
                world.clock.move(minutes=1)
                await recounting.round(counter)
        if rules != HOT:
            assert [] == counter.asked
            return
        assert MOST >= max(map(len, counter.asked))
        assert {str(number) for number in range(3 * MOST)} == {name for ids in counter.asked for name in ids}


async def test_a_source_that_fails_is_left_alone_for_a_while(tmp_path):
    async with opened(tmp_path, rules=HOT) as world:
        await world.say("1")
        counter = Counter(None)
        async with asking(world, counter) as recounting:
            task = asyncio.ensure_future(recounting.run())
            async with asyncio.timeout(20):
                while len(counter.asked) < 3:  # noqa: ASYNC110  # nobody tells when it asked
                    await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        assert world.clock.now() - START >= 3 * 5 * MINUTE
