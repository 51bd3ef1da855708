"""A Mastodon server's streams: one connection of server-sent events a timeline, or one WebSocket for all of them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

from listener.errors import FetchError
from listener.mastodon.rest import decoded, refuse, unauthorised
from listener.net.client import Client
from listener.net.sse import Decoder
from listener.net.stream import Socket

Wire = Literal["sse", "websocket"]
BROKEN = "malformed"
"""The name of an event that could not be read."""
_LARGEST = 256 * 1024
_MOST_WAITING = 200
_MOST_AT_ONCE = 100
_REFUSED = frozenset({"401", "403"})


class Told(NamedTuple):
    """One event of a timeline ("" when it is not said which): its name and data, as they came."""

    channel: str
    name: str
    data: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """How to reach the streams. `silence` is how long server-sent events may stay away; on a WebSocket the client's
    own pings find out.
    """

    client: Client
    url: str
    host: str
    headers: dict[str, str]
    silence: timedelta
    allow_private: bool


class Streams:
    """Open streams. What comes waits here, little of it: a reader that is slow slows the server down."""

    def __init__(self, connections: int) -> None:
        self._queue: asyncio.Queue[Told | None] = asyncio.Queue(_MOST_WAITING)
        self._opening, self._settled = connections, asyncio.Event()
        self._error: FetchError | None = None

    async def ready(self) -> None:
        """Return when every connection is open. Raises FetchError when one could not be opened."""
        await self._settled.wait()
        if self._error:
            raise self._error

    async def take(self, patience: float) -> list[Told]:
        """What has come, at least one event unless nothing comes for so many seconds. Raises FetchError when a
        connection ended and everything before that was taken.
        """
        taken = list[Told | None]()
        while len(taken) < _MOST_AT_ONCE and not self._queue.empty():
            taken.append(self._queue.get_nowait())
        if not taken and not self._error:
            try:
                async with asyncio.timeout(patience):
                    taken.append(await self._queue.get())
            except TimeoutError:
                return []
        found = [told for told in taken if told]
        if not found and self._error and self._queue.empty():
            raise self._error
        return found

    async def put(self, told: Told) -> None:
        """Hand over what came; too large an event is only counted."""
        large = len(told.data) > _LARGEST
        await self._queue.put(Told(told.channel, "too_large", "") if large else told)

    def opened(self) -> None:
        """Note that one more connection is open."""
        self._opening -= 1
        if not self._opening:
            self._settled.set()

    async def keep(self, reading: Coroutine[Any, Any, None]) -> None:
        """Read a connection to its end, and note how it ended."""
        try:
            await reading
        except FetchError as error:
            self._error = self._error or error
            self._settled.set()
            await self._queue.put(None)


@asynccontextmanager
async def streaming(line: Line, channels: Sequence[str], wire: Wire) -> AsyncIterator[Streams]:
    """The streams of some timelines, for the time of the block."""
    streams = Streams(len(channels) if wire == "sse" else 1)
    if wire == "sse":
        work = [_events(line, channel, streams) for channel in channels]
    else:
        work = [_messages(line, channels, streams)]
    loop = asyncio.get_running_loop()
    # no TaskGroup: a generator yields inside this block, so it owns these itself
    tasks = [loop.create_task(streams.keep(each), name=f"stream {line.host}") for each in work]
    try:
        yield streams
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _events(line: Line, channel: str, streams: Streams) -> None:
    tag = channel.removeprefix("#")
    path = f"/hashtag?{urlencode({'tag': tag})}" if tag != channel else f"/{channel.replace(':', '/')}"
    url, decoder, lost = f"{line.url}/api/v1/streaming{path}", Decoder(), 0
    async with line.client.stream(
        url,
        silence=line.silence,
        headers={**line.headers, "Accept": "text/event-stream"},
        allow_private=line.allow_private,
    ) as stream:
        refuse(stream.response, line.host, with_token=True)
        if "json" in (kind := stream.response.headers.get("content-type", "")) or "html" in kind:
            raise FetchError(f"{line.host} answers with something else than a stream", code="wrong_type")
        streams.opened()
        async for chunk in stream.chunks():
            for event in decoder.feed(chunk):
                await streams.put(Told(channel, event.name, event.data))
            for _ in range(decoder.skipped - lost):
                await streams.put(Told(channel, "too_large", ""))
            lost = decoder.skipped
    raise FetchError(f"{line.host} ended the stream", code="closed")


async def _messages(line: Line, channels: Sequence[str], streams: Streams) -> None:
    url = f"ws{line.url.removeprefix('http')}/api/v1/streaming"
    try:
        async with line.client.websocket(
            url, silence=timedelta(days=1), headers=line.headers, allow_private=line.allow_private
        ) as socket:
            for channel in channels:
                await socket.send(_subscription(channel))
            streams.opened()
            await _receive(socket, line, streams)
    except FetchError as error:
        if error.code in _REFUSED and error.state != "auth_failed":
            raise unauthorised(line.host, "", error.code, with_token=True) from error
        raise


async def _receive(socket: Socket, line: Line, streams: Streams) -> None:
    while True:
        said = decoded(await socket.receive())
        message = said if isinstance(said, dict) else {}
        if message.get("error"):
            words = str(message["error"])[:200]
            raise FetchError(f"{line.host} refuses a stream ({words})", code=str(message.get("status") or "error"))
        name, data = message.get("event"), message.get("payload")
        whole = isinstance(name, str) and isinstance(data, str | int)
        channel = _channel(message.get("stream"))
        await streams.put(Told(channel, str(name), str(data)) if whole else Told(channel, BROKEN, ""))


def _subscription(channel: str) -> str:
    tag = channel.removeprefix("#")
    asked = {"stream": "hashtag", "tag": tag} if tag != channel else {"stream": channel}
    return msgspec.json.encode({"type": "subscribe", **asked}).decode()


def _channel(told: object) -> str:
    words = [str(word) for word in told] if isinstance(told, list) else []
    if len(words) == 2 and words[0].startswith("hashtag"):
        return f"#{words[1].lower()}"
    return words[0] if words else ""
