"""A polite, bounded HTTP client: one request a host at a time, and nothing larger or slower than was agreed."""

import asyncio
import math
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from types import SimpleNamespace
from typing import Literal, TypeVar
from weakref import WeakValueDictionary

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    TCPConnector,
    TraceConfig,
    TraceRequestRedirectParams,
    WSServerHandshakeError,
)
from yarl import URL

from listener.clock import Clock
from listener.errors import FetchError
from listener.net.address import SOCKETS, follow, parse, shown
from listener.net.body import CODINGS, read_body
from listener.net.guard import ForbiddenAddressError, GuardedResolver, check_literal
from listener.net.response import Response
from listener.net.retry import retry_after
from listener.net.stream import Socket, Stream
from rules.instant import moment

_MOVED = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_BUSY = frozenset({429, 503})
_MOST_REDIRECTS = 5
_MOST_HELD_HOSTS = 1_000
_EXPLANATION = 64 * 1024
_HEARTBEAT = 15.0
"""Seconds between two pings on a WebSocket; half that long without a pong and the connection is dead."""

_GOODBYE = 1.0
"""Seconds that the other side of a WebSocket has to answer our leaving; one that goes on talking never would."""

A = TypeVar("A")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of a response is read, and how long each phase may take."""

    body: int = 10 * 1024 * 1024
    connect: timedelta = timedelta(seconds=10)
    headers: timedelta = timedelta(seconds=30)
    whole: timedelta = timedelta(seconds=90)


class Client:
    """Lends HTTP to collectors and channels. Made by `open_client`, which closes it."""

    def __init__(self, guarded: ClientSession, unguarded: ClientSession, clock: Clock, limits: Limits) -> None:
        self._guarded, self._unguarded = guarded, unguarded
        self._clock, self._limits = clock, limits
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: dict[str, float] = {}
        self._answered: Callable[[str], None] = lambda _: None

    def reporting(self, answered: Callable[[str], None]) -> "Client":
        """The same client, which tells `answered` of each answer: its HTTP status, or the FetchError's code."""
        told = copy(self)
        told._answered = answered  # noqa: SLF001  # its own kind
        return told

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
        explain: bool = False,
    ) -> Response:
        """GET `url`, following at most five redirects, each hop checked again. The body of a refusal is read, and cut
        at 64 KiB, only with `explain`.

        A 429 or 503 with `Retry-After` is remembered: until then the host is not asked again. Raises FetchError when
        there is no answer, when it is too large or too slow, and when the host asked us to wait.
        """

        async def ask(here: URL) -> Response:
            beginning = self._begin(here, _for(here, url, headers), allow_private=allow_private)
            return await self._whole(beginning, here, explain=explain)

        return await self._walk(url, ask)

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        *,
        silence: timedelta,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
    ) -> AsyncGenerator[Stream, None]:
        """GET an answer that does not end, for the time of the block; redirects and waiting as in `get`. An answer
        other than 200 brings what its body says (64 KiB) and no chunks. Reading raises FetchError when nothing comes
        for `silence` or the connection breaks.
        """
        async with AsyncExitStack() as stack:
            opened: list[ClientResponse] = []

            async def ask(here: URL) -> Response:
                beginning = self._begin(here, _for(here, url, headers), allow_private=allow_private)
                response = await self._in_time(here, self._limits.headers, beginning)
                stack.callback(response.close)
                if response.status == 200:
                    opened.append(response)
                    return self._answer(here, response, b"")
                explained = await self._in_time(here, self._limits.headers, self._body(response, explain=True))
                return self._answer(here, response, explained)

            response = await self._walk(url, ask)
            yield Stream(response, opened[-1] if opened else None, silence, shown(parse(response.url)))

    @asynccontextmanager
    async def websocket(
        self,
        url: str,
        *,
        silence: timedelta,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
        largest: int = 4 * 1024 * 1024,
    ) -> AsyncGenerator[Socket, None]:
        """A WebSocket at a ws or wss address, for the time of the block; no redirects. Raises FetchError when the
        handshake is refused, with the HTTP status as its code; reading raises it when neither a message nor a ping
        comes for `silence`, when a message is larger than `largest` bytes, and when the connection ends.
        """
        here = parse(url, SOCKETS)

        async def dial() -> ClientWebSocketResponse[Literal[False]]:
            self._check(here, allow_private=allow_private)
            session = self._session(allow_private)
            return await session.ws_connect(
                here,
                headers=headers,
                heartbeat=_HEARTBEAT,
                max_msg_size=largest,
                autoping=False,
                decode_text=False,
            )

        async def ask(_: URL) -> ClientWebSocketResponse[Literal[False]]:
            return await self._in_time(here, self._limits.headers, dial())

        socket = Socket(await self._in_turn(here, ask), silence, shown(here))
        try:
            yield socket
        finally:
            await socket.leave(_GOODBYE)

    async def _walk(self, url: str, ask: Callable[[URL], Awaitable[Response]]) -> Response:
        here, moved, permanent, seen = parse(url), None, True, set[URL]()
        for _ in range(_MOST_REDIRECTS + 1):
            if here in seen:
                raise FetchError(f"redirects run in a circle at {shown(here)}", code="redirect")
            seen.add(here)
            response = await self._in_turn(here, ask)
            self._remember(here, response)
            target = response.headers.get("location")
            if response.status not in _MOVED or not target:
                return replace(response, moved=moved)
            here = follow(here, target)
            permanent = permanent and response.status in _PERMANENT
            moved = str(here) if permanent else moved
        raise FetchError(f"more than {_MOST_REDIRECTS} redirects", code="redirect")

    async def _in_turn(self, url: URL, ask: Callable[[URL], Awaitable[A]]) -> A:
        """Ask when nobody else asks this host, and tell what came of it."""
        turn = self._turns.setdefault(_host(url), asyncio.Lock())
        async with turn:
            self._refuse_held(url)
            try:
                answer = await ask(url)
            except FetchError as error:
                self._answered(error.code)
                raise
        self._answered(str(answer.status) if isinstance(answer, Response) else "101")
        return answer

    async def _begin(self, url: URL, headers: Mapping[str, str], *, allow_private: bool) -> ClientResponse:
        self._check(url, allow_private=allow_private)
        return await self._session(allow_private).get(url, headers=headers, allow_redirects=False)

    def _session(self, allow_private: bool) -> ClientSession:
        return self._unguarded if allow_private else self._guarded

    def _check(self, url: URL, *, allow_private: bool) -> None:
        if not allow_private:
            check_literal(url.host or "")

    async def _whole(self, beginning: Awaitable[ClientResponse], url: URL, *, explain: bool) -> Response:
        """The answer with its body, within the time for the whole of it."""

        async def read() -> Response:
            response = await self._in_time(url, self._limits.headers, beginning)
            try:
                return self._answer(url, response, await self._body(response, explain=explain))
            finally:
                # a body we do not want is cheaper to drop, with its connection, than to read
                response.close()

        return await self._in_time(url, self._limits.whole, read())

    async def _in_time(self, url: URL, limit: timedelta, work: Awaitable[A]) -> A:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await work
        except TimeoutError as error:
            raise FetchError(f"{shown(url)} answers too slowly", code="timeout") from error
        except WSServerHandshakeError as error:
            raise self._refused(url, error) from error
        except (ClientError, ssl.SSLError, OSError, ValueError) as error:
            raise _unreachable(url, error) from error

    async def _body(self, response: ClientResponse, *, explain: bool) -> bytes:
        coding = response.headers.get("Content-Encoding", "")
        if response.status == 200:
            return await read_body(_chunks(response), coding, self._limits.body)
        if not explain or response.status in _MOVED:
            return b""
        try:
            return await read_body(_chunks(response), coding, _EXPLANATION)
        except FetchError:  # whatever it is, it explains nothing
            return b""

    def _answer(self, url: URL, response: ClientResponse, body: bytes) -> Response:
        fields = {name.lower(): value for name, value in response.headers.items()}
        wait = retry_after(fields.get("retry-after"), moment(self._clock.now()))
        return Response(status=response.status, url=str(url), moved=None, headers=fields, body=body, retry_after=wait)

    def _refused(self, url: URL, error: WSServerHandshakeError) -> FetchError:
        headers: Mapping[str, str] = error.headers or {}
        said = headers.get("X-Error-Message") or f"answers {error.status}"
        wait = retry_after(headers.get("Retry-After"), moment(self._clock.now()))
        return FetchError(f"{shown(url)} {said[:200]}", code=str(error.status), retry_after=wait)

    def _refuse_held(self, url: URL) -> None:
        rest = self._held.get(_host(url), 0.0) - asyncio.get_running_loop().time()
        if rest > 0:
            wait = timedelta(seconds=math.ceil(rest))
            raise FetchError(f"{shown(url.origin())} asked us to wait {wait}", code="429", retry_after=wait)

    def _remember(self, url: URL, response: Response) -> None:
        host, wait = _host(url), response.retry_after
        if response.status not in _BUSY or not wait:
            self._held.pop(host, None)
            return
        while len(self._held) >= _MOST_HELD_HOSTS:
            del self._held[next(iter(self._held))]
        self._held[host] = asyncio.get_running_loop().time() + wait.total_seconds()


