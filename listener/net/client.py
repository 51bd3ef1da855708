"""A polite, bounded HTTP client: one request a host at a time, and nothing larger or slower than was agreed."""

import asyncio
import math
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from weakref import WeakValueDictionary

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from listener.clock import Clock
from listener.errors import FetchError
from listener.net.body import CODINGS, read_body
from listener.net.guard import ForbiddenAddressError, GuardedResolver, check_literal
from listener.net.retry import retry_after
from rules.instant import moment

_MOVED = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_BUSY = frozenset({429, 503})
_MOST_REDIRECTS = 5
_MOST_HELD_HOSTS = 1_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of a response is read, and how long each phase may take."""

    body: int = 10 * 1024 * 1024
    connect: timedelta = timedelta(seconds=10)
    headers: timedelta = timedelta(seconds=30)
    whole: timedelta = timedelta(seconds=90)


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer that is no redirect. `url` is where it came from; `moved` where the first address has moved to for
    good, through unbroken permanent redirects; header names are lower case; `retry_after` what the server asks for.
    """

    status: int
    url: str
    moved: str | None
    headers: Mapping[str, str]
    body: bytes
    retry_after: timedelta | None = None


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

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, allow_private: bool = False) -> Response:
        """GET `url`, following at most five redirects, each hop checked again.

        A 429 or 503 with `Retry-After` is remembered: until then the host is not asked again. Raises FetchError when
        there is no answer, when it is too large or too slow, and when the host asked us to wait.
        """
        here, moved, permanent, seen = _parse(url), None, True, set[URL]()
        for _ in range(_MOST_REDIRECTS + 1):
            if here in seen:
                raise FetchError(f"redirects run in a circle at {_shown(here)}", code="redirect")
            seen.add(here)
            response = await self._hop(here, headers or {}, allow_private=allow_private)
            target = response.headers.get("location")
            if response.status not in _MOVED or not target:
                return replace(response, moved=moved)
            here = _follow(here, target)
            permanent = permanent and response.status in _PERMANENT
            moved = str(here) if permanent else moved
        raise FetchError(f"more than {_MOST_REDIRECTS} redirects", code="redirect")

    async def _hop(self, url: URL, headers: Mapping[str, str], *, allow_private: bool) -> Response:
        host = url.authority
        turn = self._turns.setdefault(host, asyncio.Lock())
        async with turn:
            self._refuse_held(host)
            try:
                response = await self._request(url, headers, allow_private=allow_private)
            except FetchError as error:
                self._answered(error.code)
                raise
        self._answered(str(response.status))
        self._remember(host, response)
        return response

    async def _request(self, url: URL, headers: Mapping[str, str], *, allow_private: bool) -> Response:
        session = self._unguarded if allow_private else self._guarded
        try:
            if not allow_private:
                check_literal(url.host or "")
            async with asyncio.timeout(self._limits.whole.total_seconds()):
                return await self._exchange(session, url, headers)
        except TimeoutError as error:
            raise FetchError(f"{_shown(url)} answers too slowly", code="timeout") from error
        except (ClientError, ssl.SSLError, OSError, ValueError) as error:
            raise _unreachable(url, error) from error

    async def _exchange(self, session: ClientSession, url: URL, headers: Mapping[str, str]) -> Response:
        async with asyncio.timeout(self._limits.headers.total_seconds()):
            response = await session.get(url, headers=headers, allow_redirects=False)
        try:
            coding = response.headers.get("Content-Encoding", "")
            wanted = response.status == 200
            body = await read_body(_chunks(response), coding, self._limits.body) if wanted else b""
        finally:
            # a body we do not want is cheaper to drop, with its connection, than to read
            response.close()
        fields = {name.lower(): value for name, value in response.headers.items()}
        wait = retry_after(fields.get("retry-after"), moment(self._clock.now()))
        return Response(status=response.status, url=str(url), moved=None, headers=fields, body=body, retry_after=wait)

    def _refuse_held(self, host: str) -> None:
        rest = self._held.get(host, 0.0) - asyncio.get_running_loop().time()
        if rest > 0:
            wait = timedelta(seconds=math.ceil(rest))
            raise FetchError(f"{host} asked us to wait {wait}", code="429", retry_after=wait)

    def _remember(self, host: str, response: Response) -> None:
        wait = response.retry_after
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
    )


async def _chunks(response: ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in response.content.iter_chunked(64 * 1024):
        yield chunk


def _parse(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError as error:
        raise FetchError("that is no web address", code="url") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise FetchError(f"{_shown(url)} is no http or https address", code="url")
    return url.with_fragment(None)


def _follow(here: URL, target: str) -> URL:
    try:
        url = _parse(str(here.join(URL(target))))
    except ValueError as error:
        raise FetchError(f"{_shown(here)} redirects to something that is no address", code="redirect") from error
    if here.scheme == "https" and url.scheme == "http":
        raise FetchError(f"{_shown(here)} redirects from https to http", code="redirect")
    return url


def _unreachable(url: URL, error: Exception) -> FetchError:
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    if isinstance(cause, ForbiddenAddressError):
        return FetchError(str(cause), code="forbidden_address")
    words = getattr(cause, "strerror", None) or type(cause).__name__
    return FetchError(f"{_shown(url)} cannot be read: {words}", code="unreachable")


def _shown(url: URL) -> str:
    """An address without what may be secret in it: query, user and password."""
    return str(url.with_query(None).with_fragment(None).with_user(None))[:200] if url.host else "the address"
