"""Whether a column holds one of hundreds of names: they are one parameter, since to bind each takes longer than to look
them up.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from listener.store.rows import encode

_NAMES = "names"


def among(connection: Connection, column: ColumnElement[str]) -> ColumnElement[bool]:
    """True where it holds one of the names that the statement is executed with; see `named`."""
    return _among(connection.dialect.name, column)


def named(connection: Connection, names: Sequence[str]) -> dict[str, Any]:
    """The parameter that `among` asks for. The names are such as columns keep."""
    return {_NAMES: encode(names).decode() if connection.dialect.name == "sqlite" else list(names)}


def those(connection: Connection, column: Column[str], *wanted: Table | Column[Any]) -> Select[Any]:
    """What is wanted of rows in which a column holds one of the names; made once: that takes longer than to run it."""
    return _those(connection.dialect.name, column, *wanted)


@lru_cache(64)
def _those(dialect: str, column: Column[str], *wanted: Table | Column[Any]) -> Select[Any]:
    return select(*wanted).where(_among(dialect, column))


@lru_cache(64)
def _among(dialect: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    if dialect == "sqlite":
        listed = func.json_each(bindparam(_NAMES, type_=Text)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(bindparam(_NAMES, type_=ARRAY(Text)))
