"""Where the rows live: the engines for SQLite and PostgreSQL, and their errors in words an operator can act on."""

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from config.problems import way_out
from listener.store.owned import PART
from listener.store.port import StoreAwayError, StoreBusyError, StoreError, StoreRefusedError
from listener.store.transacting import InLoop, InThreads, Transactions

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

FILE = "badbuzz.db"
_READERS = 4
LOCK_WAIT = 5.0
"""Seconds to wait for another process that is writing before giving up."""

_LIVELY = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""So the server ends the session of a machine that it does not reach within half a minute, and what that one holds."""
_PATIENT = {"lock_timeout": "0"}
"""Whatever the server has for others: a lock is waited for in vain only where we say for how long."""
_SQLITE = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space and start again, nothing committed is lost",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: keep it, put back a copy made by `badbuzz db backup` and start again",
    sqlite3.SQLITE_NOTADB: "the file is damaged: keep it, put back a copy made by `badbuzz db backup` and start again",
    sqlite3.SQLITE_READONLY: "it may not be written: give the directory and its files to the user that runs badbuzz",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: give the directory and its files to the user that runs badbuzz",
    sqlite3.SQLITE_BUSY: "another program holds it locked: end that program and try again",
    sqlite3.SQLITE_INTERRUPT: "the read took too long and was stopped: ask for less, or try when the machine is idle",
    sqlite3.SQLITE_IOERR: "the disk reports an error: look at the system's log",
}
_STARTS = "57P03"
"""The code of a server that is about to be there."""
_HELD = "55P03"
"""The code of a lock that was waited for in vain."""
_POSTGRESQL = {
    "28P01": "user or password are refused: check the database URL",
    "28000": "the server refuses this user: check the database URL and pg_hba.conf",
    "3D000": "there is no such database: create it with `createdb`",
    "42501": "a privilege is missing: make the user of the URL the owner of the database",
    "53100": "the server's disk is full: free some space and start again",
    "53300": "the server has no connection left: raise max_connections",
    _HELD: "another badbuzz migrates it, or runs there: wait for its end, or stop it",
    "57014": "the read took too long and was stopped: ask for less, or try when the server is idle",
}
_NO_VALUE = "22"
"""The class of codes of a server that says that a value is none."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a store is: a file, or a PostgreSQL database when `file` is None. Its text never holds a password. What is
    written there is that of one `part` of the brands; 0 where they are not parted.
    """

    url: URL
    file: Path | None = None
    part: int = 0

    def __str__(self) -> str:
        return str(self.file or self.url.set(drivername="postgresql").render_as_string(hide_password=True))


def place(where: str | Path) -> Place:
    """The place named by a data directory or a `postgresql://` URL. Raises StoreError for another kind of URL."""
    if isinstance(where, Path) or "://" not in where:
        file = Path(where).absolute() / FILE
        return Place(url=URL.create("sqlite", database=str(file)), file=file)
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        raise StoreError("the database URL cannot be read: write postgresql://user:password@host/database") from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise StoreError(f"{url.drivername} is not supported: use postgresql://..., or a data directory for SQLite")
    return Place(url=url.set(drivername="postgresql+asyncpg"))


def writing(at: Place, lock_wait: float = LOCK_WAIT, settings: Mapping[str, str] | None = None) -> Transactions:
    """One connection, so that transactions follow each other. On SQLite each takes the write lock at its start, and
    waits for it `lock_wait` seconds at most; `settings` are a server's.
    """
    return InThreads(on_file(at, lock_wait), 1) if at.file else InLoop(on_server(at, settings))


def reading(at: Place, limit: timedelta) -> Transactions:
    """A few read-only connections, on which no statement lasts longer than `limit`."""
    if at.file:
        url = at.url.set(database=f"file:{quote(str(at.file))}").update_query_dict({"mode": "ro", "uri": "true"})
        engine = _sqlite(url, ("query_only=ON",), begin="BEGIN", size=_READERS, lock_wait=LOCK_WAIT)
        return InThreads(engine, _READERS, limit)
    milliseconds = str(limit // timedelta(milliseconds=1))
    settings = {"default_transaction_read_only": "on", "statement_timeout": milliseconds}
    return InLoop(on_server(at, settings, size=_READERS, wait=limit.total_seconds() + 5))


async def finished(work: Coroutine[Any, Any, T], name: str) -> T:
    """The result of `work`, which runs to its end even when the caller is cancelled: the cancellation follows then."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            await _settled(task)
        if not task.cancelled():
            task.exception()  # looked at: the cancellation is what the caller hears
        raise


async def _settled(task: asyncio.Task[Any]) -> None:
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        return  # a second cancellation does not hurry a transaction


@contextmanager
def in_words(at: Place) -> Iterator[None]:
    """Turn what the driver raises into StoreError, with the place and a way out."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, OverflowError, UnicodeError) as error:
        raise _kind(error)(f"the store {at}: {_way_out(error)}") from error


def _kind(error: Exception) -> type[StoreError]:
    """A value that no column holds is refused; drivers find some of them themselves."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OverflowError | UnicodeError) or isinstance(cause and cause.__cause__, ValueError):
        return StoreRefusedError
    code = getattr(cause, "sqlstate", None) or ""
    if code.startswith(_NO_VALUE):
        return StoreRefusedError
    if code == _HELD:
        return StoreBusyError
    ended = isinstance(error, DBAPIError) and error.connection_invalidated
    return StoreAwayError if ended or code == _STARTS else StoreError


def _way_out(error: Exception) -> str:
    cause: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig else error
    words = _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    words = words or _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")
    if words:
        return words
    if isinstance(cause, ConnectionError | TimeoutError):
        return f"the server does not answer: is it running? ({cause})"
    if isinstance(cause, OSError) and cause.strerror:
        return "; ".join(filter(None, (cause.strerror, way_out(cause))))
    return str(cause).partition("\n")[0] or type(cause).__name__


def on_file(at: Place, lock_wait: float = LOCK_WAIT) -> Engine:
    """A connection to a SQLite file, each transaction of which may write."""
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    limits = ("journal_size_limit=67108864",)
    return _sqlite(at.url, (*limits, *pragmas), begin="BEGIN IMMEDIATE", size=1, lock_wait=lock_wait)


def _sqlite(url: URL, pragmas: tuple[str, ...], *, begin: str, size: int, lock_wait: float) -> Engine:
    # one thread after the other uses a connection
    driver = {"timeout": lock_wait, "check_same_thread": False}
    engine = create_engine(url, pool_size=size, max_overflow=0, hide_parameters=True, connect_args=driver)

    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and later than asked
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def named_after(part: int) -> str:
    """What the server calls connections of a part."""
    return f"badbuzz {part}" if part else "badbuzz"


def on_server(
    at: Place, settings: Mapping[str, str] | None = None, *, size: int = 1, wait: float = 30.0
) -> "AsyncEngine":
    """Connections to a PostgreSQL server; no statement is waited for longer than `wait` seconds."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - 8 MiB, for PostgreSQL alone

    arguments = {"timeout": min(10.0, wait), "command_timeout": wait}
    settings = {"application_name": named_after(at.part), **_LIVELY, **_PATIENT, **(settings or {})}
    try:
        return create_async_engine(
            at.url,
            pool_size=size,
            max_overflow=0,
            hide_parameters=True,
            connect_args=arguments | {"server_settings": settings},
            execution_options={PART: at.part},
        )
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs one more package: install `badbuzz[postgresql]`") from error
