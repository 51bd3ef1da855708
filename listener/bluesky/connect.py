"""Opens a stream: which version, with which dictionary, from where; and what it means when the server refuses."""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlencode

from listener.bluesky.inflate import FIRST, LARGEST, SECOND, Inflater, is_packed, shipped
from listener.bluesky.place import Place
from listener.bluesky.post import POSTS, REPOSTS
from listener.bluesky.server import DICTIONARY, PATHS, over_http
from listener.bluesky.wire import Frame, UnreadableError, Version
from listener.errors import FetchError
from listener.net.client import Client
from listener.net.stream import Socket
from rules.instant import Instant

_COLLECTIONS = (POSTS, REPOSTS)
_KINDS = ("commit", "identity", "account")
_SILENCE = 60.0
"""Seconds; a server pings every 30 s."""
_LARGEST_MESSAGE = 4 * LARGEST
_ROOM = 4 * LARGEST
"""Bytes that frames may fill that are received at once, and those that are unpacked at once: nine usual rounds."""
_TRIES = 6
_AGAIN = timedelta(hours=1)
_MOST_IN_ADDRESS = 100
_NO_SUCH_PATH = frozenset({"400", "404", "405", "426", "501"})
_PROTOCOL = {"Sec-WebSocket-Protocol": "xrpc.v1.json"}


