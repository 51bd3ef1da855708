"""The schema's life: made, brought up to date, copied."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from config.problems import way_out
from listener.store.database import Place, in_words, on_server, place, writing
from listener.store.lock import AdvisoryLock, FileLock
from listener.store.port import SchemaError, StoreError
from listener.store.queries import revision
from listener.store.tables import HEAD
from listener.store.transacting import Transactions


def lock_of(at: Place) -> FileLock | AdvisoryLock:
    """The write lock of a place."""
    return FileLock(at.file.with_name("badbuzz.lock")) if at.file else AdvisoryLock(on_server(at))


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
    found = await current(at, engine)
    if found == HEAD:
        return
    if not at.file:
        state = "is empty" if found is None else f"has the schema {found}"
        raise SchemaError(f"the store {at} {state}: run `badbuzz db migrate` first")
    if found is not None:
        await asyncio.to_thread(copy, at.file, at.file.with_name(f"{at.file.name}.before-{HEAD}"))
    await engine.run(run_revisions)


async def current(at: Place, engine: Transactions) -> str | None:
    """The schema's revision, None in an empty store. Raises SchemaError naming the place when it is a newer one."""
    try:
        return await engine.run(revision)
    except SchemaError as error:
        raise SchemaError(f"the store {at}: {error}") from None


async def migrate(where: str | Path) -> tuple[str | None, str]:
    """Bring the store up to date while no daemon writes; returns the revisions before and after. Raises StoreError."""
    at = place(where)
    lock = lock_of(at)
    engine = writing(at)
    try:
        with in_words(at):
            before = await _before(at, engine, lock)
            await (prepare(at, engine) if at.file else engine.run(run_revisions))
    finally:
        await engine.dispose()
        await lock.release()
    return before, HEAD


async def make(where: str | Path) -> None:
    """Make the store of a data directory where there is none yet. Raises StoreError."""
    at = place(where)
    if at.file and not at.file.exists():
        await migrate(where)


async def _before(at: Place, engine: Transactions, lock: FileLock | AdvisoryLock) -> str | None:
    await lock.take("badbuzz db migrate")
    return await current(at, engine)


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
