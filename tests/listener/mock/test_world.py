"""The mock platforms' shared ground: what was said, who asked, what goes wrong."""

import asyncio
from random import Random

import aiohttp
import pytest
from aiohttp import web

from listener.mock.faults import FAULTS, Faults, read_faults
from listener.mock.server import serving
from listener.mock.world import Account, World
from rules.instant import MINUTE

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


def test_faults_are_switched_on_and_off_as_they_were_written():
    known = ["stall", "reset", "close"]
    switches = read_faults("reset, stall@10m..12m,close@1h..", known, Random(1))
    passed = [0]
    faults = Faults(switches=switches, passed=lambda: passed[0])
    struck = []
    for minute in (0, 9, 10, 11, 12, 59, 60, 600):
        passed[0] = minute * MINUTE
        struck.append([faults.strikes("stall"), faults.strikes("close")])
    assert struck == [[False, False]] * 2 + [[True, False]] * 2 + [[False, False]] * 2 + [[False, True]] * 2
    assert 0 < sum(faults.strikes("reset") for _ in range(1_000)) < 200
    assert {switch.name for switch in read_faults("all", known, Random(1))} == set(known)
    assert read_faults("", known, Random(1)) == []


def test_faults_are_drawn_at_random_alike_from_a_seed():
    known = list(FAULTS)
    drawn = [read_faults("random", known, Random(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {switch.end is None for switch in drawn[0]} == {True, False}


@pytest.mark.parametrize("text", ["nonsense", "stall@soon", "stall@", "stall..5m", "stall@5m..x", "stall,,reset@-1m"])
def test_faults_that_cannot_be_read_are_refused_with_the_way_out(text):
    with pytest.raises(ValueError, match=r"write it like|there are all, random, stall, reset"):
        read_faults(text, ["stall", "reset"], Random(1))


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
