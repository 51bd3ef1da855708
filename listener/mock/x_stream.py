"""The filtered stream of X: one connection, a post a line, blank lines while nothing is said."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from listener.mock.answering import is_open
from listener.mock.faults import Faults
from listener.mock.spoil import another, broken
from listener.mock.x_bill import Bill
from listener.mock.x_book import Book
from listener.mock.x_posts import Posts, Version, Wanted
from listener.mock.x_rules import PROBLEMS
from rules.instant import SECOND, Instant, Span

KEEP_ALIVE: Span = 20 * SECOND
_TICK = 0.02
"""Seconds of the wall between two looks at what is new."""
FAR = ("1970-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z")
"""When nothing was said."""
DISCONNECTED = {
    "title": "operational-disconnect",
    "disconnect_type": "UpstreamOperationalDisconnect",
    "detail": "This stream has been disconnected upstream for operational reasons.",
    "type": f"{PROBLEMS}/operational-disconnect",
}
CAPPED = {
    "title": "UsageCapExceeded",
    "detail": "Usage cap exceeded: Monthly product cap",
    "period": "Monthly",
    "scope": "Product",
    "type": f"{PROBLEMS}/usage-capped",
}
Json = dict[str, Any]


class _EndedError(Exception):
    """The stream is over."""


@dataclass(kw_only=True)
class Stream:
    """The connection of one app: it holds its place until `linger` after its client was seen to leave. Whoever leaves
    a full buffer unread for `patience` seconds of the wall is dropped; `open` says whether anybody listens.
    """

    posts: Posts
    book: Book
    bill: Bill
    faults: Faults
    now: Callable[[], Instant]
    linger: Span
    patience: float
    open: bool = False
    _free_at: Instant = 0

    @property
    def taken(self) -> bool:
        """Whether the one connection there is cannot be had."""
        return self.open or self.now() < self._free_at

    async def serve(
        self, request: web.Request, wanted: Wanted, allowed: Callable[[], bool], headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """What fits the rules from now on, until the client leaves or is not `allowed` any more."""
        self.open, tip = True, self.posts.tip()
        response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
        try:
            await response.prepare(request)
            await _Line(self, request, response, wanted).talk(tip, allowed)
        except TimeoutError:
            _abort(request)
        except (_EndedError, ConnectionError):
            pass
        finally:
            self.open, self._free_at = False, self.now() + self.linger
        return response


class _Line:
    """One connection."""

    def __init__(self, stream: Stream, request: web.Request, response: web.StreamResponse, wanted: Wanted) -> None:
        self._stream, self._request, self._response, self._wanted = stream, request, response, wanted
        self._said = stream.now()
        self._faults = stream.faults

    async def talk(self, tip: int, allowed: Callable[[], bool]) -> None:
        starved = False
        while is_open(self._request) and allowed():
            versions = self._stream.posts.since(tip)
            tip += len(versions)
            starved = starved or bool(versions and self._faults.strikes("starve"))
            if len(versions) > 1 and self._faults.strikes("out-of-order"):
                versions.reverse()
            for version in versions if not starved else ():
                await self._pass_on(version)
            if self._stream.now() - self._said >= KEEP_ALIVE:
                await self._write(b"\r\n")
            await asyncio.sleep(_TICK)

    async def _pass_on(self, version: Version) -> None:
        matching = self._stream.book.matching(self._stream.posts.facts(version.post))
        if not matching:
            return
        if self._stream.bill.capped:
            await self._send({"errors": [CAPPED]})
            raise _EndedError
        self._stream.bill.read(version.id)
        shown = self._stream.posts.shown([version], self._wanted)
        event = {**shown, "data": shown["data"][0], "matching_rules": matching}
        if "created_at" in event["data"] and self._faults.strikes("bad-clock"):
            event["data"]["created_at"] = self._faults.random.choice(FAR)
        await self._go_wrong(event)
        for _ in range(2 if self._faults.strikes("duplicate") else 1):
            await self._send(event)

    async def _go_wrong(self, event: Json) -> None:
        random = self._faults.random
        for name in ("malformed", "huge"):
            if self._faults.strikes(name):
                await self._write(broken(name, event, random).encode("utf-8", "surrogatepass") + b"\r\n")
        if self._faults.strikes("wrong-shape"):
            await self._send(self._misshapen(event))
        if self._faults.strikes("close"):
            if random.random() < 0.5:
                await self._send({"errors": [DISCONNECTED]})
            raise _EndedError
        if self._faults.strikes("reset"):
            await self._write(msgspec.json.encode(event)[:40])
            _abort(self._request)
            raise _EndedError
        if self._faults.strikes("stall"):
            while is_open(self._request):  # noqa: ASYNC110  # the server tells nobody that a reader has left
                await asyncio.sleep(_TICK)
            raise _EndedError

    def _misshapen(self, event: Json) -> Any:
        """Something beside the event that says nothing."""
        random, name = self._faults.random, self._faults.random.choice(["id", "text"])
        spoilt = {**event, "data": {**event["data"], name: another(event["data"][name], random)}}
        others: list[Any] = [spoilt, {**event, "data": None}, {"errors": [{"title": "unknown"}]}, {"system": 1}, [], 5]
        return random.choice(others)

    async def _send(self, event: Any) -> None:
        await self._write(msgspec.json.encode(event) + b"\r\n")

    async def _write(self, line: bytes) -> None:
        """Raises TimeoutError when the client does not take it in time."""
        async with asyncio.timeout(self._stream.patience):
            await self._response.write(line)
        self._said = self._stream.now()


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
