"""Connections that do not end: read as they come, with a limit on silence and on the size of what comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Literal

from aiohttp import ClientError, ClientResponse, ClientWebSocketResponse, WSMessage, WSMsgType
from aiohttp.http import WSMessageTextBytes

from listener.errors import FetchError
from listener.net.response import Response

_CHUNK = 64 * 1024
_TOO_LARGE = 1009
_Message = WSMessage | WSMessageTextBytes


class Stream:
    """An answer that goes on. `response` is how it began: when its status is not 200, its body says why and there is
    nothing to read.
    """

    def __init__(self, response: Response, source: ClientResponse | None, silence: timedelta, place: str) -> None:
        self.response = response
        self._source, self._silence, self._place = source, silence.total_seconds(), place

    async def chunks(self) -> AsyncIterator[bytes]:
        """What comes, as it comes, until the server ends it. Raises FetchError `silent` when nothing comes for the
        agreed time, `broken` when the connection does not end as it should.
        """
        while self._source is not None:
            try:
                async with asyncio.timeout(self._silence):
                    chunk = await self._source.content.read(_CHUNK)
            except TimeoutError as error:
                raise _silent(self._place, self._silence) from error
            except (ClientError, OSError) as error:
                raise _broken(self._place, error) from error
            if not chunk:
                return
            yield chunk


class Socket:
    """An open WebSocket, opened without `autoping`, so that the server's own pings are heard, and without
    `decode_text`: whoever reads a text decodes what it needs of it.
    """

    def __init__(self, socket: ClientWebSocketResponse[Literal[False]], silence: timedelta, place: str) -> None:
        self._socket, self._silence, self._place = socket, silence.total_seconds(), place
        self._waited = 0.0
        self._over: FetchError | None = None
        self._answering: asyncio.Task[None] | None = None

    async def send(self, text: str) -> None:
        """Raises FetchError `broken` when the connection has ended."""
        try:
            await self._socket.send_str(text)
        except (ClientError, OSError) as error:
            raise _broken(self._place, error) from error

    async def receive(self) -> bytes:
        """The next message. Raises FetchError: `silent` when neither a message nor a ping of the server's own came in
        the agreed time, `too_large`, or the WebSocket's close code (`1006` when it broke off). Waiting may be given up
        and begun again: only waiting counts as silence.
        """
        while True:
            message = await self._next()
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                data: bytes = message.data
                return data
            if message.type is WSMsgType.PING:
                self._answer(message.data)
            elif message.type is not WSMsgType.PONG:
                raise self._ended(message)

    async def receive_many(self, most: int, room: int, window: float) -> list[bytes]:
        """The next messages: as many as come within `window` seconds of the first, at most so many, and none after
        `room` bytes. Raises FetchError as `receive` does, once all that came before was given.
        """
        messages, size, loop = list[bytes](), 0, asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._silence) as limit:
                while len(messages) < most and size < room and not self._over:
                    message = await self._socket.receive()
                    if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
                        if not messages:
                            limit.reschedule(loop.time() + window)
                        messages.append(message.data)
                        size += len(message.data)
                    elif self._note(message) and not messages:
                        limit.reschedule(loop.time() + self._silence)
        if not messages:
            raise self._over or _silent(self._place, self._silence)
        return messages

    def _note(self, message: _Message) -> bool:
        """Take in what is no message; whether it is a sign of life."""
        if message.type is WSMsgType.PING:
            self._answer(message.data)
        elif message.type is not WSMsgType.PONG:
            self._over = self._ended(message)
        return message.type is WSMsgType.PING

    async def _next(self) -> _Message:
        """The next message of any type. An answer to our own ping, which a server that does nothing any more may still
        send, is no sign of life.
        """
        loop = asyncio.get_running_loop()
        begun, heard = loop.time(), False
        try:
            async with asyncio.timeout(self._silence - self._waited):
                message = await self._socket.receive()
            heard = message.type is not WSMsgType.PONG
        except TimeoutError as error:
            raise _silent(self._place, self._silence) from error
        finally:
            self._waited = 0.0 if heard else self._waited + loop.time() - begun
        return message

    async def leave(self, patience: float) -> None:
        """Close it. A server that does not answer in so many seconds is not waited for."""
        try:
            async with asyncio.timeout(patience):
                await self._socket.close()
        except TimeoutError:
            return
        except asyncio.CancelledError:
            # a write that another one was cut off with; ours is only told apart by who was asked to end
            if (task := asyncio.current_task()) and task.cancelling():
                raise

    def _answer(self, ping: bytes) -> None:
        """Answer beside the reading, one ping at a time: a server that takes no answer holds up nobody. Nor may who
        gives up reading cut off a write: aiohttp would end every later one with it, and whoever waits for that.
        """
        if self._answering is None or self._answering.done():
            answer = self._pong(ping)
            self._answering = asyncio.get_running_loop().create_task(answer, name=f"answer {self._place}")

    async def _pong(self, ping: bytes) -> None:
        with suppress(ClientError, OSError):  # reading finds out too, and tells
            await self._socket.pong(ping)

    def _ended(self, message: _Message) -> FetchError:
        code = self._socket.close_code or 1006
        if code == _TOO_LARGE:
            return FetchError(f"{self._place} sent a message that is too large", code="too_large")
        said = f": {message.extra}" if message.type is WSMsgType.CLOSE and message.extra else ""
        return FetchError(f"{self._place} ended the connection ({code}){said[:200]}", code=str(code))


def _silent(place: str, seconds: float) -> FetchError:
    return FetchError(f"{place} said nothing for {seconds:g} s", code="silent")


def _broken(place: str, error: Exception) -> FetchError:
    return FetchError(f"the connection to {place} broke: {type(error).__name__}", code="broken")
