"""A store that grew on SQLite goes on in PostgreSQL: every row, all or nothing, and nothing by mistake."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Boolean, Connection, LargeBinary, Table, select

from listener.store.database import on_file, on_server, place
from listener.store.moving import move
from listener.store.port import NoStoreError, SchemaError, StoreBusyError, StoreError
from listener.store.store import open_store
from listener.store.tables import METADATA
from listener.store.upkeep import migrate
from listener.store.views import open_views
from tests.postgres import emptied
from tests.stores import T0, commit, heard, opened

ROWS = 1_201
"""More than are copied at once, and no round number of these."""


def silent(_done: int, _total: int) -> None:
    """Whoever is not told anything."""


def invented(table: Table, number: int) -> dict[str, Any]:
    """A row that no other is like, with all that a column can hold."""
    found: dict[str, Any] = {}
    for column in table.columns:
        if isinstance(column.type, Boolean):
            found[column.name] = number % 2 == 0
        elif isinstance(column.type, LargeBinary):
            found[column.name] = bytes([number % 256]) * (number % 40)
        elif column.type.python_type is int:
            found[column.name] = number + 1 if column.primary_key else 2**53 + number
        else:
            found[column.name] = f"{column.name} é🙂\n{number:07}"
        if column.nullable and number % 3 == 0:
            found[column.name] = None
    return found


def rows_of(connection: Connection) -> dict[str, set[tuple[Any, ...]]]:
    return {table.name: {tuple(row) for row in connection.execute(select(table))} for table in METADATA.sorted_tables}


@pytest.fixture
async def full(tmp_path: Path) -> Path:
    """A data directory with rows in every table."""
    where = tmp_path / "data"
    async with opened(str(where)) as store:
        await store.commit(commit(inputs=[heard("a")]))
    engine = on_file(place(where))
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            if table.name not in {"meta", "lease", "brands", "inputs"}:
                connection.execute(table.insert(), [invented(table, number) for number in range(ROWS)])
    engine.dispose()
    return where


@pytest.fixture
async def empty(postgresql: str) -> str:
    return await emptied(postgresql)


async def shown(url: str) -> dict[str, set[tuple[Any, ...]]]:
    engine = on_server(place(url))
    async with engine.begin() as connection:
        found = await connection.run_sync(rows_of)
    await engine.dispose()
    return found


async def tables(url: str) -> int:
    connection = await asyncpg.connect(url)
    count: int = await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'")
    await connection.close()
    return count


def kept(where: Path) -> dict[str, set[tuple[Any, ...]]]:
    engine = on_file(place(where))
    with engine.begin() as connection:
        found = rows_of(connection)
    engine.dispose()
    return found


@pytest.mark.parametrize("is_made", [False, True], ids=["a new database", "one that was migrated"])
async def test_every_row_of_every_table_is_moved_and_told_of(full: Path, empty: str, is_made: bool) -> None:
    if is_made:
        await migrate(empty)
    before, told = kept(full), list[tuple[int, int]]()
    moved = await move(full, empty, lambda done, total: told.append((done, total)))
    assert await shown(empty) == before
    assert moved.rows == sum(map(len, before.values())) > 20 * ROWS
    assert told[-1] == (2 * moved.rows, 2 * moved.rows)
    assert sorted(told) == told


async def test_what_writes_next_goes_on_where_the_file_ended(full: Path, empty: str) -> None:
    async with opened(str(full)) as store:
        salt = await store.salt()
    await move(full, empty, silent)
    views = open_views(empty)
    assert await views.ask("ack", "i1", "Léa", T0) == ROWS + 1
    await views.close()
    async with opened(empty) as store:
        assert await store.salt() == salt
        await store.commit(commit(T0 + 1, inputs=[heard("b")]))
        assert [seq async for seq, _ in store.inputs("acme", 0)] == [1, 2]


async def test_words_that_only_a_file_can_hold_are_moved_as_the_server_can(tmp_path: Path, empty: str) -> None:
    where = tmp_path / "data"
    async with opened(str(where)):
        pass
    views = open_views(where)
    await views.ask("note", "1", "Léa\0", T0)
    await views.close()
    await move(where, empty, silent)
    async with opened(empty) as store:
        assert [command.by for command in await store.commands()] == ["Léa\ufffd"]


async def test_the_old_file_is_put_away_and_nothing_goes_on_there_by_mistake(full: Path, empty: str) -> None:
    moved = await move(full, empty, silent)
    assert moved.kept == full / "badbuzz.db.moved"
    with pytest.raises(StoreError, match=r"moved to PostgreSQL: set daemon\.database"):
        await open_store(full).open("a test")
    views = open_views(full)
    with pytest.raises(StoreError, match=r"moved to PostgreSQL: set daemon\.database") as raised:
        await views.brands()
    assert not isinstance(raised.value, NoStoreError)
    with pytest.raises(StoreError, match="moved to PostgreSQL"):
        await move(full, empty, silent)
    moved.kept.rename(full / "badbuzz.db")
    with pytest.raises(StoreError, match=r"holds this store already: set daemon\.database"):
        await move(full, empty, silent)


async def test_a_database_that_holds_something_is_left_alone(full: Path, empty: str) -> None:
    await migrate(empty)
    async with opened(empty) as store:
        await store.commit(commit(inputs=[heard("other")]))
    before = await shown(empty)
    with pytest.raises(StoreError, match=r"is not empty .*createdb"):
        await move(full, empty, silent)
    assert await shown(empty) == before
    assert (full / "badbuzz.db").exists()


async def test_nothing_is_moved_while_something_runs_on_either_side(full: Path, empty: str) -> None:
    async with opened(str(full), "the daemon here"):
        with pytest.raises(StoreBusyError, match="the daemon here"):
            await move(full, empty, silent)
    assert await tables(empty) == 0
    await migrate(empty)
    async with opened(empty, "the daemon there"):
        with pytest.raises(StoreError, match=r"is not empty \(lease\)"):
            await move(full, empty, silent)
    assert (full / "badbuzz.db").exists()


async def test_a_move_that_is_killed_has_changed_nothing_and_is_begun_again(full: Path, empty: str) -> None:
    for statements in (3, 60, 110):
        words = ("-m", "tests.contract.stores.mover", str(full), empty, str(statements))
        process = await asyncio.create_subprocess_exec(sys.executable, *words, env=dict(os.environ))
        assert await process.wait() == -signal.SIGKILL
    before = kept(full)
    await move(full, empty, silent)
    assert await shown(empty) == before


async def test_a_file_of_another_schema_and_places_that_are_none_are_refused(tmp_path: Path, empty: str) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        await move(tmp_path / "none", empty, silent)
    for target in ("", str(tmp_path / "elsewhere")):
        with pytest.raises(StoreError, match="--to postgresql://"):
            await move(tmp_path / "none", target, silent)
    async with opened(str(tmp_path / "data")):
        pass
    engine = on_file(place(tmp_path / "data"))
    with engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0001'")
    engine.dispose()
    with pytest.raises(SchemaError, match="badbuzz db migrate"):
        await move(tmp_path / "data", empty, silent)


async def test_a_server_that_is_away_is_named_without_the_password(full: Path) -> None:
    with pytest.raises(StoreError, match="is it running") as raised:
        await move(full, "postgresql://badbuzz:s3cret@127.0.0.1:1/postgres", silent)
    assert "s3cret" not in str(raised.value)
