"""A mock of Bluesky's Jetstream: both versions over one world, with its cursors, compression, and what goes wrong."""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import WSMsgType, web
from zstandard import ZstdCompressionDict, ZstdCompressor

from listener.bluesky.inflate import FIRST, SECOND, shipped
from listener.clock import Clock
from listener.mock.bluesky_log import KEPT, Json, Log, Logged, first, info, second
from listener.mock.faults import Faults
from listener.mock.spoil import broken, wait
from listener.mock.world import Account, World
from rules.instant import DAY, MINUTE, Instant, Span
from rules.instant import SECOND as ONE

FAULTS = (
    *("close", "reset", "stall", "starve", "rate-limit", "server-error", "unauthorised", "duplicate", "out-of-order"),
    *("malformed", "wrong-shape", "huge", "cursor-loss", "bad-clock"),
)
PING: Span = 30 * ONE
FLUSH: Span = 5 * ONE
_CLOCK = 10**15
_TICK = 0.02
"""Seconds of the wall between two looks at what is new."""
_MOST_COLLECTIONS, _MOST_DIDS = 100, 10_000
_COLLECTION = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(\.\*)?")
_KINDS = {"commit", "identity", "account", "sync"}
_LONG_AGO, _FAR_OFF = 0, 130 * 365 * DAY


@dataclass
class _Wants:
    """What a client asked for."""

    version: Literal[1, 2]
    collections: Sequence[str] = ()
    dids: Sequence[str] = ()
    kinds: Sequence[str] = ()
    compressor: ZstdCompressor | None = None
    hello: bool = False

    def takes(self, event: Logged) -> bool:
        if self.dids and event.did not in self.dids:
            return False
        if self.kinds and event.kind not in self.kinds:
            return False
        return event.kind != "commit" or not self.collections or any(map(self._names(event), self.collections))

    def _names(self, event: Logged) -> Any:
        return lambda each: (
            event.collection == each or (each.endswith(".*") and event.collection.startswith(each.removesuffix("*")))
        )


