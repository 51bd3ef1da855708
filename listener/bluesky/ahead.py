"""Reads a stream while what it said before is being committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from listener.bluesky.hearing import Gathered, Hearing
from listener.errors import FetchError
from rules.instant import Instant

_ROUND = 4_000
"""Frames that are taken in at once: some 20 ms of work."""
_WINDOW = 0.02
"""Seconds within which what comes is taken in at once."""
_MENTIONS, _FRAMES = 500, 100_000
"""So much is read ahead, of what concerns somebody and of all."""


class Ahead:
    """Reads beside whoever asks for what was gathered. With `until`, the stream need not go farther."""

    def __init__(self, hearing: Hearing, until: Instant | None) -> None:
        self._hearing, self._until = hearing, until
        self._moved, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        # no TaskGroup: a generator yields while it runs, so this is owned here
        self._reading = asyncio.get_running_loop().create_task(self._read(), name="read ahead")
        self._reading.add_done_callback(lambda _: self._moved.set())

    async def close(self) -> None:
        """Stop reading."""
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        while not self._hearing.gathered.error:
            await self._room.wait()
            await self._take()

    async def _take(self) -> None:
        try:
            frames = await self._hearing.connection.receive(_ROUND, _WINDOW)
        except FetchError as error:
            self._hearing.gathered.error = error
            return
        self._hearing.take(frames)
        if self._is_full():
            self._room.clear()
        self._moved.set()

    async def gathered(self, patience: float) -> Gathered:
        """What came since the last time, once some of it concerns somebody, it is much, or so many seconds passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience + _WINDOW):
                while not (self._reading.done() or self._is_enough()):
                    self._moved.clear()
                    await self._moved.wait()
        if self._reading.done():
            self._reading.result()
        self._room.set()
        return self._hearing.told()

    def _is_full(self) -> bool:
        gathered = self._hearing.gathered
        return len(gathered.mentions) >= _MENTIONS or gathered.frames >= _FRAMES

    def _is_enough(self) -> bool:
        gathered = self._hearing.gathered
        # the place alone may be there before anything came: it is led past what cannot be read
        there = gathered.frames > 0 and self._until is not None and self._hearing.place.at >= self._until
        return bool(gathered.mentions or gathered.error or there) or self._is_full()


@asynccontextmanager
async def reading(hearing: Hearing, until: Instant | None) -> AsyncIterator[Ahead]:
    """A stream that is read ahead for the time of the block."""
    ahead = Ahead(hearing, until)
    try:
        yield ahead
    finally:
        await ahead.close()
