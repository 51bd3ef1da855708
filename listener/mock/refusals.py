"""What a mock platform answers instead of what it was asked for, when a fault strikes, and how often it is asked."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.utils import format_datetime

from aiohttp import web

from listener.mock.faults import Faults
from rules.instant import DAY, SECOND, Instant, Span, moment, span

HTML = "<!doctype html><html><head><title>One moment</title></head><body><h1>Please stand by</h1></body></html>"
WAITS = ("2", "0.5", "date", "", "0", "-5", "31536000", "soon")
"""Shapes of `Retry-After`: seconds, an HTTP date, none, and what is no time to wait."""


class Allowance:
    """So many requests a window, and the headers that say what is left, as Mastodon writes them."""

    def __init__(self, requests: int, window: timedelta, now: Callable[[], Instant]) -> None:
        self._requests, self._window, self._now = requests, span(window), now
        self._left, self._reset = requests, 0

    def take(self) -> bool:
        """Whether one more request is allowed."""
        self._renew()
        if not self._left:
            return False
        self._left -= 1
        return True

    def headers(self) -> dict[str, str]:
        """What is left, until when, and the time by the platform's clock."""
        self._renew()
        return {
            "X-RateLimit-Limit": str(self._requests),
            "X-RateLimit-Remaining": str(self._left),
            "X-RateLimit-Reset": moment(self._reset).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "Date": format_datetime(moment(self._now()), usegmt=True),
        }

    def _renew(self) -> None:
        if self._now() >= self._reset:
            self._left, self._reset = self._requests, self._now() + self._window


async def refused(
    faults: Faults, request: web.Request, now: Instant, waits: Sequence[str] = WAITS
) -> web.StreamResponse | None:
    """The answer of a fault that strikes; None when none does."""
    if faults.strikes("rate-limit"):
        wait = faults.random.choice(waits)
        wait = format_datetime(moment(now + 2 * SECOND), usegmt=True) if wait == "date" else wait
        headers = {"Retry-After": wait} if wait else {}
        return web.json_response({"error": "Too many requests"}, status=429, headers=headers)
    if faults.strikes("server-error"):
        return web.Response(status=faults.random.choice([502, 503]), text=HTML, content_type="text/html")
    if faults.strikes("wrong-type"):
        return web.Response(text=HTML, content_type="text/html")
    if faults.strikes("redirect-loop"):
        return web.Response(status=302, headers={"Location": str(request.rel_url)})
    if faults.strikes("redirect-private"):
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
    return await _slowly(request) if faults.strikes("slow") else None


async def _slowly(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while is_open(request):
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


def is_open(request: web.Request) -> bool:
    """Whether whoever asked is still there."""
    return request.transport is not None and not request.transport.is_closing()


def written(at: Instant, longest: Span = 400_000 * DAY) -> str:
    """An instant as Mastodon writes it."""
    return moment(min(max(at, 0), longest)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
