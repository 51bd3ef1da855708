"""What only a file can do: be missing, locked, full, damaged, old, new, or copied."""

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, create_engine, event, insert
from sqlalchemy import table as sql_table
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import Pool

from alerts.grouping import Rank
from listener.store.database import place, reading
from listener.store.migrate import config, upgrade
from listener.store.port import SchemaError, StoreBusyError, StoreError
from listener.store.store import open_store
from listener.store.tables import HEAD, METADATA
from listener.store.upkeep import backup, migrate
from listener.store.views import open_views
from tests.stores import T0, commit, everything, heard, opened, stored

NAME = "badbuzz.db"


def test_the_revisions_make_exactly_the_tables_and_end_at_head() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection)
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert ScriptDirectory.from_config(config(connection)).get_current_head() == HEAD
    engine.dispose()


async def test_a_store_is_one_private_folder(tmp_path: Path) -> None:
    async with opened(str(tmp_path / "data")):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


async def refused(where: Path, words: str, error: type[StoreError] = StoreError) -> None:
    store = open_store(where)
    with pytest.raises(error, match=words) as raised:
        await store.open("a test")
    assert str(where) in str(raised.value) or str(where.parent) in str(raised.value)


async def test_a_folder_without_parents_is_refused_with_a_way_out(tmp_path: Path) -> None:
    await refused(tmp_path / "no" / "data", "create it, or set another")


