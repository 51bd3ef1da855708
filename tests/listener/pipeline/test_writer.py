"""The one task that writes: bounded transactions, promises kept after the commit only, nothing left at the end."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing

import pytest

from listener.collector import MENTIONS_AT_ONCE
from listener.pipeline.work import BULK, Read, SourceChange
from listener.pipeline.writer import QUEUE, Writer
from listener.store.database import FILE
from listener.store.port import StoreBusyError, StoreError
from tests.stores import newest_snapshot


def taken_over(data):
    """As by a daemon that a file system without working locks let in."""
    with closing(sqlite3.connect(data / FILE)) as file, file:
        file.execute("update meta set epoch = epoch + 1, owner = 'the next one'")


@asynccontextmanager
async def writing(world):
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(writer.run(), name="writer")
        yield writer
        task.cancel()
        await asyncio.wait([task])
        await writer.finish()


def reads(world, *names):
    return Read(source="press", mentions=[world.said(name) for name in names], cursor=names[-1])


async def committed(world):
    return [len(commit.mentions) for commit in world.store.commits if commit.mentions]


async def test_work_is_promised_only_when_it_is_committed(world):
    async with writing(world) as writer:
        await writer.submit(reads(world, "1"))
        assert "1" == (await world.store.source("press")).cursor
    assert writer.healthy


async def test_works_that_come_together_share_a_transaction(world):
    async with writing(world) as writer, asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(writer.submit(reads(world, str(number))))
    assert [20] == await committed(world)


async def test_what_comes_while_one_is_written_shares_the_next(world):
    commit = world.store.commit

    async with writing(world) as writer, asyncio.TaskGroup() as group:

        async def committing(given):
            if [each.mention.id for each in given.mentions] == ["1"]:
                for name in ("2", "3"):
                    group.create_task(writer.submit(reads(world, name)))
                    await asyncio.sleep(0)
            await commit(given)

        world.store.commit = committing
        await writer.submit(reads(world, "1"))
    assert [1, 2] == await committed(world)


async def test_a_transaction_holds_about_a_batch(world):
    parts = [[f"{part}.{number}" for number in range(200)] for part in range(10)]
    async with writing(world) as writer, asyncio.TaskGroup() as group:
        for names in parts:
            group.create_task(writer.submit(reads(world, *names)))
    sizes = await committed(world)
    assert 2000 == sum(sizes)
    assert max(sizes) < 2 * MENTIONS_AT_ONCE


async def test_a_transaction_holds_no_more_text_than_can_be_judged_in_a_moment(world):
    long = "acme " + "x" * (BULK // 3)
    async with writing(world) as writer, asyncio.TaskGroup() as group:
        for number in range(9):
            said = world.said(str(number), long)
            group.create_task(writer.submit(Read(source="press", mentions=[said])))
    assert [3, 3, 3] == await committed(world)


async def test_whoever_submits_waits_when_the_queue_is_full(world):
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(writer.submit(reads(world, str(number)))) for number in range(2 * QUEUE)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        for task in tasks[QUEUE:]:
            task.cancel()
        await writer.finish()
    assert [QUEUE] == await committed(world)


async def test_a_failed_commit_is_told_to_everybody_in_it_and_the_next_one_works(world):
    async with writing(world) as writer:
        world.store.failing = 1
        answers = []

        async def submit(name):
            try:
                await writer.submit(reads(world, name))
            except StoreError as error:
                answers.append((name, str(error)))

        async with asyncio.TaskGroup() as group:
            for name in ("1", "2"):
                group.create_task(submit(name))
        assert [("1", "the disk is full"), ("2", "the disk is full")] == sorted(answers)
        assert not writer.healthy
        await writer.submit(reads(world, "1"))
        assert writer.healthy
    assert [1] == await committed(world)


@pytest.mark.parametrize("turns", range(0, 60, 4))
async def test_work_that_is_under_way_when_the_writer_is_stopped_is_not_lost(world, turns):
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(writer.run())
        waiting = group.create_task(writer.submit(reads(world, "1", "2", "3")))
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        await writer.finish()
        await waiting
    assert ["open"] == await world.states()
    assert 3 == len(await world.views.mentions())
    assert (3, "3") == ((row := await world.store.source("press")).mentions, row.cursor)


async def test_what_was_committed_when_the_writer_was_stopped_is_not_done_again(world):
    writer = Writer(world.ledger, world.metrics)
    commit = world.store.commit

    async def committing(given):
        await commit(given)
        if given.mentions:
            running.cancel()
            await asyncio.sleep(0)

    world.store.commit = committing
    async with asyncio.TaskGroup() as group:
        running = group.create_task(writer.run())
        await writer.submit(reads(world, "1", "2", "3"))
        await asyncio.wait([running])
        await writer.finish()
    assert 3 == (await world.store.source("press")).mentions


async def test_the_end_writes_what_is_queued_and_a_snapshot(world):
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.submit(reads(world, "1")))
        group.create_task(writer.submit(SourceChange(source="press", state="live")))
        await asyncio.sleep(0)
        await writer.finish()
    assert "live" == (await world.store.source("press")).state
    assert len(await world.log()) == (await newest_snapshot(world.store, "acme")).seq


async def test_a_writer_whose_store_was_taken_over_ends_and_says_by_whom(world):
    taken_over(world.folder / "data")
    world.clock.move(minutes=1)
    writer = Writer(world.ledger, world.metrics)
    with pytest.raises(StoreBusyError, match="the store was taken over by the next one: stop one of the two"):
        async with asyncio.timeout(10):
            await writer.run()


async def test_one_who_stops_waiting_does_not_hold_up_the_others(world):
    async with writing(world) as writer, asyncio.TaskGroup() as group:
        impatient = group.create_task(writer.submit(reads(world, "1")))
        await asyncio.sleep(0)
        impatient.cancel()
        await writer.submit(reads(world, "2"))
    assert 2 == len(await world.views.mentions())
