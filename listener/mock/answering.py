"""Answers over HTTP, and what goes wrong with them on any platform that is asked: drawn from its faults."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any

import msgspec
from aiohttp import web

from listener.mock.faults import Faults
from rules.instant import SECOND, Instant, instant, moment

FAULTS = (
    "huge",
    "malformed",
    "rate-limit",
    "redirect-loop",
    "redirect-private",
    "reset",
    "server-error",
    "slow",
    "wrong-type",
)
"""What can happen to any answer."""
PAGE = "<!doctype html><html><head><title>One moment</title></head><body><p>We will be back.</p></body></html>"
WAITS = ("2", "0.5", "date", "", "0", "-5", "31536000", "soon")
"""Shapes of `Retry-After`: seconds, an HTTP date, none, and what is no time to wait."""
HUGE = 64 * 1024 * 1024
NOWHERE = "http://127.0.0.1:9/"
"""Inside the reader's own network, and nothing is there."""
_BURST = 3
_CHUNK = 64 * 1024
_PAUSE = 0.02
_ZONED = Annotated[datetime, msgspec.Meta(tz=True)]

Spoil = Callable[[Any], Any]
"""Makes another value of what would be answered."""


class Answering:
    """Answers, or what `faults` draw instead. `waits` are the shapes of Retry-After, `too_many` the body of a 429."""

    def __init__(
        self, faults: Faults, now: Callable[[], Instant], *, waits: Sequence[str] = WAITS, too_many: object = None
    ) -> None:
        self._faults, self._now, self._waits, self._too_many = faults, now, waits, too_many
        self._down = 0

    async def answer(self, request: web.Request, value: Any, **spoilt: Spoil) -> web.StreamResponse:
        """The value as JSON, unless it is refused. Each fault is drawn once; the first that strikes decides."""
        return await self.refusal(request) or await self.give(request, value, **spoilt)

    async def give(
        self, request: web.Request, value: Any, headers: Mapping[str, str] | None = None, /, **spoilt: Spoil
    ) -> web.StreamResponse:
        """The value as JSON. `spoilt` are a platform's own faults in its values, by name."""
        for name, spoil in spoilt.items():
            if self._faults.strikes(name.replace("_", "-")):
                value = spoil(value)
        return await self.deliver(request, msgspec.json.encode(value), "application/json", headers)

    async def refusal(self, request: web.Request) -> web.StreamResponse | None:
        """What is answered without a look at what was asked for; None when nothing strikes."""
        strikes, random = self._faults.strikes, self._faults.random
        if self._down or strikes("server-error"):
            self._down = self._down - 1 if self._down else random.randrange(_BURST)
            return _page(random.choice([502, 503]))
        if strikes("rate-limit"):
            return self._later(random.choice(self._waits))
        if strikes("wrong-type"):
            return _page(200)
        if strikes("redirect-loop"):
            return web.Response(status=302, headers={"Location": str(request.rel_url)})
        if strikes("redirect-private"):
            return web.Response(status=302, headers={"Location": NOWHERE})
        return await _drip(request, b" ", HUGE, pause=_PAUSE) if strikes("slow") else None

    async def deliver(
        self, request: web.Request, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        """The body, unless something happens to it on the way."""
        if self._faults.strikes("malformed"):
            body = self._broken(body)
        if self._faults.strikes("huge"):
            return await _drip(request, _CHUNK * b" ", HUGE // _CHUNK, pause=0)
        if self._faults.strikes("reset"):
            return await _reset(request, body)
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    def _later(self, wait: str) -> web.Response:
        if wait == "date":
            wait = format_datetime(moment(self._now() + 2 * SECOND), usegmt=True)
        headers = {"Retry-After": wait} if wait else {}
        if self._too_many is None:
            return web.Response(status=429, headers=headers)
        return web.json_response(self._too_many, status=429, headers=headers)

    def _broken(self, body: bytes) -> bytes:
        middle = len(body) // 2
        half = body.replace(b'text":"', b'text":"\\ud83d', 1)
        broken = [body[:middle] + b"{", body[:middle] + b"\0" + body[middle:], half]
        return self._faults.random.choice(broken if half != body else broken[:2])


def asked_time(text: str) -> Instant:
    """An RFC 3339 time that somebody asks for; platforms refuse one without a zone. Raises ValueError."""
    return instant(msgspec.convert(text, _ZONED))


def is_open(request: web.Request) -> bool:
    """Whether whoever asked is still there."""
    return request.transport is not None and not request.transport.is_closing()


def _page(status: int) -> web.Response:
    return web.Response(status=status, text=PAGE, content_type="text/html")


async def _drip(request: web.Request, chunk: bytes, count: int, *, pause: float) -> web.StreamResponse:
    """The chunk again and again, until the reader has had enough."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(count):
        if not is_open(request):
            break
        try:
            await response.write(chunk)
        except ConnectionError:
            break
        await asyncio.sleep(pause)
    return response


async def _reset(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body) + 1)})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response
