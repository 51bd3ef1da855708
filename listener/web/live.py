"""Tells open pages what changed, as it happens: server-sent events, read and rendered once for all who look.

Nothing is read while nobody looks. A commit wakes the readers; the first of them reads, the others take what it read.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s

import structlog
from aiohttp import web

from listener.store.port import StoreError
from listener.web.guard import Guard
from listener.web.printer import Printer, Reader
from listener.web.scenes import Facts, Scene
from listener.web.status import Site

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",  # a proxy that compresses would hold events back
    "X-Accel-Buffering": "no",
}
_BEAT = ":\nevent: beat\ndata:\n\n"
"""A comment for whoever stands in between, and an event because scripts cannot hear comments."""
_SEND_BUFFER = 64 * 1024
"""Bytes that the system may hold for a reader that does not take them; it would take megabytes by itself."""

log = structlog.get_logger("page")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """At most `readers` at once. Seconds: between two looks at the same page, between two signs of life, for a reader
    to take what it is sent, and for what a person asked for to be done before the page shows what came of it.
    """

    readers: int = 64
    pace: float = 1.0
    beat: float = 15.0
    patience: float = 10.0
    answer: float = 2.0


@dataclass(frozen=True)
class State:
    """A page as it is: `id` names this content and no other."""

    id: str
    panels: Mapping[str, str]


class _Board:
    """One scene that somebody looks at."""

    def __init__(self, scene: Scene, site: Site, printer: Printer, pace: float, ending: asyncio.Event) -> None:
        self._scene, self._site, self._printer = scene, site, printer
        self._pace, self._ending = pace, ending
        self._turn = asyncio.Lock()
        self._facts: Facts = {}
        self._rendered: dict[Reader, State] = {}
        self._seen, self._rested = -1, 0.0
        self.readers = 0

    async def state(self, reader: Reader, news: int) -> State:
        """How it is after so many pieces of news. Raises StoreError, and HTTPNotFound when there is no such page."""
        async with self._turn:
            if self._seen < news:
                await self._look()
            if reader not in self._rendered:
                panels = await self._printer.panels(self._scene, self._facts, reader)
                digest = blake2s(json.dumps([reader.keep, panels]).encode(), digest_size=8).hexdigest()
                self._rendered[reader] = State(digest, panels)
            return self._rendered[reader]

    async def _look(self) -> None:
        loop, news = asyncio.get_running_loop(), self._site.news
        while (left := self._rested - loop.time()) > 0 and not self._ending.is_set():
            await news.wait(left)
        if self._ending.is_set() and self._facts:
            return  # nobody will be told any more
        seen = news.fired
        try:
            self._facts = await self._scene.read(self._site)
        finally:
            self._rested = loop.time() + self._pace
        self._seen, self._rendered = seen, {}


class Live:
    """Streams of events for pages. `end` ends them all at once."""

    def __init__(self, site: Site, guard: Guard, printer: Printer, limits: Limits) -> None:
        self._site, self._guard, self._printer, self._limits = site, guard, printer, limits
        self._boards: dict[Scene, _Board] = {}
        self._links: set[asyncio.Transport] = set()
        self._ending = asyncio.Event()

    async def end(self, _app: web.Application) -> None:
        self._ending.set()
        self._site.news.fire()

    async def stream(self, request: web.Request, scene: Scene) -> web.StreamResponse:
        """All panels first, unless the reader says that it has them; then those that change. It ends with the daemon,
        with the reader's right to look, or when the reader does not keep up: who comes back gets all panels again.
        """
        link = request.transport
        if link is None:
            raise ConnectionResetError
        if sum(not each.is_closing() for each in self._links) >= self._limits.readers:
            raise web.HTTPServiceUnavailable(text="too_many_readers", headers={"Retry-After": "30"})
        new = _Board(scene, self._site, self._printer, self._limits.pace, self._ending)
        board = self._boards.setdefault(scene, new)
        board.readers += 1
        self._links.add(link)
        try:
            return await self._tell(request, board, link)
        finally:
            self._links.discard(link)
            board.readers -= 1
            if not board.readers:
                del self._boards[scene]

    async def _tell(self, request: web.Request, board: _Board, link: asyncio.Transport) -> web.StreamResponse:
        seen = self._site.news.fired
        state = await board.state(self._printer.reader(request), seen)
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        _bound(link)
        try:
            await self._follow(request, response, board, state, seen)
        except StoreError as error:
            log.warning("page_unread", error=str(error))
        except TimeoutError:
            log.info("reader_too_slow", peer=request.remote)
            link.abort()  # what it did not take is not waited for
        except ConnectionError:
            pass  # it went
        return response

    async def _follow(
        self, request: web.Request, response: web.StreamResponse, board: _Board, state: State, seen: int
    ) -> None:
        loop, news, beat = asyncio.get_running_loop(), self._site.news, self._limits.beat
        has = state.panels if request.headers.get("Last-Event-ID") == state.id else {}
        due, text = loop.time(), "retry: 2000\n\n" + (_changes(state, has) or _BEAT)
        while True:
            if text:
                async with asyncio.timeout(self._limits.patience):
                    await response.write(text.encode())
                has, due = state.panels, loop.time() + beat
            if news.fired == seen:
                await news.wait(due - loop.time())
            if self._ending.is_set() or request.transport is None or not self._guard.knows(request):
                return
            seen = news.fired
            state = await board.state(self._printer.reader(request), seen)
            text = _changes(state, has) or (_BEAT if loop.time() >= due else "")


def _changes(state: State, has: Mapping[str, str]) -> str:
    """The panels that a reader does not have as they are, as one event; "" when it has them all."""
    changed = {name: html for name, html in state.panels.items() if has.get(name) != html}
    return f"id: {state.id}\nevent: panels\ndata: {json.dumps(changed)}\n\n" if changed else ""


def _bound(link: asyncio.Transport) -> None:
    peer = link.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
