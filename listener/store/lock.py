"""Who may write: one process at a time, and the next one is told who it is."""

import fcntl
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from listener.store.port import StoreBusyError, StoreError
from listener.store.tables import META

_ADVISORY = int.from_bytes(b"badbuzz", "big")
"""The name of our lock among the advisory locks of a PostgreSQL database."""


class _Holder(msgspec.Struct, frozen=True):
    """What stands in the lock file; when it began is the file's time."""

    owner: str
    pid: int
    host: str


class FileLock:
    """A lock file beside a SQLite file. The system lets go of it when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    async def take(self, owner: str) -> None:
        """Raises StoreBusyError naming the holder, StoreError where no file can be made."""
        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(_cannot_make(folder, error)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StoreBusyError(
                f"{folder} is written by {self._holder()}: stop it, or use another directory"
            ) from None
        self._handle = handle
        self._sign(handle, owner, folder)

    async def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _sign(self, handle: int, owner: str, folder: Path) -> None:
        name = msgspec.json.encode(_Holder(owner=owner, pid=os.getpid(), host=socket.gethostname()))
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, name, 0)
        except OSError as error:
            os.close(handle)
            self._handle = None
            raise StoreError(_cannot_make(folder, error)) from error

    def _holder(self) -> str:
        try:
            holder = msgspec.json.decode(self._path.read_bytes(), type=_Holder)
            since = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except (OSError, msgspec.DecodeError):
            return "another badbuzz"  # it is signing just now
        return f"{holder.owner} (since {since:%Y-%m-%d %H:%M:%S} UTC)"


class AdvisoryLock:
    """A lock inside a PostgreSQL database, held by a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def take(self, _: str) -> None:
        """Raises StoreBusyError naming the owner."""
        connection = await self._engine.connect()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if await connection.scalar(text("select pg_try_advisory_lock(:name)"), {"name": _ADVISORY}):
            self._connection = connection
            return
        owner = await connection.scalar(select(META.c.owner))
        await connection.close()
        raise StoreBusyError(f"this database is written by {owner}: stop it, or use another database")

    async def release(self) -> None:
        if self._connection is not None:
            await self._connection.invalidate()  # ending the session ends the lock; a pooled one would keep it
            await self._connection.close()
            self._connection = None
        await self._engine.dispose()


def _cannot_make(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{folder.parent} does not exist: create it, or set another data directory"
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"{folder} is not a directory: set another data directory"
    if isinstance(error, PermissionError):
        return f"{folder} may not be written: give it to the user that runs badbuzz, or set another data directory"
    return f"{folder} cannot be written ({error.strerror}): free some space, or set another data directory"
