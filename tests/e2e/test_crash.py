"""The daemon killed at every point of its writing and at random, mid-crisis: nothing lost, nothing twice."""

import asyncio
import random

import pytest

from listener.store.upkeep import migrate
from tests.e2e.world import check, is_sound, lives, readings, settle, shape, talk, uninterrupted, world
from tests.postgres import cluster


@pytest.fixture
def postgresql():
    with cluster() as url:
        yield url


async def campaign(the_world, points, moments):
    """Kill the daemon at points of its writing and after some seconds, then let it catch up; the transitions."""
    config, stop = the_world.write_config(), asyncio.Event()
    async with lives(the_world, config) as daemon, asyncio.TaskGroup() as group:
        talking = group.create_task(talk(the_world, stop, limit=5_000))
        exits = [await daemon.die(point=point) for point in points]
        exits += [await daemon.die(after=seconds) for seconds in moments]
        stop.set()
        assert [-9] * len(exits) == exits
        assert await settle(the_world, daemon, after=talking)
    return await check(the_world)


@pytest.mark.timeout(400)
async def test_fifty_kills_lose_nothing_and_count_nothing_twice(tmp_path):
    chance = random.Random()
    points = [*range(1, 41), *(chance.randrange(41, 120) for _ in range(4))]
    async with world(tmp_path) as the_world:
        steps = await campaign(the_world, points, [chance.uniform(0.05, 1.5) for _ in range(12)])
        groups = await readings(the_world)
    calm = await uninterrupted(tmp_path / "calm", groups)
    assert max(map(len, groups)) > 1
    assert shape(calm, "many") == shape(steps, "many")
    assert shape(calm, "leak") == shape(steps, "leak")


async def surge(the_world, stop):
    """A few people an hour of the daemon's, until stopped; then very many at once."""
    number = 0
    while not stop.is_set():
        number += 1
        the_world.say_in_file(number)
        await asyncio.sleep(0.5)
    for more in range(200):
        the_world.say_in_file(number + more + 1)


@pytest.mark.timeout(200)
async def test_what_was_learnt_goes_through_kills_and_decides_as_in_a_replay(tmp_path):
    chance = random.Random()
    async with world(tmp_path) as the_world:
        the_world.speed = 240  # more than an hour is learnt between the first kill and the last
        config, stop = the_world.write_config(), asyncio.Event()
        async with lives(the_world, config) as daemon, asyncio.TaskGroup() as group:
            talking = group.create_task(surge(the_world, stop))
            exits = [await daemon.die(point=point) for point in range(5, 60, 5)]
            exits += [await daemon.die(after=chance.uniform(2, 4)) for _ in range(8)]
            stop.set()
            assert [-9] * len(exits) == exits
            assert await settle(the_world, daemon, after=talking)
        steps = await check(the_world)
        assert "open" in [step.state for step in steps if step.rule == "surge"]


@pytest.mark.timeout(200)
async def test_postgresql_keeps_the_same_promises(tmp_path, postgresql):
    await migrate(postgresql)
    chance = random.Random()
    async with world(tmp_path) as the_world:
        the_world.database = postgresql
        await campaign(the_world, [*range(1, 16, 2)], [chance.uniform(0.05, 1.5) for _ in range(4)])


@pytest.mark.parametrize("table", ["inputs", "transitions", "outbox"])
async def test_a_commit_split_in_two_is_noticed(tmp_path, table):
    async with world(tmp_path) as the_world:
        config, stop = the_world.write_config(), asyncio.Event()
        async with lives(the_world, config) as daemon, asyncio.TaskGroup() as group:
            talking = group.create_task(talk(the_world, stop, limit=400))
            for point in (1, 1, 2):
                await daemon.die(point=point, split=table)
            stop.set()
            complete = await settle(the_world, daemon, seconds=8.0, after=talking)
        assert not (complete and await is_sound(the_world))
