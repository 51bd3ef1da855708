"""The same log gives the same transitions, whether one process judges all brands or several share them."""

import os

import aiohttp
import pytest

from rules.instant import DAY, HOUR
from tests.e2e.judging import heard_in, judged, printed, published, with_kafka
from tests.e2e.machines import Machine, awaited
from tests.e2e.made_up import BRANDS as ALL
from tests.e2e.made_up import SOURCES, heard_alone, made_up, stepped, written
from tests.e2e.roles import BRANDS, PARTS, running
from tests.e2e.roles import SOURCES as PLACES
from tests.e2e.world import counted, views_at, world
from tests.kafka import cluster as kafka_cluster

SEED = int(os.environ["FRESH_SEED"])
BEGIN = 20_700 * DAY + 11 * HOUR


@pytest.fixture(scope="module")
def kafka():
    with kafka_cluster(3) as made:
        yield made


@pytest.mark.timeout(300)
async def test_one_judge_two_and_four_take_the_steps_of_one_process_and_of_a_backtest(tmp_path, kafka, server):
    readings = list(made_up(SEED, 2 * HOUR, BEGIN, rate=20))
    log = written(readings, tmp_path / "log.jsonl")
    the_world, config = with_kafka(tmp_path, kafka, server)
    environ = os.environ | the_world.environ
    steps, _ = await printed(config, log, environ=environ)
    assert len(steps) > 10, "a log in which much happens"
    assert steps == sorted(await heard_alone(tmp_path / "alone", readings))
    await published(the_world, config, readings, SOURCES)
    for count in (1, 2, 4):
        assert steps == await judged(the_world, config, count, readings, ALL), f"{count} judges"
        again, summary = await printed(config, "--from-store", environ=environ)
        assert summary["equal"]
        assert {*steps} <= {*again}


async def said_one_by_one(the_world, machines, views):
    """Say something in each place in turn, the next once the last was counted: no two have one stamp."""

    async def is_counted():
        return set(await counted(views, BRANDS[0])) == the_world.sent

    async with aiohttp.ClientSession() as session:
        for number in range(1, 30):
            match number % 5:
                case 0:
                    the_world.say_in_feed(number)
                case 1:
                    await the_world.push(session, number, number + 7)
                case _:
                    the_world.say_in_file(number)
            await awaited("counted", is_counted, machines)


@pytest.mark.timeout(300)
async def test_what_one_process_heard_gives_its_steps_again_when_judges_hear_it(tmp_path, kafka, server):
    async with world(tmp_path) as the_world:
        the_world.brands, the_world.parts = BRANDS, PARTS
        alone = Machine(the_world, the_world.write_config(), the_world.port)
        async with running(alone), views_at(tmp_path / "data") as views:
            await awaited("ready", alone.is_active, [alone])
            await said_one_by_one(the_world, [alone], views)
        async with views_at(tmp_path / "data") as views:
            begin, readings = await heard_in(views)
            steps = sorted(await stepped(views, readings[-1].at))
        the_world.database, the_world.kafka = server, kafka.servers.replace(",", ", ")
        config = the_world.write_config()
        await published(the_world, config, readings, PLACES, begin)
        assert steps == await judged(the_world, config, 2, readings)
