"""Inserts that know what to do with a row that is there already."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from listener.store.rows import Row
from listener.store.tables import COMMANDS

Rows = Sequence[Row] | Sequence[tuple[Any, ...]]
"""By column, or of all columns in their order: that costs less, where there are many."""
_Known = Literal["error", "stays", "replaced"]
"""What becomes of a row that is there already."""
_AT_ONCE = 25
"""Rows of one statement on SQLite, where there are so many: to begin and end one takes a quarter as long as its row."""
_SQLITE = sqlite.dialect(paramstyle="qmark")


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that knows ON CONFLICT: both dialects spell it the same."""
    return _insert(connection.dialect.name, table)


def insert_all(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert what must not be there yet."""
    _run(connection, table, rows, "error")


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert what is new; what is there stays as it is."""
    _run(connection, table, rows, "stays")


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert, or replace what is there."""
    _run(connection, table, rows, "replaced")


def _run(connection: Connection, table: Table, rows: Rows, known: _Known) -> None:
    if not rows:
        return
    columns = table.columns.keys()
    if connection.dialect.name != "sqlite":
        named = [dict(zip(columns, row, strict=True)) if isinstance(row, tuple) else row for row in rows]
        connection.execute(_statement(connection.dialect.name, table, known), named)
        return
    # every type that we keep is one of the driver's own: asking for each value how it is bound takes longer than SQLite
    whole = isinstance(rows[0], tuple)
    one, many, names = _written(table, known, tuple(columns if whole else rows[0]))
    values = [*rows] if whole else [*map(itemgetter(*names), rows)]
    last = len(values) - len(values) % _AT_ONCE
    if last:
        starts = range(0, last, _AT_ONCE)
        connection.exec_driver_sql(many, [(*chain(*values[start : start + _AT_ONCE]),) for start in starts])
    if last < len(values):
        connection.exec_driver_sql(one, values[last:])


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _statement(dialect: str, table: Table, known: _Known) -> sqlite.Insert | postgresql.Insert:
    statement = _insert(dialect, table)
    if known == "error":
        return statement
    if known == "stays":
        return statement.on_conflict_do_nothing()
    others = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)


@lru_cache(256)
def _written(table: Table, known: _Known, columns: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    """The statement for SQLite's driver, of one row and of many, and the columns in the order of its parameters."""
    compiled = _statement("sqlite", table, known).compile(dialect=_SQLITE, column_keys=list(columns))
    one, row = str(compiled), f"({', '.join('?' * len(columns))})"
    return one, one.replace(row, ", ".join([row] * _AT_ONCE), 1), tuple(compiled.positiontup or ())


def leave(connection: Connection, *, rows: Sequence[Mapping[str, object]]) -> int:
    """Leave commands for the daemon; the number of the last of them."""
    if rows[1:]:
        connection.execute(COMMANDS.insert(), list(rows[:-1]))
    return int(connection.execute(COMMANDS.insert().values(rows[-1]).returning(COMMANDS.c.id)).scalar_one())
