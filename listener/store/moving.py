"""A whole store from a SQLite file into an empty PostgreSQL database: one transaction, compared before it ends."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, select, text

from listener.store.database import Place, in_words, on_file, place
from listener.store.lock import FileLock
from listener.store.port import SchemaError, StoreError
from listener.store.queries import FIRST, revision
from listener.store.rows import Row
from listener.store.tables import COMMANDS, HEAD, META, METADATA, keepable
from listener.store.upkeep import at_length, lock_file, migrate_alone, moved_file, refuse_moved

_ROWS, _SIZE = 500, 1_000_000
"""Rows and, about, bytes that are in memory at a time."""
_FETCHED = 50
_SUM = 2**128

Told = Callable[[int, int], None]
"""Hears how many rows of how many are done; each is copied and then compared."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What was moved: rows in all, and where they are now. `kept` is the old file, None while something reads it."""

    rows: int
    to: str
    kept: Path | None


@dataclass
class _Sum:
    """Of rows in any order: databases sort texts differently."""

    rows: int = 0
    sum: int = 0

    def add(self, row: Sequence[Any]) -> None:
        digest = blake2b(msgspec.msgpack.encode(tuple(row)), digest_size=16).digest()
        self.rows, self.sum = self.rows + 1, (self.sum + int.from_bytes(digest, "big")) % _SUM


class _Progress:
    def __init__(self, total: int, told: Told) -> None:
        self._done, self._total, self._told = 0, total, told

    def passed(self, rows: int) -> None:
        self._done += rows
        self._told(self._done, self._total)


async def move(where: Path, target: str, told: Told) -> Moved:
    """Move the store of a data directory to a `postgresql://` address while nothing runs on either. All or nothing:
    what is interrupted has left the target as it was, and can be begun again. Raises StoreError.
    """
    old, new = place(where), place(target)
    if new.file or not old.file:
        raise StoreError("a store is moved from a data directory to PostgreSQL: --to postgresql://user@host/database")
    refuse_moved(old.file)
    if not old.file.exists():
        raise StoreError(f"there is no store at {old}: check daemon.data")
    lock = FileLock(lock_file(old.file))
    await lock.take("badbuzz db move")
    try:
        rows = await _moved(old, new, told)
        return Moved(rows=rows, to=str(new), kept=_put_away(old, old.file))
    finally:
        await lock.release()


async def _moved(old: Place, new: Place, told: Told) -> int:
    source, target = on_file(old), at_length(new)
    try:
        with in_words(old), source.begin() as reading:  # nobody leaves a command meanwhile
            _refuse_other_schema(reading, old)
            with in_words(new):
                return await target.run(partial(_copy_all, reading, at=new, told=told))
    finally:
        source.dispose()
        await target.dispose()


def _refuse_other_schema(connection: Connection, at: Place) -> None:
    found = revision(connection)
    if found != HEAD:
        raise SchemaError(f"the store {at} has the schema {found or 'of none'}: run `badbuzz db migrate` on it first")


def _copy_all(old: Connection, new: Connection, *, at: Place, told: Told) -> int:
    _make_ready(old, new, at)
    total = sum(old.scalar(select(func.count()).select_from(table)) or 0 for table in METADATA.sorted_tables)
    progress = _Progress(2 * total, told)
    sums = {table.name: _copied(table, old, new, progress) for table in METADATA.sorted_tables}
    for table in METADATA.sorted_tables:
        if _summed(table, new, progress) != sums[table.name]:
            raise StoreError(f"{table.name} is not the same at {at} as in the file: nothing was moved; try it again")
    last = old.scalar(text("select seq from sqlite_sequence where name = 'commands'"))
    _count_on(new, COMMANDS, last)
    return total


def _make_ready(old: Connection, new: Connection, at: Place) -> None:
    """The target's schema, without a row. Raises StoreError when it holds something; who writes there is a row."""
    migrate_alone(new)
    filled = [table for table in METADATA.sorted_tables if new.execute(select(table).limit(1)).first()]
    salt = select(META.c.salt).where(META.c.id == FIRST)
    salts = {connection.scalar(salt) for connection in (old, new)} if META in filled else set()
    if len(salts) == 1:
        raise StoreError(f"{at} holds this store already: set daemon.database to it, and start badbuzz")
    if filled:
        raise StoreError(f"{at} is not empty ({filled[0].name}): name a database made anew with `createdb`")


def _copied(table: Table, old: Connection, new: Connection, progress: _Progress) -> _Sum:
    summed = _Sum()
    for rows in _portions(_rows(table, old)):
        for row in rows:
            summed.add(list(row.values()))
        new.execute(table.insert(), rows)
        progress.passed(len(rows))
    return summed


def _summed(table: Table, new: Connection, progress: _Progress) -> _Sum:
    summed = _Sum()
    for row in _rows(table, new):
        summed.add(list(row.values()))
        progress.passed(1)
    return summed


def _rows(table: Table, connection: Connection) -> Iterator[Row]:
    """As PostgreSQL can keep them."""
    found = connection.execute(select(table), execution_options={"yield_per": _FETCHED})
    for row in found.mappings():
        yield {name: keepable(value) if isinstance(value, str) else value for name, value in row.items()}


def _portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    portion: list[Row] = []
    size = 0
    for row in rows:
        portion.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if len(portion) == _ROWS or size >= _SIZE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _count_on(connection: Connection, table: Table, last: int | None) -> None:
    """Let numbers go on after the last one given, also when its row is gone."""
    if last:
        name = func.pg_get_serial_sequence(table.name, "id")
        connection.execute(select(func.setval(name, last)))


def _put_away(at: Place, file: Path) -> Path | None:
    """Rename the file, so that nothing goes on with it by mistake; None while something still reads it."""
    engine = on_file(at)
    with in_words(at), closing(engine.raw_connection()) as connection:  # outside a transaction
        is_busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    engine.dispose()
    return None if is_busy else file.replace(moved_file(file))