@asynccontextmanager
async def open_client(
    *, clock: Clock | None = None, limits: Limits | None = None, contact: str | None = None
) -> AsyncGenerator[Client, None]:
    """A client for the time of the block. `contact` is an address at which a webmaster finds who is asking."""
    limits = limits or Limits()
    async with _session(guarded=True, limits=limits, contact=contact) as guarded:  # noqa: SIM117  # two lifetimes
        async with _session(guarded=False, limits=limits, contact=contact) as unguarded:
            yield Client(guarded, unguarded, clock or Clock(), limits)


def _session(*, guarded: bool, limits: Limits, contact: str | None) -> ClientSession:
    agent = f"badbuzz/{version('badbuzz')}" + (f" (+{contact})" if contact else "")
    return ClientSession(
        connector=TCPConnector(resolver=GuardedResolver() if guarded else None, limit=50, ttl_dns_cache=60),
        headers={"User-Agent": agent, "Accept-Encoding": CODINGS},
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=limits.connect.total_seconds()),
        auto_decompress=False,
        trace_configs=[_without_redirects()],
    )


def _without_redirects() -> TraceConfig:
    """Refuses what aiohttp would follow by itself: where a WebSocket's handshake is sent on to. Nobody would look at
    that address; requests without redirects never come here.
    """

    async def refuse(_: ClientSession, __: SimpleNamespace, sent: TraceRequestRedirectParams) -> None:
        sent.response.close()
        raise FetchError(f"{shown(sent.url)} sends a WebSocket elsewhere", code="redirect")

    tracing = TraceConfig()
    tracing.on_request_redirect.append(refuse)
    return tracing


def _host(url: URL) -> str:
    """Who is asked, whatever the scheme and whoever asks: host and port."""
    return url.host_port_subcomponent or ""


def _for(here: URL, first: str, headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """The headers for one hop: what proves who we are is for the first host alone."""
    if here.origin() == parse(first).origin():
        return headers or {}
    return {name: value for name, value in (headers or {}).items() if name.lower() != "authorization"}


async def _chunks(response: ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in response.content.iter_chunked(64 * 1024):
        yield chunk


def _unreachable(url: URL, error: Exception) -> FetchError:
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    if isinstance(cause, ForbiddenAddressError):
        return FetchError(str(cause), code="forbidden_address")
    words = getattr(cause, "strerror", None) or type(cause).__name__
    return FetchError(f"{shown(url)} cannot be read: {words}", code="unreachable")
