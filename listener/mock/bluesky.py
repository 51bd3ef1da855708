"""A mock of Bluesky's Jetstream: both versions over one world, with its cursors, compression, and what goes wrong."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from aiohttp import web

from listener.bluesky.inflate import SECOND, shipped
from listener.clock import Clock
from listener.mock.bluesky_firehose import STRANGERS, Firehose
from listener.mock.bluesky_log import KEPT, Json, Log, Logged, info
from listener.mock.bluesky_talk import TICK, Talk
from listener.mock.bluesky_wants import RefusedError, Wants, first_wants, second_wants
from listener.mock.faults import Faults
from listener.mock.spoil import wait
from listener.mock.world import Account, World
from rules.instant import DAY, MINUTE, Instant, Span

FAULTS = (
    *("close", "reset", "stall", "starve", "rate-limit", "server-error", "unauthorised", "duplicate", "out-of-order"),
    *("malformed", "wrong-shape", "huge", "cursor-loss", "bad-clock"),
)
_CLOCK = 10**15
_SOON = 0.005
"""Seconds of the wall between two looks at what a firehose says: whoever measures by it measures this, too."""
_LONG_AGO, _FAR_OFF = 0, 130 * 365 * DAY


class Jetstream:
    """A Jetstream server over `world`. `numbered`: its version 1 gives sequence numbers as servers of version 2 do;
    `second` is False for a server that knows version 1 alone. `dropped` is what no cursor reaches any more since a
    cursor was lost; `open` counts connections. What a `firehose` says comes among what is said in the world, by its
    time: in version 1 alone, which is all that such a server knows, and with nothing going wrong.
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
        firehose: Firehose | None = None,
    ) -> None:
        self._world, self._faults, self._clock = world, faults or Faults(), clock or Clock()
        self._numbered, self._dictionary, self._starved_for = numbered, dictionary, starved_for
        self._firehose, self._second = firehose, second and firehose is None
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
            wants, cursor = first_wants(request)
        except RefusedError as error:
            return web.Response(status=400, text=error.words)
        return await self._talk(request, wants, *self._begin(cursor, clamps=True), [])

    async def subscribe_events(self, request: web.Request) -> web.StreamResponse:
        """Version 2. What is asked is looked at before it becomes a WebSocket."""
        refusal = self._struck(request)
        if refusal:
            return refusal
        try:
            wants, cursor = second_wants(request, self._dictionary)
            notices = self._notices(cursor)
        except RefusedError as error:
            return _xrpc(error.name, error.words)
        return await self._talk(request, wants, *self._begin(cursor, clamps=False), notices)

    def _notices(self, cursor: int | None) -> list[Json]:
        """What version 2 says of a cursor first. Raises RefusedError for one that is too old."""
        self.log.catch_up()
        self._lose(cursor)
        oldest = self.log.oldest
        if cursor is None or oldest is None:
            return []
        if cursor >= _CLOCK:
            late = cursor < oldest.at
            return [info("OutdatedCursor", f"resumed from seq {oldest.seq}")] if late else []
        if cursor < oldest.seq:
            raise RefusedError("CursorTooOld", f"the oldest is {oldest.seq}")
        return [info("FutureCursor", "resumed from the live tip")] if cursor > self.log.next else []

    def _begin(self, cursor: int | None, *, clamps: bool) -> tuple[int, Instant]:
        """The number of the first event to send, and from when on strangers are heard."""
        now = self._world.now()
        return self._first(cursor, clamps=clamps), cursor if cursor is not None and _CLOCK <= cursor <= now else now

    def _first(self, cursor: int | None, *, clamps: bool) -> int:
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

    async def _talk(
        self, request: web.Request, wants: Wants, seq: int, since: Instant, notices: list[Json]
    ) -> web.StreamResponse:
        protocols = ("xrpc.v1.json",) if wants.version == 2 else ()
        socket = web.WebSocketResponse(autoping=False, compress=False, protocols=protocols, writer_limit=0)
        if not socket.can_prepare(request):
            return web.Response(status=400, text="this is a WebSocket")
        await socket.prepare(request)
        self.open += 1
        talk = Talk(socket, request, wants, self._faults, self._clock, numbered=self._numbered)
        try:
            async with asyncio.TaskGroup() as group:
                speaking = group.create_task(self._speak(talk, seq, since, notices), name="jetstream")
                await talk.listen()
                speaking.cancel()
        finally:
            self.open -= 1
        return socket

    async def _speak(self, talk: Talk, seq: int, since: Instant, notices: list[Json]) -> None:
        with suppress(ConnectionError, TimeoutError, RuntimeError):
            await talk.begun.wait()
            for notice in notices:
                await talk.send(notice)
            while talk.goes_on():
                now = self._world.now()
                batch = [event for event in self.log.since(seq) if event.seq >= seq]
                seq = self.log.next
                await self._tell(talk, [event for event in batch if talk.wants.takes(event)], since, now)
                since = now
                await self._starve(talk)
                await talk.ping()
                await asyncio.sleep(_SOON if self._firehose else TICK)

    async def _tell(self, talk: Talk, events: list[Logged], since: Instant, now: Instant) -> None:
        """The events, and where there is a firehose what strangers said from `since` until `now` among them."""
        if self._firehose is None:
            await talk.tell(events)
            return
        for event in events:
            await self._pour(talk, since, event.at)
            await talk.tell([event])
            since = max(since, event.at)
        await self._pour(talk, since, now)

    async def _pour(self, talk: Talk, begin: Instant, end: Instant) -> None:
        if self._firehose and talk.wants.takes(STRANGERS):
            for frames in self._firehose.between(begin, end):
                await talk.pour(frames)

    async def _starve(self, talk: Talk) -> None:
        if self._faults.strikes("starve"):
            until = self._clock.now() + self._starved_for
            while self._clock.now() < until and talk.goes_on():
                await talk.ping()
                await asyncio.sleep(TICK)


def _xrpc(name: str, words: str) -> web.Response:
    return web.json_response({"error": name, "message": words}, status=400)
