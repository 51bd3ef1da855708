"""Several processes want one database: one has it, by the server's clock, and what the one before does is refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.util import await_only

from listener.store.port import Store, StoreAwayError, StoreBusyError, StoreError
from listener.store.store import open_store
from listener.store.upkeep import migrate
from rules.instant import DAY
from tests.postgres import emptied, execute
from tests.stores import T0, commit, heard, opened, taken, transition

SHORT, MIDDLING, LONG = timedelta(seconds=1), timedelta(seconds=9), timedelta(minutes=5)
"""With a short one a busy machine may stand still for longer than it allows."""


@pytest.fixture
async def database(postgresql: str) -> str:
    url = await emptied(postgresql)
    await migrate(url)
    return url


async def run_out(url: str) -> None:
    """Let the lease be as old as if its holder had stood still for long."""
    await execute(url, f"update lease set renewed = renewed - {DAY}")


@asynccontextmanager
async def kept(store: Store) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(store.keep(), name="lease")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_whoever_comes_second_is_told_who_writes_and_gets_it_once_the_first_is_done(database: str) -> None:
    first, second = open_store(database, LONG), open_store(database, LONG)
    begun = await first.open("the first")
    with pytest.raises(StoreBusyError, match="written by the first"):
        await second.open("the second")
    await first.close()
    follows = await second.open("the second")
    assert (begun.epoch, begun.idle) == (1, None)
    assert follows.epoch == 2
    assert follows.idle is not None
    assert timedelta() <= follows.idle < LONG
    await second.close()


async def test_a_lease_that_is_kept_is_lost_to_nobody_and_one_that_is_not_runs_out(database: str) -> None:
    first = await taken(database, "the first", SHORT)
    waiting = asyncio.create_task(taken(database, "the second", LONG), name="second")
    async with kept(first):
        await asyncio.sleep(2.5 * SHORT.total_seconds())
        assert not waiting.done()
        await first.assure()
    second = await waiting
    for use in (first.commit(commit(inputs=[heard("a")])), first.keep(), first.assure()):
        with pytest.raises(StoreBusyError, match="taken over by the second"):
            await use
    await first.close()  # takes nothing away from whoever has it now
    await second.assure()
    assert [seq async for seq, _ in second.inputs("acme", 0)] == []
    await second.close()


async def test_what_has_run_out_tells_nothing_and_is_renewed_if_nobody_took_it(database: str) -> None:
    async with opened(database) as store:
        await run_out(database)
        with pytest.raises(StoreError, match="run out"):
            await store.assure()
        await store.commit(commit(inputs=[heard("a")]))
    store = await taken(database, "a test", SHORT)
    await run_out(database)
    async with kept(store):
        async with asyncio.timeout(10):
            await sure(store)
    await store.close()


async def sure(store: Store) -> None:
    """Return once nobody else may write."""
    while True:
        try:
            await store.assure()
        except StoreError:
            await asyncio.sleep(0.05)
        else:
            return


async def test_nothing_is_removed_for_whoever_lost_the_store(database: str) -> None:
    first = open_store(database)
    await first.open("the first")
    await run_out(database)
    async with opened(database, "the second"):
        with pytest.raises(StoreBusyError, match="the second"):
            await first.purge(T0 + 30 * DAY, timedelta(days=1), {}, timedelta(days=1), ())
    await first.close()


async def test_a_transaction_that_stands_still_holds_up_nobody_and_is_refused_when_it_goes_on(database: str) -> None:
    first = await taken(database, "the first", SHORT)
    inside, go_on = asyncio.Event(), asyncio.Event()
    with standing_still("INSERT INTO inputs", inside, go_on):
        late = asyncio.create_task(first.commit(commit(inputs=[heard("a")])), name="late")
        await inside.wait()
        async with asyncio.timeout(20):
            second = await taken(database, "the second", LONG)
        await second.commit(commit(inputs=[heard("b")]))
        go_on.set()
        with pytest.raises(StoreError):
            await late
    with pytest.raises(StoreBusyError, match="the second"):
        await first.commit(commit(inputs=[heard("a")]))
    assert [entry.facts.mention async for _, entry in second.inputs("acme", 0)] == ["feed:b"]  # type: ignore[union-attr]
    await first.close()
    await second.close()


@contextmanager
def standing_still(before: str, inside: asyncio.Event, go_on: asyncio.Event) -> Iterator[None]:
    """The first transaction stops `before` a statement, and goes on when it is told."""

    def stop(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(before) and not inside.is_set():
            inside.set()
            await_only(go_on.wait())

    event.listen(Engine, "before_cursor_execute", stop)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", stop)


@asynccontextmanager
async def standing_amid_a_statement(url: str, name: str, statement: str) -> AsyncIterator[None]:
    """A process of ours that stands still in a transaction, once it asked what the next statement needs."""
    connection = await asyncpg.connect(url, server_settings={"application_name": name})
    await connection.execute(f"begin; {statement}")
    await connection.prepare("select 1")
    try:
        yield
    finally:
        connection.terminate()


async def test_whoever_stands_still_amid_a_statement_holds_up_no_successor(database: str) -> None:
    await (await taken(database, "the first", MIDDLING)).close()
    held = "select * from lease, meta for update"
    async with asyncio.timeout(20), standing_amid_a_statement(database, "badbuzz", held):
        second = await taken(database, "the second", MIDDLING)
    await second.close()


async def test_whoever_stands_still_amid_a_statement_holds_up_none_of_those_that_write(database: str) -> None:
    store = await taken(database, "a test", MIDDLING)
    others = "select count(*) from pg_stat_activity where application_name = 'somebody else'"
    async with (
        asyncio.timeout(20),
        kept(store),
        standing_amid_a_statement(database, "somebody else", "select 1"),
        standing_amid_a_statement(database, "badbuzz 3", "lock table inputs in exclusive mode"),
    ):
        await store.commit(commit(inputs=[heard("a")]))
        connection = await asyncpg.connect(database)
        assert await connection.fetchval(others) == 1
        await connection.close()
    await store.close()


async def test_whoever_stood_still_while_it_began_may_begin_again(database: str) -> None:
    store, inside, go_on = open_store(database, MIDDLING), asyncio.Event(), asyncio.Event()
    with standing_still("UPDATE lease", inside, go_on):
        begins = asyncio.create_task(store.open("a test"), name="begins")
        async with asyncio.timeout(20):
            await inside.wait()
            await ended_by_the_server(database)
        go_on.set()
        with pytest.raises(StoreAwayError):
            await begins
    assert (await store.open("a test")).epoch == 1
    await store.close()


async def test_whoever_stood_still_while_it_began_ends_nobody_elses_lease(database: str) -> None:
    first, inside, go_on = open_store(database, SHORT), asyncio.Event(), asyncio.Event()
    with standing_still_at_the_end_of("UPDATE lease", inside, go_on):
        begins = asyncio.create_task(first.open("the first"), name="begins")
        await inside.wait()
        async with asyncio.timeout(20):
            second = await taken(database, "the second", LONG)
        go_on.set()
        with pytest.raises(StoreError):
            await begins
    await second.assure()
    await second.close()


@contextmanager
def standing_still_at_the_end_of(statement: str, inside: asyncio.Event, go_on: asyncio.Event) -> Iterator[None]:
    """The first transaction with such a statement stops before it is committed, and goes on when it is told."""
    begun: list[Any] = []

    def note(connection: Any, _cursor: Any, said: str, *_: Any) -> None:
        if said.startswith(statement) and not begun:
            begun.append(connection)

    def stop(connection: Any) -> None:
        if connection in begun and not inside.is_set():
            inside.set()
            await_only(go_on.wait())

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", stop)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        event.remove(Engine, "commit", stop)


async def test_sessions_of_another_user_that_may_not_be_ended_are_waited_for(database: str) -> None:
    await (await taken(database, "the first", SHORT)).close()
    granted = "grant usage on schema public to other; grant all on all tables in schema public to other"
    await execute(database, f"create role other login; {granted}")
    theirs = open_store(database.replace("postgres@", "other@"), SHORT)
    try:
        async with standing_amid_a_statement(database, "badbuzz", "select * from meta for update"):
            with pytest.raises(StoreBusyError):
                await theirs.open("another user")
        assert (await theirs.open("another user")).epoch == 2
    finally:
        await theirs.close()
        await execute(database, "drop owned by other; drop role other")


async def test_whoever_waits_for_another_that_counts_loses_nothing_whatever_the_server_has_for_others(
    database: str,
) -> None:
    await execute(database, "alter database postgres set lock_timeout = '50ms'")
    counting = await asyncpg.connect(database)
    try:
        async with opened(database) as store, counting.transaction():
            await counting.execute("lock table transitions in exclusive mode")
            waits = asyncio.create_task(store.commit(commit(transitions=[transition("i1", 0)])), name="waits")
            await counting.execute("select pg_sleep(0.5)")
            await counting.execute("rollback and chain")
            await waits
    finally:
        await counting.close()
        await execute(database, "alter database postgres reset lock_timeout")


async def ended_by_the_server(url: str) -> None:
    """Wait until no transaction of ours stands open."""
    ours = "select count(*) from pg_stat_activity where application_name = 'badbuzz' and state = 'idle in transaction'"
    connection = await asyncpg.connect(url)
    while True:
        if not await connection.fetchval(ours):
            break
        await asyncio.sleep(0.05)
    await connection.close()


async def test_a_server_that_went_away_for_a_moment_takes_the_store_from_nobody(database: str) -> None:
    store = await taken(database, "a test", SHORT)
    async with kept(store) as keeping:
        await execute(database, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
        with pytest.raises(StoreError):
            await store.commit(commit(inputs=[heard("a")]))
        await store.commit(commit(inputs=[heard("a")]))
        async with asyncio.timeout(10):
            await sure(store)
        assert not keeping.done()
    await store.close()