@dataclass
class Unpacked:
    """What some frames hold, in so many bytes; of others it cannot be told, which are counted by the reason."""

    frames: Sequence[Frame]
    size: int
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many came."""
        return len(self.frames) + self.skipped.total()


@dataclass
class Connection:
    """An open stream of one version. `lost`: the server no longer holds the place that was asked for."""

    version: Version
    lost: bool
    socket: Socket
    inflater: Inflater | None

    async def receive(self, most: int, window: float) -> Sequence[Frame]:
        """The next frames, as `Socket.receive_many` has them. Raises FetchError."""
        return await self.socket.receive_many(most, _ROOM, window)

    def unpack(self, frames: Sequence[Frame]) -> Iterator[Unpacked]:
        """What frames hold, as much at a time as has room: a frame may be a thousand times as large as it came."""
        if self.inflater is None and max(map(len, frames), default=0) <= LARGEST:
            yield Unpacked(frames, sum(map(len, frames)))
            return
        coming = iter(frames)
        while (part := self._part(coming)).count:
            yield part

    def _part(self, coming: Iterator[Frame]) -> Unpacked:
        frames, size, skipped = list[Frame](), 0, Counter[str]()
        for frame in coming:
            try:
                unpacked = self._unpacked(frame)
            except UnreadableError as error:
                skipped[str(error)] += 1
                continue
            frames.append(unpacked)
            size += len(unpacked)
            if size >= _ROOM:
                break
        return Unpacked(frames, size, skipped)

    def _unpacked(self, frame: Frame) -> Frame:
        if len(frame) > LARGEST:
            raise UnreadableError("too large")
        return self.inflater.inflate(frame) if self.inflater and is_packed(frame) else frame


class Connecting:
    """Remembers what a server turned out to understand. `speed` is that of the clock: silence is told by it."""

    def __init__(
        self,
        client: Client,
        server: str,
        *,
        version: Literal["auto", 1, 2],
        dids: Sequence[str],
        compress: bool,
        allow_private: bool,
        speed: float,
    ) -> None:
        self._client, self._server, self._private = client, server, allow_private
        self._dids, self._silence = dids, timedelta(seconds=max(1.0, _SILENCE / speed))
        # an address that holds many accounts is too long for most servers, and only version 1 takes them otherwise
        self._auto = version == "auto" and len(dids) <= _MOST_IN_ADDRESS
        self._version: Version = 2 if self._auto or version == 2 else 1
        self._compress, self._asked_for_dictionary = compress, False
        self._inflaters: dict[Version, Inflater] = {}

    @asynccontextmanager
    async def open(self, place: Place, *, otherwise: Instant | None) -> AsyncGenerator[Connection, None]:
        """A stream that goes on at the place; without one, from the instant `otherwise`, else from now. Raises
        FetchError, whose state says what follows.
        """
        lost = 0
        async with AsyncExitStack() as stack:
            for _ in range(_TRIES):
                version, inflater = self._version, self._inflater()
                asked = (place.ask(version) or otherwise, place.by_time(), None)[lost]
                url = self._url(asked)
                try:
                    socket = await stack.enter_async_context(self._dial(url))
                except FetchError as error:
                    lost = min(2, lost + await self._mend(error, url))
                    continue
                await self._say_hello(socket)
                yield Connection(version, bool(lost), socket, inflater)
                return
        raise FetchError(f"{self._server} refuses every way of asking", state="parked", code="400", retry_after=_AGAIN)

    def _dial(self, url: str) -> AbstractAsyncContextManager[Socket]:
        return self._client.websocket(
            url,
            silence=self._silence,
            headers=_PROTOCOL if self._version == 2 else None,
            allow_private=self._private,
            largest=_LARGEST_MESSAGE,
        )

    def _inflater(self) -> Inflater | None:
        if not self._compress:
            return None
        if self._version not in self._inflaters:
            self._inflaters[self._version] = Inflater(shipped(FIRST if self._version == 1 else SECOND))
        return self._inflaters[self._version]

    def _url(self, cursor: int | None) -> str:
        first = self._version == 1
        asked: list[tuple[str, object]] = [("maxMessageSizeBytes", LARGEST // 2)]
        asked += [("wantedCollections" if first else "collections", each) for each in _COLLECTIONS]
        if not first:
            asked += [("kinds", kind) for kind in _KINDS]
        if not self._says_hello():
            asked += [("wantedDids" if first else "dids", did) for did in self._dids]
        else:
            asked.append(("requireHello", "true"))
        inflater = self._inflater()
        if inflater is not None:
            asked.append(("compress", "true") if first else ("zstdDictionary", inflater.number))
        if cursor is not None:
            asked.append(("cursor", cursor))
        return f"{self._server}{PATHS[self._version]}?{urlencode(asked)}"

    def _says_hello(self) -> bool:
        return self._version == 1 and len(self._dids) > _MOST_IN_ADDRESS

    async def _say_hello(self, socket: Socket) -> None:
        """Version 1 takes long lists of accounts in a message, and begins then."""
        if self._says_hello():
            wanted = {
                "wantedCollections": _COLLECTIONS,
                "wantedDids": self._dids,
                "maxMessageSizeBytes": LARGEST // 2,
            }
            await socket.send(json.dumps({"type": "options_update", "payload": wanted}))

    async def _mend(self, error: FetchError, url: str) -> int:
        """What can be done about a refusal: 1 when the place is lost, 0 when another way of asking is left. Raises
        FetchError when nothing can.
        """
        if error.code in {"401", "403"}:
            raise FetchError(str(error), state="auth_failed", code=error.code) from error
        if error.code == "400":
            name, words = await self._why(url, error)
        else:
            name, words = "", ""
        if name == "CursorTooOld":
            return 1
        if name == "UnknownZstdDictionary":
            await self._take_other_dictionary()
            return 0
        if self._auto and error.code in _NO_SUCH_PATH and not name:
            if self._version == 2:
                self._version = 1
                return 0
            self._version = 2  # the server may be another one tomorrow
        if error.code == "400":
            said = f"{self._server} refuses what it is asked: {words or name or 'no reason given'}"
            raise FetchError(said, state="parked", code="400", retry_after=_AGAIN) from error
        raise error

    async def _why(self, url: str, error: FetchError) -> tuple[str, str]:
        """Why a handshake was refused with 400, as name and words: a refused WebSocket brings no body, a plain request
        does. Raises the error itself when the server does not stand by it.
        """
        answer = await self._client.get(over_http(url), allow_private=self._private, explain=True)
        if answer.status != 400:
            raise error
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = answer.body.decode("utf-8", "replace")
        if isinstance(said, dict):
            return str(said.get("error", ""))[:80], f"{said.get('error', '')}: {said.get('message', '')}"[:300]
        return "", " ".join(str(said).split())[:300]

    async def _take_other_dictionary(self) -> None:
        """The server's own dictionary; without one, frames come as they are."""
        if self._asked_for_dictionary:
            self._compress = False
            return
        self._asked_for_dictionary = True
        try:
            answer = await self._client.get(over_http(self._server) + DICTIONARY, allow_private=self._private)
            self._inflaters[2] = Inflater(answer.body)
        except (FetchError, ValueError):
            self._compress = False
