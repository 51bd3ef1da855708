"""Answers over HTTP, and what goes wrong with them on any platform that is asked: drawn from its faults."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
from aiohttp import web

from listener.mock.faults import Faults
from rules.instant import Instant, moment

PAGE = "<!doctype html><html><head><title>One moment</title></head><body><p>We will be back.</p></body></html>"
HUGE = 64 * 1024 * 1024
NOWHERE = "http://127.0.0.1:9/"
"""Inside the reader's own network, and nothing is there."""
_BURST = 3
_CHUNK = 64 * 1024

Spoil = Callable[[Any], Any]
"""Makes another value of what would be answered."""


class Answering:
    """Answers with JSON, or with what `faults` draw. `spoilt` are a platform's own faults in its values, by name."""

    def __init__(self, faults: Faults, now: Callable[[], Instant]) -> None:
        self._faults, self._now = faults, now
        self._down = 0

    async def answer(self, request: web.Request, value: Any, **spoilt: Spoil) -> web.StreamResponse:
        """Each fault is drawn once a request; the first that strikes decides how it fails."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        for name, spoil in spoilt.items():
            if self._faults.strikes(name.replace("_", "-")):
                value = spoil(value)
        body = msgspec.json.encode(value)
        if self._faults.strikes("malformed"):
            body = self._broken(body)
        if self._faults.strikes("huge"):
            return await _drip(request, _CHUNK * b" ", HUGE // _CHUNK, pause=0)
        if self._faults.strikes("slow"):
            return await _drip(request, b" ", HUGE, pause=0.02)
        if self._faults.strikes("reset"):
            return await _reset(request, body)
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    def _refusal(self, request: web.Request) -> web.Response | None:
        strikes, random = self._faults.strikes, self._faults.random
        if self._down or strikes("server-error"):
            self._down = self._down - 1 if self._down else random.randrange(_BURST)
            return _page(random.choice([502, 503]))
        if strikes("rate-limit"):
            wait = random.choice(self._waits())
            return web.Response(status=429, headers={"Retry-After": wait} if wait else {})
        if strikes("wrong-type"):
            return _page(200)
        if strikes("redirect-loop"):
            return web.Response(status=302, headers={"Location": str(request.rel_url)})
        if strikes("redirect-private"):
            return web.Response(status=302, headers={"Location": NOWHERE})
        return None

    def _waits(self) -> Sequence[str]:
        """Seconds, a date, none at all, no wait, nonsense, a year."""
        date = format_datetime(moment(self._now()) + timedelta(seconds=2), usegmt=True)
        return ["2", date, "", "0", "-5", "31536000"]

    def _broken(self, body: bytes) -> bytes:
        middle = len(body) // 2
        half = body.replace(b'text":"', b'text":"\\ud83d', 1)
        return self._faults.random.choice([body[:middle] + b"{", body[:middle] + b"\0" + body[middle:], half])


def _page(status: int) -> web.Response:
    return web.Response(status=status, text=PAGE, content_type="text/html")


async def _drip(request: web.Request, chunk: bytes, count: int, *, pause: float) -> web.StreamResponse:
    """The chunk again and again, until the reader has had enough."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(count):
        if request.transport is None or request.transport.is_closing():
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
