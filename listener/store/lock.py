"""Who may write: one process at a time, and the next one is told who it is."""

import asyncio
import fcntl
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from listener.store.port import StoreBusyError, StoreError

BRIEF = ("badbuzz db migrate", "badbuzz db move")
"""Owners that are soon done: whoever comes meanwhile waits for them."""
PATIENCE = 60.0
"""Seconds that one of these is waited for."""
_SIGNING = 0.5
"""Seconds in which whoever took the lock has signed it: before, the name of one that was killed may stand there."""
_AGAIN = 0.1


class Lock(Protocol):
    """Keeps all but one process from writing to a store."""

    async def take(self, owner: str) -> None:
        """First of all. Raises StoreBusyError naming the holder."""

    def begin(self, connection: Connection) -> timedelta | None:
        """In the transaction that begins an epoch. Gives for how long nobody wrote before, None where that is not
        known. Raises StoreBusyError naming the holder.
        """

    def sign(self, connection: Connection, epoch: int, owner: str) -> None:
        """Later in that transaction."""

    async def keep(self) -> None:
        """To be run beside all that writes. Raises StoreBusyError when another process has the store."""

    async def assure(self) -> None:
        """Return when no other process may write. Raises StoreBusyError when one may, StoreError when nobody knows."""

    async def release(self) -> None: ...


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
            await self._wait(handle)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        self._sign(handle, owner, folder)

    def begin(self, _connection: Connection) -> timedelta | None:
        return None

    def sign(self, _connection: Connection, _epoch: int, _owner: str) -> None:
        """It is signed since it was taken."""

    async def keep(self) -> None:
        """The system keeps it."""

    async def assure(self) -> None:
        """Nobody else has it while this process lives."""

    async def release(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                os.ftruncate(self._handle, 0)  # the next one has not signed yet when it is looked at
            os.close(self._handle)
            self._handle = None

    async def _wait(self, handle: int) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not _is_locked(handle):
            holder, waited = self._holder(), loop.time() - begun
            if waited > (PATIENCE if holder is None or holder.owner in BRIEF else _SIGNING):
                raise StoreBusyError(
                    f"{self._path.parent} is written by {self._named(holder)}: stop it, or use another directory"
                )
            await asyncio.sleep(_AGAIN)

    def _sign(self, handle: int, owner: str, folder: Path) -> None:
        name = msgspec.json.encode(_Holder(owner=owner, pid=os.getpid(), host=socket.gethostname()))
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, name, 0)
        except OSError as error:
            os.close(handle)
            self._handle = None
            raise StoreError(_cannot_make(folder, error)) from error

    def _holder(self) -> _Holder | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Holder)
        except (OSError, msgspec.DecodeError):
            return None  # it is signing just now

    def _named(self, holder: _Holder | None) -> str:
        try:
            since = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return "another badbuzz"
        return f"{holder.owner} (since {since:%Y-%m-%d %H:%M:%S} UTC)" if holder else "another badbuzz"


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _cannot_make(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{folder.parent} does not exist: create it, or set another data directory"
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"{folder} is not a directory: set another data directory"
    if isinstance(error, PermissionError):
        return f"{folder} may not be written: give it to the user that runs badbuzz, or set another data directory"
    return f"{folder} cannot be written ({error.strerror}): free some space, or set another data directory"
