"""How a transaction runs: on SQLite in a thread, whole; on PostgreSQL in the loop, statement by statement."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import Connection, Engine

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

_PROGRESS = 10_000
"""Steps of SQLite between two looks at the limit of a read: well under a millisecond."""


class Transactions(Protocol):
    """Connections to one store."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives in a transaction that is committed after it, or rolled back when it raises. Raises what the
        driver does.
        """

    async def dispose(self) -> None:
        """Close all connections. The next transaction opens one again."""


class InThreads:
    """Transactions of an engine that blocks: a turn of another thread each, where every statement would else be one.

    With a `limit` a statement that is still running after it fails, also once nobody waits for the result, and so do
    those that run or wait when all is closed: they only read. What writes is waited for.
    """

    def __init__(self, engine: Engine, size: int, limit: timedelta | None = None) -> None:
        self._engine, self._size, self._limit = engine, size, limit
        self._threads, self._closed = self._started(), Event()

    async def run(self, work: Callable[[Connection], T]) -> T:
        left, closed = Event(), self._closed
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work, left, closed)
        except asyncio.CancelledError:
            left.set()
            raise

    async def dispose(self) -> None:
        threads, closed = self._threads, self._closed
        self._threads, self._closed = self._started(), Event()
        closed.set()
        await asyncio.get_running_loop().run_in_executor(threads, self._engine.dispose)
        threads.shutdown(wait=False)

    def _started(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._size, thread_name_prefix="store")

    def _run(self, work: Callable[[Connection], T], left: Event, closed: Event) -> T:
        if self._limit is not None and closed.is_set():
            raise sqlite3.OperationalError("it is being closed")
        with self._engine.begin() as connection:
            if self._limit is not None:
                until, driver = monotonic() + self._limit.total_seconds(), connection.connection.driver_connection
                assert driver
                driver.set_progress_handler(lambda: left.is_set() or closed.is_set() or monotonic() > until, _PROGRESS)
            return work(connection)


class InLoop:
    """Transactions of an engine that waits in the loop."""

    def __init__(self, engine: "AsyncEngine") -> None:
        self._engine = engine

    async def run(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def dispose(self) -> None:
        await self._engine.dispose()
