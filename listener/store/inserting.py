"""Inserts that know what to do with a row that is there already."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from listener.store.rows import Row
from listener.store.tables import COMMANDS


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that knows ON CONFLICT: both dialects spell it the same."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert what is new; what is there stays as it is."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert, or replace what is there."""
    if not rows:
        return
    statement = insert(connection, table)
    others = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=others), rows)


def leave(connection: Connection, *, rows: Sequence[Mapping[str, object]]) -> int:
    """Leave commands for the daemon; the number of the last of them."""
    if rows[1:]:
        connection.execute(COMMANDS.insert(), list(rows[:-1]))
    return int(connection.execute(COMMANDS.insert().values(rows[-1]).returning(COMMANDS.c.id)).scalar_one())