class _RefusedError(Exception):
    """A request that is answered with 400: the error's name for version 2, and words."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name, self.words = name, words


class Jetstream:
    """A Jetstream server over `world`. `numbered`: its version 1 gives sequence numbers as servers of version 2 do;
    `second` is False for a server that knows version 1 alone. `dropped` is what no cursor reaches any more since a
    cursor was lost; `open` counts connections.
    """

    def __init__(
        self,
        world: World,
        *,
        faults: Faults | None = None,
        clock: Clock | None = None,
        kept: int = KEPT,
        numbered: bool = False,
        second: bool = True,
        dictionary: int = SECOND,
        starved_for: Span = 10 * MINUTE,
    ) -> None:
        self._world, self._faults, self._clock = world, faults or Faults(), clock or Clock()
        self._numbered, self._second, self._dictionary, self._starved_for = numbered, second, dictionary, starved_for
        self.log = Log(world, self._dated, kept)
        self.dropped: list[Logged] = []
        self.open = 0

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/subscribe", self.subscribe)
        if self._second:
            yield web.get("/xrpc/network.bsky.jetstream.subscribeEvents", self.subscribe_events)
            yield web.get("/xrpc/network.bsky.jetstream.getZstdDictionary", self.dictionary)

    def close_account(self, account: Account, status: str = "deleted") -> None:
        self.log.account(account, active=False, status=status)

    def rename(self, account: Account) -> None:
        self.log.identity(account)

    async def dictionary(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("id", str(self._dictionary)) != str(self._dictionary):
            return _xrpc("DictionaryNotFound", "no such dictionary")
        return web.Response(body=shipped(self._dictionary), content_type="application/octet-stream")

    async def subscribe(self, request: web.Request) -> web.StreamResponse:
        """Version 1."""
        refusal = self._struck(request)
        if refusal:
            return refusal
        try:
            wants, cursor = _first_wants(request)
        except _RefusedError as error:
            return web.Response(status=400, text=error.words)
        return await self._talk(request, wants, self._begin(cursor, clamps=True), [])

    async def subscribe_events(self, request: web.Request) -> web.StreamResponse:
        """Version 2. What is asked is looked at before it becomes a WebSocket."""
        refusal = self._struck(request)
        if refusal:
            return refusal
        try:
            wants, cursor = self._second_wants(request)
            notices = self._notices(cursor)
        except _RefusedError as error:
            return _xrpc(error.name, error.words)
        return await self._talk(request, wants, self._begin(cursor, clamps=False), notices)

    def _second_wants(self, request: web.Request) -> tuple[_Wants, int | None]:
        query = request.query
        if any(name.startswith("wanted") for name in query):
            raise _RefusedError("InvalidRequest", "wanted* are parameters of version 1")
        wants = _Wants(2, query.getall("collections", []), query.getall("dids", []), kinds=query.getall("kinds", []))
        _check(wants)
        if wants.kinds and wants.collections and "commit" not in wants.kinds:
            raise _RefusedError("InvalidRequest", "collections need kind commit")
        if "zstdDictionary" in query:
            if query["zstdDictionary"] != str(self._dictionary):
                raise _RefusedError("UnknownZstdDictionary", f"the current one is {self._dictionary}")
            wants.compressor = _compressor(self._dictionary)
        return wants, _number(query.get("cursor"))

    def _notices(self, cursor: int | None) -> list[Json]:
        """What version 2 says of a cursor first. Raises _RefusedError for one that is too old."""
        self.log.catch_up()
        self._lose(cursor)
        oldest = self.log.oldest
        if cursor is None or oldest is None:
            return []
        if cursor >= _CLOCK:
            late = cursor < oldest.at
            return [info("OutdatedCursor", f"resumed from seq {oldest.seq}")] if late else []
        if cursor < oldest.seq:
            raise _RefusedError("CursorTooOld", f"the oldest is {oldest.seq}")
        return [info("FutureCursor", "resumed from the live tip")] if cursor > self.log.next else []

    def _begin(self, cursor: int | None, *, clamps: bool) -> int:
        """The number of the first event to send."""
        self.log.catch_up()
        if clamps:
            self._lose(cursor)
        if cursor is None or (cursor > self._world.now() if cursor >= _CLOCK else cursor > self.log.next):
            return self.log.next
        if cursor < _CLOCK:
            return cursor
        return next((event.seq for event in self.log.since(0) if event.at >= cursor), self.log.next)

    def _lose(self, cursor: int | None) -> None:
        """Let the window end after the place somebody asks for."""
        if cursor is None or not self._faults.strikes("cursor-loss"):
            return
        asked = [event for event in self.log.since(0) if (event.at if cursor >= _CLOCK else event.seq) >= cursor]
        if len(asked) > 2:
            keep = self._faults.random.choice(asked[1:-1])
            self.dropped += self.log.forget(keep.seq)

    def _struck(self, request: web.Request) -> web.Response | None:
        """An answer that is no stream, when a fault wants one and a stream was asked for."""
        if "Upgrade" not in request.headers:
            return None
        if self._faults.strikes("server-error"):
            status = self._faults.random.choice([502, 503])
            return web.Response(status=status, text="<html><h1>Bad gateway</h1></html>", content_type="text/html")
        if self._faults.strikes("rate-limit"):
            return web.Response(status=429, headers=wait(self._faults.random, self._world.now()))
        return web.Response(status=401, text="expired") if self._faults.strikes("unauthorised") else None

    def _dated(self, at: Instant) -> Instant:
        return self._faults.random.choice([_LONG_AGO, _FAR_OFF]) if self._faults.strikes("bad-clock") else at

    async def _talk(self, request: web.Request, wants: _Wants, seq: int, notices: list[Json]) -> web.StreamResponse:
        protocols = ("xrpc.v1.json",) if wants.version == 2 else ()
        socket = web.WebSocketResponse(autoping=False, compress=False, protocols=protocols)
        if not socket.can_prepare(request):
            return web.Response(status=400, text="this is a WebSocket")
        await socket.prepare(request)
        self.open += 1
        talk = _Talk(socket, request, wants, self._faults, self._clock, numbered=self._numbered)
        try:
            async with asyncio.TaskGroup() as group:
                speaking = group.create_task(self._speak(talk, seq, notices), name="jetstream")
                await talk.listen()
                speaking.cancel()
        finally:
            self.open -= 1
        return socket

    async def _speak(self, talk: "_Talk", seq: int, notices: list[Json]) -> None:
        with suppress(ConnectionError, TimeoutError, RuntimeError):
            await talk.begun.wait()
            for notice in notices:
                await talk.send(notice)
            while talk.goes_on():
                batch = [event for event in self.log.since(seq) if event.seq >= seq]
                seq = self.log.next
                await talk.tell([event for event in batch if talk.wants.takes(event)])
                await self._starve(talk)
                await talk.ping()
                await asyncio.sleep(_TICK)

    async def _starve(self, talk: "_Talk") -> None:
        if self._faults.strikes("starve"):
            until = self._clock.now() + self._starved_for
            while self._clock.now() < until and talk.goes_on():
                await talk.ping()
                await asyncio.sleep(_TICK)


class _Talk:
    """One open connection."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        request: web.Request,
        wants: _Wants,
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
                if self.wants.version == 2 or not self._update(message.data):
                    await self._socket.close(code=1008, message=b"unexpected message")
                self.begun.set()

    async def tell(self, events: list[Logged]) -> None:
        """Send events, with what goes wrong."""
        swapped = -1
        for place in range(len(events)):
            after = events[place + 1] if place + 1 < len(events) else None
            # what one account does stays in order on every relay
            near = after is not None and after.did != events[place].did and after.at - events[place].at < ONE // 2
            if after and near and swapped != place - 1 and self._faults.strikes("out-of-order"):
                events[place], events[place + 1], swapped = after, events[place], place
            await self._tell(events[place])

    async def _tell(self, event: Logged) -> None:
        frame = second(event) if self.wants.version == 2 else first(event, numbered=self._numbered)
        await self._go_wrong(frame)
        for _ in range(2 if self._faults.strikes("duplicate") else 1):
            await self.send(frame)

    async def send(self, frame: Json) -> None:
        await self._send_text(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

    async def ping(self) -> None:
        if self._clock.now() - self._pinged >= PING:
            self._pinged = self._clock.now()
            await self._socket.ping()

    async def _send_text(self, text: str) -> None:
        """Send a frame; a client that does not take it in time is dropped."""
        packed = self.wants.compressor
        try:
            async with asyncio.timeout(max(0.5, FLUSH / ONE / self._clock.speed)):
                if packed:
                    await self._socket.send_bytes(packed.compress(text.encode("utf-8", "replace")))
                else:
                    await self._socket.send_str(text)
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

    def _update(self, text: str) -> bool:
        """Take over an `options_update`; whether it was one."""
        try:
            said = json.loads(text)
            wanted = said["payload"]
            self.wants.collections = list(wanted.get("wantedCollections") or [])
            self.wants.dids = list(wanted.get("wantedDids") or [])
            _check(self.wants)
        except (ValueError, TypeError, KeyError, AttributeError, _RefusedError):
            return False
        return bool(said.get("type") == "options_update")


def _first_wants(request: web.Request) -> tuple[_Wants, int | None]:
    query = request.query
    wants = _Wants(1, query.getall("wantedCollections", []), query.getall("wantedDids", []))
    _check(wants)
    wants.hello = query.get("requireHello") == "true"
    if query.get("compress") == "true" or "zstd" in request.headers.get("Socket-Encoding", ""):
        if "permessage-deflate" in request.headers.get("Sec-WebSocket-Extensions", ""):
            raise _RefusedError("", "zstd and permessage-deflate exclude each other")
        wants.compressor = _compressor(FIRST)
    return wants, _number(query.get("cursor"))


def _check(wants: _Wants) -> None:
    """Raises _RefusedError."""
    if len(wants.collections) > _MOST_COLLECTIONS or len(wants.dids) > _MOST_DIDS:
        raise _RefusedError("InvalidRequest", "too many wanted collections or DIDs")
    for each in wants.collections:
        if not _COLLECTION.fullmatch(each):
            raise _RefusedError("InvalidRequest", f"invalid collection: {each}")
    for each in wants.dids:
        if not re.fullmatch(r"did:[a-z]+:[a-zA-Z0-9._:%-]+", each):
            raise _RefusedError("InvalidRequest", f"invalid DID: {each}")
    if set(wants.kinds) - _KINDS:
        raise _RefusedError("InvalidRequest", "invalid kind")


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,18}", text):
        raise _RefusedError("InvalidRequest", "invalid cursor")
    return int(text)


def _compressor(number: int) -> ZstdCompressor:
    return ZstdCompressor(dict_data=ZstdCompressionDict(shipped(number)))


def _xrpc(name: str, words: str) -> web.Response:
    return web.json_response({"error": name, "message": words}, status=400)
