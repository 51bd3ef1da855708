"""Reads a stream while what it said before is being committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from listener.bluesky.afar import Sent, Sifting
from listener.bluesky.hearing import Gathered, Hearing
from listener.collector import FULL, weight_of
from listener.errors import FetchError
from rules.instant import Instant

_ROUND = 1_500
"""Frames that are taken in at once: some 10 ms of work, and mostly less than a pipe to a worker holds."""
_WINDOW = 0.02
"""Seconds within which what comes is taken in at once."""
_CHUNKS = 4
"""Rounds that are sifted, or wait for that, at a time."""
_FRAMES, _BYTES = 100_000, 64 * 1024 * 1024
"""So much is read ahead, beside what is committed at once of what concerns somebody."""


class Ahead:
    """Reads beside whoever asks for what was gathered. With `until`, the stream need not go farther."""

    def __init__(self, hearing: Hearing, sifting: Sifting, until: Instant | None) -> None:
        self._hearing, self._sifting, self._until = hearing, sifting, until
        self._came: asyncio.Queue[Sent | FetchError] = asyncio.Queue(_CHUNKS)
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
        async with asyncio.TaskGroup() as group:
            receiving = group.create_task(self._receive(), name="receive")
            while not self._hearing.gathered.error:
                await self._take(await self._came.get())
            receiving.cancel()

    async def _receive(self) -> None:
        while True:
            await self._room.wait()
            try:
                frames = await self._hearing.connection.receive(_ROUND, _WINDOW)
            except FetchError as error:
                await self._came.put(error)
                return
            for chunk in self._hearing.chunks(frames):
                await self._came.put(self._sifting.begin(chunk))

    async def _take(self, came: Sent | FetchError) -> None:
        if isinstance(came, FetchError):
            self._hearing.gathered.error = came
            return
        try:
            sifted, begun = await self._sifting.end(came), monotonic()
        except FetchError as error:
            self._hearing.gathered.error = error
            return
        before = len(self._hearing.gathered.mentions)
        self._hearing.take(came.chunk, sifted)
        if sifted is None:
            self._sifting.spent(monotonic() - begun)
        self._sifting.heard(self._hearing.gathered.mentions[before:])
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
        heavy = sum(map(weight_of, gathered.mentions)) >= FULL
        return heavy or gathered.frames >= _FRAMES or gathered.size >= _BYTES

    def _is_enough(self) -> bool:
        gathered = self._hearing.gathered
        # the place alone may be there before anything came: it is led past what cannot be read
        there = gathered.frames > 0 and self._until is not None and self._hearing.place.at >= self._until
        return bool(gathered.mentions or gathered.error or there) or self._is_full()


@asynccontextmanager
async def reading(hearing: Hearing, sifting: Sifting, until: Instant | None) -> AsyncIterator[Ahead]:
    """A stream that is read ahead for the time of the block."""
    ahead = Ahead(hearing, sifting, until)
    try:
        yield ahead
    finally:
        await ahead.close()
