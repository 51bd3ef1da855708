"""A commit is whole or absent, one process writes, and readers are never in the way: on every store."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import current_thread, main_thread
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.util import await_only

from listener.store.database import place, reading
from listener.store.port import SourceRow, Store, StoreBusyError, StoreError, Views
from listener.store.reached import Position
from listener.store.store import open_store
from listener.store.tables import META
from listener.store.views import open_views
from tests.stores import T0, commit, everything, heard, held_back, outgoing, silence, stored, transition

# --- all or nothing ---------------------------------------------------------------------------------------------------


@pytest.fixture
def failing() -> Iterator[list[int]]:
    """Set `[n]`: the n-th statement from then on fails."""
    left: list[int] = []

    def fail(*_: Any) -> None:
        if left:
            left[0] -= 1
            if not left[0]:
                left.clear()
                raise OperationalError("statement", None, OSError("pulled the plug"))

    event.listen(Engine, "before_cursor_execute", fail)
    yield left
    event.remove(Engine, "before_cursor_execute", fail)


FULL = commit(
    T0 + 1,
    seen=[("feed:z", "1", "press")],
    mentions=[stored("z")],
    tombstones=["feed:a"],
    inputs=[heard("z")],
    transitions=[transition("i1", 0)],
    outgoing=[outgoing("d9")],
    sources=[SourceRow(name="press", kind="feed", state="live", cursor="2")],
    silences=[silence()],
    held_back=[held_back()],
    snapshots=[("acme", T0, b"s")],
)


async def test_a_commit_that_fails_at_any_statement_leaves_nothing(
    store: Store, views: Views, failing: list[int]
) -> None:
    await store.commit(commit(mentions=[stored("a")], inputs=[heard("a")]))
    before, statement = await everything(store, views), 0
    while True:
        statement += 1
        failing[:] = [statement]
        try:
            await store.commit(FULL)
        except StoreError:
            failing.clear()
            assert await everything(store, views) == before
            continue
        break
    failing.clear()
    assert statement > 10
    assert [seq async for seq, _ in store.inputs("acme", 0)] == [1, 2]


async def test_a_commit_cancelled_at_any_moment_is_whole_or_absent(store: Store, views: Views) -> None:
    seqs: list[int] = []
    for patience in range(0, 60, 3):
        before = [seq async for seq, _ in store.inputs("acme", 0)]
        identity = f"feed:{patience}"
        async with asyncio.TaskGroup() as group:
            task = group.create_task(
                store.commit(commit(seen=[(identity, "1", "press")], inputs=[heard(str(patience))] * 2))
            )
            for _ in range(patience):
                await asyncio.sleep(0)
            task.cancel()
        seqs = [seq async for seq, _ in store.inputs("acme", 0)]
        assert len(seqs) - len(before) == (2 if await store.lookup([identity]) else 0)
    await store.commit(commit(inputs=[heard("last")]))
    assert [seq async for seq, _ in store.inputs("acme", 0)] == list(range(1, len(seqs) + 2))


async def test_reads_that_are_cancelled_leave_the_store_usable(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored(str(number)) for number in range(50)]))
    for patience in range(12):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(views.mentions()), group.create_task(store.lookup(["feed:1"]))]
            for _ in range(patience):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
    assert len(await views.mentions()) == 50
    assert set(await store.lookup(["feed:1"])) == {"feed:1"}


# --- one writer, readers beside it ------------------------------------------------------------------------------------


async def test_a_second_writer_is_refused_and_told_who_writes(where: str, store: Store) -> None:
    second = open_store(where)
    with pytest.raises(StoreBusyError, match="a test"):
        await second.open("another")
    await store.commit(commit(inputs=[heard("a")]))
    await store.close()
    await second.open("another")
    assert await second.position() == Position(advanced=T0, last=T0)
    await second.close()


async def test_reads_are_not_held_up_by_a_transaction_that_writes(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored("a")]))
    inside, seen, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def hold(_: Any) -> None:
        if inside.is_set():
            return  # whoever reads ends a transaction as well
        loop.call_soon_threadsafe(inside.set)
        if current_thread() is main_thread():
            await_only(asyncio.wait_for(seen.wait(), 10))
        else:
            asyncio.run_coroutine_threadsafe(seen.wait(), loop).result(10)

    event.listen(Engine, "commit", hold)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(store.commit(commit(T0 + 1, mentions=[stored("b")])))
            await inside.wait()
            assert len(await views.mentions()) == 1
            seen.set()
    finally:
        event.remove(Engine, "commit", hold)
    assert len(await views.mentions()) == 2


async def test_a_read_that_lasts_too_long_is_cut_and_the_next_one_works(where: str, store: Store) -> None:
    await store.commit(commit(inputs=[heard("a")]))
    views = open_views(where, limit=timedelta(milliseconds=200))
    assert await views.brands() == ["acme"]
    with slowed(), pytest.raises(StoreError, match="took too long"):
        await views.brands()
    assert await views.brands() == ["acme"]
    await views.close()


@contextmanager
def slowed() -> Iterator[None]:
    """Every query of brands counts to a milliard first."""
    count = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000) select count(*) from n"
    )

    def slow(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return (count if "FROM brands" in statement else statement), parameters

    event.listen(Engine, "before_cursor_execute", slow, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", slow)


async def test_views_change_nothing(where: str, store: Store) -> None:
    engine = reading(place(where), timedelta(seconds=5))
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await engine.run(lambda connection: connection.execute(META.delete()))
    await engine.dispose()