async def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    await refused(tmp_path / "data", "is not a directory")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be written. Root may write everywhere, so it is somebody else for a while."""
    before = os.geteuid()
    tmp_path.chmod(0o500)
    if before == 0:
        os.seteuid(65_534)
    yield tmp_path
    if before == 0:
        os.seteuid(0)
    tmp_path.chmod(0o700)


async def test_a_folder_that_may_not_be_written_is_refused(closed: Path) -> None:
    await refused(closed / "data", "may not be written")


async def test_a_damaged_file_is_refused_with_a_way_out_and_kept(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a database" * 1_000)
    await refused(tmp_path, "damaged: keep it, put back a copy")
    views = open_views(tmp_path)
    with pytest.raises(StoreError, match="damaged"):
        await views.brands()
    await views.close()
    assert (tmp_path / NAME).read_bytes() == b"not a database" * 1_000


async def test_a_full_disk_fails_the_commit_whole_and_the_next_one_may_work(tmp_path: Path) -> None:
    with few_pages() as limit:
        async with opened(str(tmp_path)) as store:
            many = [stored(str(number), text="x" * 1_000) for number in range(500)]
            limit("60")
            with pytest.raises(StoreError, match="disk is full: free some space"):
                await store.commit(commit(T0 + 1, mentions=many, inputs=[heard("a")]))
            assert await store.position() is None
            limit("1000000")
            await store.commit(commit(T0 + 2, mentions=many, inputs=[heard("a")]))
            assert [seq async for seq, _ in store.inputs("acme", 0)] == [1]


@contextmanager
def few_pages() -> Iterator[Any]:
    """A disk of as many pages as said last: SQLite then fails as on a full one."""
    made = ["1000000"]

    def checkout(connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={made[-1]}")
        cursor.close()

    event.listen(Pool, "checkout", checkout)
    try:
        yield made.append
    finally:
        event.remove(Pool, "checkout", checkout)


async def test_the_folder_is_free_again_when_opening_failed(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a database" * 1_000)
    await refused(tmp_path, "damaged")
    (tmp_path / NAME).unlink()
    async with opened(str(tmp_path)) as store:
        assert await store.position() is None


async def test_a_newer_schema_is_refused_by_both_sides(tmp_path: Path) -> None:
    async with opened(str(tmp_path)):
        pass
    rewrite(tmp_path / NAME, "update alembic_version set version_num = '9999'")
    await refused(tmp_path, "newer badbuzz", SchemaError)
    views = open_views(tmp_path)
    with pytest.raises(SchemaError, match="newer badbuzz"):
        await views.ask("ack", "1", "Léa", T0)
    await views.close()


def rewrite(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    rewrite(
        tmp_path / NAME,
        "create table alembic_version (version_num text)",
        "create table kept (word text)",
        "insert into kept values ('old')",
    )
    rewrite(tmp_path / NAME, "insert into alembic_version values ('0000')")
    store = open_store(tmp_path)
    with pytest.raises(Exception, match="0000"):  # there is no way from a revision that never was
        await store.open("a test")
    with closing(sqlite3.connect(tmp_path / f"{NAME}.before-{HEAD}")) as copy:
        assert copy.execute("select word from kept").fetchall() == [("old",)]
    with closing(sqlite3.connect(tmp_path / NAME)) as file:
        assert file.execute("select word from kept").fetchall() == [("old",)]


async def test_what_was_planned_before_deliveries_said_what_they_ask_for_keeps_its_rank(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / NAME}")
    with engine.begin() as connection:
        command.upgrade(config(connection), "0012")
        for step, state in enumerate(("open", "acknowledged", "resolved")):
            row = {"incident": "i1", "step": step, "position": step, "body": json.dumps({"state": state}).encode()}
            put(connection, "transitions", row)
        due = {"thread": "i1", "state": "due", "attempts": 0, "critical": True, "fallback": b"[]", "circle": ""}
        said = {"reason": "", "detail": "", "receipt": "", "created": T0}
        for step, call in enumerate((None, None, b'{"why":"remind"}')):
            mine = {"id": f"d{step}", "position": step, "channel": f"c{step}", "due": T0 + step, "slot": T0 + step}
            put(connection, "outbox", {**due, **said, **mine, "transition": f"i1.{step}", "call": call})
        program = {"id": "d3", "position": 3, "channel": "c3", "due": T0, "transition": "i1.0"}
        put(connection, "outbox", {**due, **said, **program})
    engine.dispose()
    async with opened(str(tmp_path)) as store:
        ranks = [(each.channel, each.rank) for each in await store.slots(T0 - 1)]
        assert [True] == [each.asks for each in await store.due("c3", T0)]
    assert [("c0", Rank.CRITICAL), ("c1", Rank.LATER), ("c2", Rank.CRITICAL)] == ranks


def put(connection: Connection, table: str, row: dict[str, object]) -> None:
    columns = {name: column(name) for name in row}
    connection.execute(insert(sql_table(table, *columns.values())), row)


async def test_views_of_no_store_say_so_and_make_none(tmp_path: Path) -> None:
    views = open_views(tmp_path)
    with pytest.raises(StoreError, match=r"no store at .* yet"):
        await views.brands()
    await views.close()
    assert holding(tmp_path) == []


async def test_migrating_is_refused_while_a_daemon_writes(tmp_path: Path) -> None:
    assert await migrate(tmp_path) == (None, HEAD)
    assert await migrate(tmp_path) == (HEAD, HEAD)
    async with opened(str(tmp_path), "badbuzz run"):
        with pytest.raises(StoreBusyError, match="badbuzz run"):
            await migrate(tmp_path)


async def test_a_backup_of_a_running_store_opens_as_the_same_store(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    async with opened(str(tmp_path / "data")) as store:
        await store.commit(commit(mentions=[stored("a")], inputs=[heard("a")]))
        await backup(tmp_path / "data", tmp_path / "copy" / NAME)
        views = open_views(tmp_path / "data")
        before = await everything(store, views)
        await views.close()
    assert holding(tmp_path / "copy") == [NAME]
    with pytest.raises(StoreError, match="exists already"):
        await backup(tmp_path / "data", tmp_path / "copy" / NAME)
    views = open_views(tmp_path / "copy")
    async with opened(str(tmp_path / "copy")) as store:
        assert await everything(store, views) == before
    await views.close()


async def test_what_its_author_took_back_is_in_no_byte_of_the_file(tmp_path: Path) -> None:
    async with opened(str(tmp_path)) as store:
        await store.commit(commit(mentions=[stored("a", text="zanzibar" * 500), stored("b")]))
        await store.commit(commit(T0 + 1, tombstones=["feed:a"]))
    assert holding(tmp_path, b"zanzibar") == []


def holding(folder: Path, word: bytes = b"") -> list[str]:
    return [path.name for path in folder.iterdir() if word in path.read_bytes()]


@pytest.mark.parametrize("where", ["mysql://u:s3cret@host/db", "postgresql://u:s3cret@host:port/db"])
def test_an_address_of_another_kind_is_refused_without_its_password(where: str) -> None:
    with pytest.raises(StoreError, match="postgresql://") as raised:
        open_store(where)
    assert "s3cret" not in str(raised.value)


async def test_a_store_that_is_closed_waits_for_every_commit_and_for_no_read(tmp_path: Path) -> None:
    store, begun, loop = open_store(tmp_path), asyncio.Semaphore(0), asyncio.get_running_loop()
    await store.open("a test")
    reads = reading(place(tmp_path), timedelta(hours=1))

    def count(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.release)
        connection.exec_driver_sql(ENDLESS)

    async with asyncio.timeout(20):
        slow = [loop.create_task(reads.run(count)) for _ in range(6)]
        await begun.acquire()
        last = loop.create_task(store.commit(commit(inputs=[heard("last")])))
        await asyncio.sleep(0)
        await reads.dispose()
        await asyncio.wait(slow)
        await store.close()
        await last
    assert [True] * 6 == [isinstance(each.exception(), OperationalError | sqlite3.OperationalError) for each in slow]
    async with opened(str(tmp_path)) as again:
        assert [1] == [seq async for seq, _ in again.inputs("acme", 0)]


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
