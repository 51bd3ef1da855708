"""Two machines and one database: whatever befalls the active one, the other goes on, and nothing is lost or doubled."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.e2e.machines import BLOWS, Machine, awaited, drawn, ended, machines, schedule
from tests.e2e.world import check, is_told, readings, shape, talk, uninterrupted, views_of
from tests.postgres import execute

SEED = int(os.environ["FRESH_SEED"])


async def sample(machine, name):
    _, body = await machine.says("/metrics")
    return next(float(line.rpartition(" ")[2]) for line in body.splitlines() if line.startswith(f"{name} "))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("blow", BLOWS)
async def test_whatever_befalls_the_active_machine_nothing_is_lost_and_nothing_doubled(the_world, tmp_path, blow):
    _, chance = drawn(SEED, 1)
    await schedule(the_world, [blow, blow], chance)
    steps = await check(the_world)
    calm = await uninterrupted(tmp_path / "calm", await readings(the_world))
    assert shape(calm, "many") == shape(steps, "many")
    assert shape(calm, "leak") == shape(steps, "leak")


@pytest.mark.timeout(300)
async def test_a_schedule_drawn_at_random_loses_nothing_and_doubles_nothing(the_world):
    blows, chance = drawn(SEED, 5)
    await schedule(the_world, blows, chance)
    await check(the_world)


@pytest.mark.timeout(300)
async def test_who_stands_by_says_so_everywhere_and_goes_on_at_once_when_the_active_one_is_stopped(the_world):
    the_world.lease = "1m"
    async with machines(the_world) as (first, second):
        assert await second.says("/-/healthy") == (200, "healthy\n")
        assert (await second.says("/"))[0] == 503
        assert (await second.says("/in/push"))[0] == 503
        assert [await sample(each, "badbuzz_active") for each in (first, second)] == [1, 0]
        assert await sample(first, "badbuzz_epoch") == 1
        async with talking(the_world):
            assert await first.end(signal.SIGTERM) == 0
            await awaited("active", second.is_active, (first, second))
            assert [await sample(second, f"badbuzz_{name}") for name in ("active", "epoch")] == [1, 2]
            assert await sample(second, "badbuzz_takeover_seconds") >= 0
            await awaited("all told", lambda: is_told(the_world), (first, second))
        assert "msg=standby" in second.log.read_text()
        assert "msg=took_over" in second.log.read_text()
        assert await second.end(signal.SIGTERM) == 0
    await check(the_world)


@asynccontextmanager
async def talking(the_world):
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(talk(the_world, stop, limit=40))
        await task
        yield


@pytest.mark.timeout(300)
async def test_one_that_stood_still_finds_its_commit_refused_steps_down_and_sends_nothing(the_world):
    the_world.lease = "6s"
    async with machines(the_world) as (first, second):
        async with talking(the_world):
            first.signal(signal.SIGSTOP)
            await awaited("active", second.is_active, (first, second))
            await awaited("all told", lambda: is_told(the_world), (first, second))
        told = Counter(key for _, key, _ in the_world.delivered)
        first.signal(signal.SIGCONT)
        await awaited("standing by", first.stands_by, (first, second))
        log = first.log.read_text()
        assert "msg=stepped_down" in log
        assert f"the store was taken over by pid {second.process.pid} on " in log
        more = Counter(key for _, key, _ in the_world.delivered) - told
        assert more.total() <= 1, "only what it was about to send as it stopped"
        assert more.keys() <= told.keys()
        await ended((first, second))
    async with views_of(the_world) as views:
        assert await views.deliveries(state="due") == []
    await check(the_world)


@pytest.mark.timeout(300)
async def test_one_that_stands_by_goes_on_waiting_through_a_reload_and_ends_when_it_is_told(the_world):
    the_world.lease = "1m"
    async with machines(the_world) as (first, second):
        second.signal(signal.SIGHUP)
        assert await second.stands_by()
        assert await second.end(signal.SIGTERM) == 0
        assert await first.is_active()
        assert await first.end(signal.SIGTERM) == 0


@pytest.mark.timeout(300)
async def test_one_that_is_told_to_end_while_it_takes_over_ends_as_if_it_had_begun(the_world):
    async with machines(the_world) as (first, second):

        async def takes_over():
            return "msg=took_over" in second.log.read_text()

        assert await first.end(signal.SIGTERM) == 0
        await awaited("taking over", takes_over, (first, second), pause=0.001)
        assert await second.end(signal.SIGTERM) == 0


@pytest.mark.timeout(300)
async def test_one_that_loses_the_server_while_it_takes_over_begins_again(the_world):
    async with machines(the_world) as (first, second):
        guard = await asyncpg.connect(the_world.database)
        await first.end(signal.SIGKILL)
        await guard.execute("begin; lock table snapshots in access exclusive mode")

        async def reads_back():
            return await guard.fetchval("select count(*) from pg_locks where not granted and relation is not null")

        await awaited("reading back", reads_back, (first, second))
        await guard.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'badbuzz'")
        await guard.execute("rollback")
        await guard.close()
        await awaited("active", second.is_active, (first, second))
        assert "msg=stepped_down" in second.log.read_text()


async def test_a_first_start_that_cannot_read_the_store_back_ends_and_says_why(the_world):
    await execute(the_world.database, "alter table brands rename to elsewhere")
    machine = Machine(the_world, the_world.write_config(), the_world.port)
    await machine.start()
    try:
        assert await asyncio.wait_for(machine.process.wait(), 60) == 1
    finally:
        if machine.process.returncode is None:
            machine.process.kill()
            await machine.process.wait()
    assert 'relation "brands" does not exist' in machine.log.read_text()
