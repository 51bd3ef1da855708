"""The daemon's end of the line to one worker."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
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


class Line:
    """One question and one answer at a time."""

    def __init__(self, process: asyncio.subprocess.Process, deadline: float) -> None:
        assert process.stdin
        assert process.stdout
        self._process, self._deadline = process, deadline
        self._asking, self._answers = process.stdin, process.stdout

    async def prepare(self, recipe: AsyncIterator[bytes]) -> None:
        """Give it what it needs, and wait until it is ready. Raises LostError."""
        async with self._patience(_START):
            async for part in recipe:
                self._asking.write(framed(part))
                await self._asking.drain()
            await self._answer(b"")

    async def ask(self, said: bytes) -> bytes:
        """Its answer. Raises LostError."""
        async with self._patience(self._deadline * _BEYOND):
            return await self._answer(said)

    async def _answer(self, said: bytes) -> bytes:
        self._asking.write(framed(said))
        await self._asking.drain()
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
    pipe = asyncio.subprocess.PIPE
    try:
        # a group of its own: what a terminal sends is the daemon's to hear
        process = await asyncio.create_subprocess_exec(
            *program, stdin=pipe, stdout=pipe, env=_surroundings(), limit=_ROOM, process_group=0
        )
    except OSError as error:
        raise LostError(f"cannot be started: {error.strerror}") from error
    try:
        yield Line(process, deadline)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def _surroundings() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
