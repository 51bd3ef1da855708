"""Workers: each answers as its recipe says, is replaced when it is lost, and ends with who started it."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from listener.pool.line import LostError
from listener.pool.pool import MOST_FAILURES, NobodyError, Pool, workers
from tests.listener.pool.waiting import until

OBEDIENT = "tests.listener.pool.answerers:Obedient"
STILLBORN = "tests.listener.pool.answerers:stillborn"
BROKEN_OFF = "tests.listener.pool.answerers:broken_off"
ROOT = Path(__file__).parents[3]


def recipe(*parts):
    async def told():
        for part in parts:
            yield part

    return told


@asynccontextmanager
async def working(most=1, target=OBEDIENT, **options):
    pool = Pool(target, most, **options)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(pool.run(), name="workers")
        pool.renew(recipe(b"one"))
        pool.want()
        if target == OBEDIENT:
            await until(lambda: pool.ready == most)
        yield pool
        running.cancel()


def is_alive(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_a_worker_answers_what_it_is_asked_by_its_recipe():
    async with working() as pool:
        assert b"one " + b"x" * 3_000_000 == await pool.post(b"x" * 3_000_000)


async def test_several_work_at_the_same_time():
    async with working(most=2) as pool:
        assert 2 == len({*await asyncio.gather(*(pool.post(b"pid") for _ in range(40)))})


async def test_nobody_is_there_before_somebody_is_wanted():
    pool = Pool(OBEDIENT, 1)
    with pytest.raises(NobodyError):
        await pool.post(b"hello")
    pool.renew(recipe(b"one"))
    with pytest.raises(NobodyError):
        await pool.post(b"hello")


@pytest.mark.parametrize(("said", "why"), [(b"die", "ended by SIGKILL"), (b"fail some words", "ended with 1")])
async def test_who_asks_what_ends_a_worker_is_told_and_another_takes_its_place(said, why, capfd):
    lost = []
    async with working(lost=lambda: lost.append(1)) as pool:
        with pytest.raises(LostError, match=why):
            await pool.post(said)
        assert b"one hello" == await pool.post(b"hello")
    assert [1] == lost
    assert "some words" not in capfd.readouterr().err


async def test_a_worker_that_hangs_ends_itself():
    async with working(deadline=1.0) as pool:
        with pytest.raises(LostError, match="took too long"):
            await pool.post(b"hang")
        assert b"one hello" == await pool.post(b"hello")


async def test_a_worker_that_stands_still_is_ended():
    async with working(deadline=1.0) as pool:
        os.kill(int(await pool.post(b"pid")), signal.SIGSTOP)
        with pytest.raises(LostError, match="took too long"):
            await pool.post(b"hello")
        assert b"one hello" == await pool.post(b"hello")


async def test_what_waits_while_a_worker_is_lost_is_answered_by_the_next():
    async with working() as pool, asyncio.TaskGroup() as group:
        dying = group.create_task(lost_over(pool, b"die"))
        answers = [group.create_task(asked(pool, b"%d" % number)) for number in range(5)]
    assert dying.result()
    assert [b"one %d" % number for number in range(5)] == [answer.result() for answer in answers]


async def test_nothing_waits_for_who_is_busy_while_another_is_idle():
    async with working(most=2, deadline=60) as pool:
        hanging, answer = pool.post(b"hang"), pool.post(b"hello")
        assert b"one hello" == await answer
        assert not hanging.done()


async def test_of_what_a_worker_has_it_ended_over_what_it_worked_on():
    async with working() as pool:
        before, dying, after = (pool.post(said) for said in (b"before", b"die", b"after"))
        assert b"one before" == await before
        assert b"one after" == await after
        with pytest.raises(LostError, match="SIGKILL"):
            await dying


async def test_workers_that_cannot_be_started_are_given_up():
    lost = []
    pool = Pool(OBEDIENT, 1, lost=lambda: lost.append(1))
    pool.renew(recipe(b"one"))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(pool.run())
        with few_files():
            pool.want()
            await until(lambda: pool.has_given_up)
        running.cancel()
    assert MOST_FAILURES == len(lost)


@contextmanager
def few_files():
    """No file more can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_worker_that_ends_while_it_is_prepared_is_told_no_more(caplog):
    told = []

    async def parts():
        for number in range(100_000):
            told.append(number)
            yield b"x" * 1_000

    async with working(target=BROKEN_OFF) as pool:
        pool.renew(parts)
        pool.want()
        await until(lambda: pool.has_given_up)
    assert len(told) < 100_000
    assert [] == [each for each in caplog.records if each.name == "asyncio" and "pipe" in each.getMessage()]


