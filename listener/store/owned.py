"""Whose rows a connection writes and reads: those of one part of the brands, where they are judged in parts.

What two parts know of one mention, or of one source, is not one row, or they would wait for each other. In the columns
its name stands behind the number of the part; without parts it stands alone.
"""

from sqlalchemy import ColumnElement, Connection, func, select

from listener.store.reached import Position
from listener.store.tables import META

PART = "part"
"""The option of a connection that says whose it is."""
_MARK = "\x1f"
_COUNTING = int.from_bytes(b"bbcount", "big")
"""The name of the advisory lock of whoever counts on."""


def part(connection: Connection) -> int:
    """The part of a connection; 0 where brands are not parted, and for what spans them."""
    found: int = connection.get_execution_options().get(PART, 0)
    return found


def writer_row(connection: Connection) -> int:
    """The number of its row among those of the writers."""
    return part(connection) + 1


def prefix(connection: Connection) -> str:
    """What stands before names of ours in the columns."""
    mine = part(connection)
    return f"{mine}{_MARK}" if mine else ""


def plain(name: str) -> str:
    """The name itself."""
    return name.rpartition(_MARK)[2] if _MARK in name[:3] else name


def prefixes(connection: Connection) -> list[str]:
    """What may stand before names in the columns, whoever wrote them."""
    writers = connection.scalars(select(META.c.id).where(META.c.id > 1).order_by(META.c.id))
    return ["", *(f"{writer - 1}{_MARK}" for writer in writers)]


def inherited(connection: Connection) -> list[str]:
    """What stands before names of ours, and before those of whoever had our brands before: one process that had all of
    them, or parts.
    """
    mine = prefix(connection)
    return [mine, ""] if mine else prefixes(connection)


def is_own(connection: Connection, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column holds a name of ours."""
    mine = prefix(connection)
    return column.startswith(mine) if mine else ~column.contains(_MARK)


def count_alone(connection: Connection) -> None:
    """Until the transaction ends nobody else counts on: numbers are given once, whoever writes meanwhile."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_COUNTING)))


def positions(connection: Connection) -> dict[int, Position]:
    """Where each part stopped, by its number."""
    rows = connection.execute(select(META.c.id, META.c.advanced, META.c.last, META.c.offset))
    return {
        row.id - 1: Position(advanced=row.advanced, last=row.last, offset=row.offset)
        for row in rows
        if row.advanced is not None
    }
