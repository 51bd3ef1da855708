"""The daemon's end of the line to one worker."""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from listener.pool.frames import LENGTH, framed

_KEPT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")
"""Of the surroundings, all that a worker is told: others may hold secrets."""
_ROOM = 1 << 20
_BEYOND = 1.5
"""How much longer a worker is waited for than it may take: it ends itself first, unless it stands still."""
_START = 120.0
"""Seconds in which it must be ready."""


class LostError(Exception):
    """A worker ended before it answered."""


class _Way(asyncio.BaseProtocol):
    """What is sent to a worker. `room` is set while little waits on the way, or nothing goes there any more."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self._pipe: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._pipe = transport
        self.room.set()

    def pause_writing(self) -> None:
        self.room.clear()

    def resume_writing(self) -> None:
        self.room.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio names it so
        self.room.set()

    @property
    def is_open(self) -> bool:
        return self._pipe is not None and not self._pipe.is_closing()

    def send(self, said: bytes) -> None:
        if self._pipe and self.is_open:
            self._pipe.write(framed(said))

    def close(self) -> None:
        if self._pipe and self.is_open:
            self._pipe.abort()


class Line:
    """Questions, and their answers in the same order."""

    def __init__(self, process: asyncio.subprocess.Process, way: _Way, deadline: float) -> None:
        assert process.stdout
        self._process, self._deadline = process, deadline
        self._way, self._answers = way, process.stdout

    async def prepare(self, recipe: AsyncIterator[bytes]) -> None:
        """Give it what it needs, and wait until it is ready. Raises LostError."""
        async with self._patience(_START):
            async for part in recipe:
                await self._way.room.wait()
                if not self._way.is_open:
                    break
                self.ask(part)
            self.ask(b"")
            await self._answer()

    def ask(self, said: bytes) -> None:
        """Begin to send it, also while it works on what it was asked before."""
        self._way.send(said)

    async def answer(self) -> bytes:
        """Its answer to the first that it has not answered yet. Raises LostError."""
        async with self._patience(self._deadline * _BEYOND):
            return await self._answer()

    async def _answer(self) -> bytes:
        head = await self._answers.readexactly(LENGTH)
        return await self._answers.readexactly(int.from_bytes(head))

    @asynccontextmanager
    async def _patience(self, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise LostError("took too long") from None
        except (asyncio.IncompleteReadError, OSError):
            raise LostError(await self._how()) from None

    async def _how(self) -> str:
        """How it ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._process.wait()
        code = self._process.returncode or 0
        if code == -signal.SIGALRM:
            return "took too long"
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"


@asynccontextmanager
async def line_to(target: str, deadline: float) -> AsyncIterator[Line]:
    """A worker that makes its answerer by `target`, for the time of the block. Raises LostError when there is none."""
    program = [sys.executable, "-P", "-m", "listener.pool.worker", target, str(deadline)]
    way = _Way()
    try:
        process = await _started(program, way)
    except OSError as error:
        raise LostError(f"cannot be started: {error.strerror}") from error
    try:
        yield Line(process, way, deadline)
    finally:
        way.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _started(program: Sequence[str], way: _Way) -> asyncio.subprocess.Process:
    theirs, ours = os.pipe()
    pipe = os.fdopen(ours, "wb", buffering=0)
    try:
        _widen(ours)
        await asyncio.get_running_loop().connect_write_pipe(lambda: way, pipe)
        # a group of its own: what a terminal sends is the daemon's to hear
        return await asyncio.create_subprocess_exec(
            *program,
            stdin=theirs,
            stdout=asyncio.subprocess.PIPE,
            env=_surroundings(),
            limit=_ROOM,
            process_group=0,
        )
    except BaseException:
        way.close()
        pipe.close()
        raise
    finally:
        os.close(theirs)


def _widen(pipe: int) -> None:
    """So that what is asked goes there at once, and not by pieces of which each waits for a turn of our loop."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # all pipes of a user have a common limit
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _ROOM)


def _surroundings() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