async def asked(pool, said):
    return await pool.post(said)


async def lost_over(pool, said):
    try:
        await pool.post(said)
    except LostError:
        return True
    return False


async def test_workers_that_end_at_each_start_are_given_up(capfd):
    lost = []
    async with working(target=STILLBORN, lost=lambda: lost.append(1)) as pool:
        await until(lambda: pool.has_given_up)
        pool.want()
        with pytest.raises(NobodyError):
            await pool.post(b"hello")
    assert MOST_FAILURES == len(lost)


async def test_workers_that_are_given_up_while_one_starts_stay_given_up():
    begun, further = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield b"one"
        begun.set()
        await further.wait()

    async with working() as pool:
        pool.renew(slowly)
        pool.want()
        await begun.wait()
        pool.give_up("they end over too much")
        further.set()
        await until(lambda: has_nobody(pool))
        assert pool.has_given_up


def has_nobody(pool):
    try:
        pool.post(b"hello")
    except NobodyError:
        return True
    return False


async def test_another_recipe_is_tried_anew():
    async with working(target=STILLBORN) as pool:
        await until(lambda: pool.has_given_up)
        pool.renew(recipe(b"two"))
        assert not pool.has_given_up


async def test_a_new_recipe_lets_finish_what_was_begun_and_nothing_else():
    async with working() as pool, asyncio.TaskGroup() as group:
        pid = await pool.post(b"pid")
        begun = group.create_task(asked(pool, b"x" * 1_000_000))
        handed_over = group.create_task(asked(pool, b"next"))
        waiting = group.create_task(lost_or_nobody(pool, b"later"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        pool.renew(recipe(b"two"))
        pool.want()
        await until(lambda: pool.ready)
        assert b"two hello" == await pool.post(b"hello")
        assert pid != await pool.post(b"pid")
    assert b"one " in begun.result()
    assert handed_over.result() == b"one next"
    assert waiting.result() is NobodyError


async def lost_or_nobody(pool, said):
    try:
        return await pool.post(said)
    except (LostError, NobodyError) as error:
        return type(error)


async def test_workers_go_when_there_is_nothing_to_do_and_come_back():
    async with working(idle=0.05) as pool:
        await until(lambda: not pool.ready)
        with pytest.raises(NobodyError):
            await pool.post(b"hello")
        pool.want()
        await until(lambda: pool.ready)


async def test_no_worker_is_left_and_nobody_waits_at_the_end():
    async with working(deadline=60) as pool, asyncio.TaskGroup() as group:
        pid = int(await pool.post(b"pid"))
        hanging = group.create_task(lost_or_nobody(pool, b"hang"))
        waiting = group.create_task(lost_or_nobody(pool, b"hello"))
        await asyncio.sleep(0)
        for task in asyncio.all_tasks():
            if task.get_name() == "workers":
                task.cancel()
    assert [NobodyError, NobodyError] == [hanging.result(), waiting.result()]
    assert not is_alive(pid)


async def test_signals_are_for_whoever_started_it():
    async with working() as pool:
        pid = int(await pool.post(b"pid"))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
        assert pid == int(await pool.post(b"pid"))


async def test_a_worker_is_told_nothing_of_the_surroundings(monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "s3cret")
    async with working() as pool:
        assert b"s3cret" not in await pool.post(b"surroundings")


PARENT = """
import asyncio
from listener.pool.pool import Pool
from tests.listener.pool.test_pool import OBEDIENT, working

async def main():
    async with working(deadline=5) as pool:
        print((await pool.post(b"pid")).decode(), flush=True)
        await pool.post(b"hang")

asyncio.run(main())
"""


def test_a_worker_ends_with_a_parent_that_was_killed():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    asyncio.run(until(lambda: not is_alive(pid)))  # also in the middle of its work: it ends itself


def test_a_number_of_workers_is_taken_as_it_is():
    assert [0, 7] == [workers(0), workers(7)]


@pytest.mark.parametrize(("cores", "expected"), [(1, 0), (2, 2), (3, 3), (64, 4)])
def test_there_is_a_worker_for_each_of_several_cores(monkeypatch, cores, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert expected == workers("auto")
