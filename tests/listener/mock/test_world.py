"""The mock platforms' shared ground: what was said, who asked, what goes wrong."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from listener.mock.faults import FAULTS, Faults
from listener.mock.server import serving
from listener.mock.world import Account, World

ANNA = Account(handle="anna")


def world(**how):
    clock = iter(range(1, 1_000_000))
    return World(lambda: next(clock), **how)


def test_a_post_is_made_edited_and_deleted_in_order():
    here = world()
    first, second = here.say("one", ANNA), here.say("two", ANNA, reply_to=1)
    here.edit(first.key, "uno")
    here.delete(second.key)
    assert [(change.number, change.op, change.post.text) for change in here.since(0)] == [
        (1, "create", "one"),
        (2, "create", "two"),
        (3, "update", "uno"),
        (4, "delete", "two"),
    ]
    assert [post.text for post in here.posts()] == ["uno"]
    assert (here.number, here.oldest, here.post(second.key)) == (4, 1, None)


def test_what_is_too_old_can_no_longer_be_asked_for():
    here = world(kept=3)
    for number in range(5):
        here.say(str(number), ANNA)
    assert ([change.number for change in here.since(0)], here.oldest) == ([3, 4, 5], 3)


async def test_whoever_waits_hears_of_the_next_change():
    here = world()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = [group.create_task(here.news(0)) for _ in range(2)]
        await asyncio.sleep(0)
        here.say("one", ANNA)
    assert [[change.post.text for change in task.result()] for task in waiting] == [["one"], ["one"]]


def test_faults_are_drawn_alike_from_a_seed_and_only_those_that_were_named():
    def drawn(seed):
        faults = Faults(["stall", "close"], seed=seed, chance=0.5)
        return [faults.strikes(name) for name in ["stall", "close", "huge"] * 20], faults.struck

    assert drawn(1) == drawn(1) != drawn(2)
    hits, struck = drawn(1)
    assert not any(hits[2::3])
    assert sum(hits) == sum(struck.values()) > 0
    with pytest.raises(ValueError, match="unknown faults: nonsense"):
        Faults(["nonsense"])
    assert all(FAULTS.values())


async def test_each_platform_is_served_under_its_name_and_requests_are_written_down():
    class Echo:
        def __init__(self, name):
            self.name = name

        def routes(self):
            return [web.get("/hello", self.hello)]

        async def hello(self, _request):
            return web.Response(text=self.name)

    async with serving({"one": Echo("1"), "two": Echo("2")}) as server, aiohttp.ClientSession() as session:
        said = []
        for name in ("one", "two"):
            async with session.get(f"{server.of(name)}/hello?q=x", headers={"X-Who": "me"}) as answer:
                said.append(await answer.text())
    assert said == ["1", "2"]
    assert [
        (each.platform, each.method, each.path, each.query["q"], each.headers["x-who"]) for each in server.asked
    ] == [
        ("one", "GET", "/hello", "x", "me"),
        ("two", "GET", "/hello", "x", "me"),
    ]
