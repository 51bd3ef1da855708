"""One connection to the mock Jetstream: what is written to its WebSocket, and what goes wrong there."""

import asyncio
import json
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache

import msgspec
from aiohttp import WSMsgType, web

from listener.clock import Clock
from listener.mock.bluesky_log import Json, Logged, first, second
from listener.mock.bluesky_wants import Wants
from listener.mock.faults import Faults
from listener.mock.spoil import broken
from rules.instant import SECOND, Span

PING: Span = 30 * SECOND
FLUSH: Span = 5 * SECOND
TICK = 0.02
"""Seconds of the wall between two looks at what is new."""
_AT_ONCE = 1_000
"""Frames of one write."""


class Talk:
    """One open connection."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        request: web.Request,
        wants: Wants,
        faults: Faults,
        clock: Clock,
        *,
        numbered: bool,
    ) -> None:
        self._socket, self._request, self.wants, self._faults, self._clock = socket, request, wants, faults, clock
        self._numbered, self._pinged, self._stalled = numbered, clock.now(), False
        self.begun = asyncio.Event()
        if not wants.hello:
            self.begun.set()

    def goes_on(self) -> bool:
        return not self._socket.closed

    async def listen(self) -> None:
        """Hear the client until it leaves: pings are answered, version 1 may change what is sent, version 2 may not."""
        async for message in self._socket:
            if message.type is WSMsgType.PING and not self._stalled:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                if self.wants.version == 2 or not self.wants.update(message.data):
                    await self._socket.close(code=1008, message=b"unexpected message")
                self.begun.set()

    async def tell(self, events: list[Logged]) -> None:
        """Send events, with what goes wrong; where nothing can, many at once."""
        if not self._faults.names:
            for start in range(0, len(events), _AT_ONCE):
                await self.pour([msgspec.json.encode(self._frame(event)) for event in events[start : start + _AT_ONCE]])
            return
        swapped = -1
        for place in range(len(events)):
            after = events[place + 1] if place + 1 < len(events) else None
            # what one account does stays in order on every relay
            near = after is not None and after.did != events[place].did and after.at - events[place].at < SECOND // 2
            if after and near and swapped != place - 1 and self._faults.strikes("out-of-order"):
                events[place], events[place + 1], swapped = after, events[place], place
            await self._tell(events[place])

    async def pour(self, frames: Sequence[bytes]) -> None:
        """Send frames in one write, then wait until the client has taken most of what waits for it."""
        packed, transport = self.wants.compressor, self._request.transport
        if transport is None:
            raise ConnectionError
        *most, last = [packed.compress(frame) for frame in frames] if packed else frames
        opcode = WSMsgType.BINARY if packed else WSMsgType.TEXT
        transport.write(b"".join([part for frame in most for part in (_head(opcode, len(frame)), frame)]))
        async with self._in_time():
            await self._socket.send_frame(last, opcode)

    async def _tell(self, event: Logged) -> None:
        frame = self._frame(event)
        await self._go_wrong(frame)
        for _ in range(2 if self._faults.strikes("duplicate") else 1):
            await self.send(frame)

    def _frame(self, event: Logged) -> Json:
        return second(event) if self.wants.version == 2 else first(event, numbered=self._numbered)

    async def send(self, frame: Json) -> None:
        await self._send_text(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

    async def ping(self) -> None:
        if self._clock.now() - self._pinged >= PING:
            self._pinged = self._clock.now()
            await self._socket.ping()

    async def _send_text(self, text: str) -> None:
        packed = self.wants.compressor
        async with self._in_time():
            if packed:
                await self._socket.send_bytes(packed.compress(text.encode("utf-8", "replace")))
            else:
                await self._socket.send_str(text)

    @asynccontextmanager
    async def _in_time(self) -> AsyncGenerator[None, None]:
        """A client that does not take what it is sent is dropped."""
        try:
            async with asyncio.timeout(max(0.5, FLUSH / SECOND / self._clock.speed)):
                yield
        except TimeoutError:
            self._abort()
            raise

    async def _go_wrong(self, frame: Json) -> None:
        for name in ("malformed", "wrong-shape", "huge"):
            if self._faults.strikes(name):
                await self._send_text(broken(name, frame, self._faults.random))
        if self._faults.strikes("close"):
            await self._socket.close(code=self._faults.random.choice([1000, 1001, 1011, 1012]))
            raise ConnectionError
        if self._faults.strikes("reset"):
            if self._request.transport:
                self._request.transport.write(b'\x81\x7e\x10\x00{"did":"did:plc:')
            self._abort()
            raise ConnectionError
        if self._faults.strikes("stall"):
            self._stalled = True
            await asyncio.Event().wait()  # until the client leaves

    def _abort(self) -> None:
        if self._request.transport:
            self._request.transport.abort()


@lru_cache(maxsize=4_096)
def _head(opcode: WSMsgType, length: int) -> bytes:
    """What stands before a message of that length (RFC 6455, 5.2)."""
    first = 0x80 | opcode
    if length < 126:
        return bytes((first, length))
    return struct.pack("!BBH", first, 126, length) if length < 2**16 else struct.pack("!BBQ", first, 127, length)
