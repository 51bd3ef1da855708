"""The schema's life: made, brought up to date, copied."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from config.problems import way_out
from listener.store.database import Place, in_words, on_server, place, writing
from listener.store.lock import PATIENCE, FileLock
from listener.store.port import SchemaError, StoreError
from listener.store.queries import revision
from listener.store.tables import HEAD
from listener.store.transacting import InLoop, Transactions

_ADVISORY = int.from_bytes(b"badbuzz", "big")
"""The name of our lock among the advisory locks of a PostgreSQL database: it is migrated by one process at a time."""
_SHORT = 25
"""Seconds that a start waits for a migration under way; then it ends, and is started again."""
_LONG = 6 * 3_600.0
"""Seconds that a statement of a migration or a move may take."""


def lock_file(file: Path) -> Path:
    """What keeps all but one process from writing to a SQLite file."""
    return file.with_name("badbuzz.lock")


def at_length(at: Place) -> InLoop:
    """A connection to a server for what may take long."""
    return InLoop(on_server(at, wait=_LONG))


def moved_file(file: Path) -> Path:
    """What a SQLite file is called once its store was moved to PostgreSQL."""
    return file.with_name(f"{file.name}.moved")


def refuse_moved(file: Path) -> None:
    """Raises StoreError when the store of a file was moved away."""
    kept = moved_file(file)
    if kept.exists() and not file.exists():
        raise StoreError(
            f"the store {file} was moved to PostgreSQL: set daemon.database, or rename {kept.name} to {file.name} to go"
            " back to what it was then"
        )


async def prepare(at: Place, engine: Transactions) -> None:
    """Bring a SQLite file up to date, copying it first when it holds something; a PostgreSQL database must be so
    already. Raises SchemaError.
    """
    if at.file:
        refuse_moved(at.file)
        at.file.touch(mode=0o600)  # what people wrote is for the eyes of its owner, its journal's too
    found = await current(at, engine, revision if at.file else _settled)
    if found == HEAD:
        return
    if not at.file:
        state = "is empty" if found is None else f"has the schema {found}"
        raise SchemaError(f"the store {at} {state}: run `badbuzz db migrate` first")
    if found is not None:
        await asyncio.to_thread(copy, at.file, at.file.with_name(f"{at.file.name}.before-{HEAD}"))
    await engine.run(run_revisions)


async def current(at: Place, engine: Transactions, look: Callable[[Connection], str | None] = revision) -> str | None:
    """The schema's revision, None in an empty store. Raises SchemaError naming the place when it is a newer one."""
    try:
        return await engine.run(look)
    except SchemaError as error:
        raise SchemaError(f"the store {at}: {error}") from None


async def migrate(where: str | Path) -> tuple[str | None, str]:
    """Bring the store up to date; returns the revisions before and after. On SQLite no daemon may write meanwhile. Of
    several at once one does it, and the others wait for it, PATIENCE seconds at most. Raises StoreError.
    """
    at = place(where)
    with in_words(at):
        return (await _migrate_file(at, at.file) if at.file else await _migrate_server(at)), HEAD


async def _migrate_file(at: Place, file: Path) -> str | None:
    lock, engine = FileLock(lock_file(file)), writing(at)
    try:
        await lock.take("badbuzz db migrate")
        before = await current(at, engine)
        await prepare(at, engine)
    finally:
        await engine.dispose()
        await lock.release()
    return before


async def _migrate_server(at: Place) -> str | None:
    engine = at_length(at)
    try:
        return await current(at, engine, migrate_alone)
    finally:
        await engine.dispose()


def migrate_alone(connection: Connection) -> str | None:
    """Bring a server's schema up to date inside the transaction of `connection`; the revision before. Waits for whoever
    else does so. Raises SchemaError.
    """
    connection.execute(text(f"set local lock_timeout = '{PATIENCE:.0f}s'"))
    connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY)))
    before = revision(connection)
    if before != HEAD:
        run_revisions(connection)
    return before


def _settled(connection: Connection) -> str | None:
    """The revision once no migration is under way."""
    connection.execute(text(f"set local lock_timeout = '{_SHORT}s'"))
    connection.execute(select(func.pg_advisory_xact_lock_shared(_ADVISORY)))
    return revision(connection)


async def make(where: str | Path) -> None:
    """Make the store of a data directory where there is none yet. Raises StoreError."""
    at = place(where)
    if at.file and not at.file.exists():
        await migrate(where)


async def backup(where: str | Path, target: Path) -> None:
    """Copy a SQLite store to the new file `target`, also while the daemon runs. Raises StoreError."""
    at = place(where)
    if not at.file:
        raise StoreError("a PostgreSQL store is backed up with its own tools, such as `pg_dump`")
    if not at.file.exists():
        raise StoreError(f"there is no store at {at}: check the data directory")
    with in_words(at):
        await asyncio.to_thread(_copy_to_new, at.file, target)


def _copy_to_new(source: Path, target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} exists already: name a new file")
    try:
        copy(source, target)
    except OSError as error:
        hint = way_out(error)
        raise StoreError(f"cannot write {target}: {error.strerror}{'; ' if hint else ''}{hint}") from error


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite file in use; `target` appears whole or not at all, readable by its owner only."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(part)) as file:
            live.backup(file)
            file.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def run_revisions(connection: Connection) -> None:
    """Bring the schema up to date inside the transaction of `connection`."""
    from listener.store.migrate import upgrade  # noqa: PLC0415 Alembic is slow to import and seldom needed

    upgrade(connection)
