"""A Mastodon server's pages: timelines, single posts, and what it says of itself."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from listener.clock import Clock
from listener.errors import FetchError
from listener.feeds.dates import read_date
from listener.mastodon.status import UnreadableError, id_of, rank
from listener.net.client import Client
from listener.net.response import Response
from rules.instant import Instant, duration, moment, span

LIMIT = 40
"""Posts of a page: the most that Mastodon gives."""
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_ENTRIES = 400
_REFUSALS = frozenset({401, 403, 422})
_SILENT = frozenset({200, 400, 404, *_REFUSALS})


@dataclass(frozen=True)
class Page:
    """One page of a timeline: its entries as they came, the ids among them in order of time, its size in bytes."""

    entries: list[Any]
    ids: list[str]
    size: int


@dataclass(frozen=True)
class Instance:
    """What a server says of itself: the domain in its members' handles, and where it streams."""

    domain: str
    streaming: str


class Server:
    """Asks one server. Once it said that nothing is left of its allowance, it is not asked until that is renewed."""

    def __init__(self, client: Client, clock: Clock, url: str, token: str | None, *, allow_private: bool) -> None:
        self.url, self.host = url.rstrip("/"), (urlsplit(url).netloc.rpartition("@")[2]).lower()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client, self._clock, self._private = client, clock, allow_private
        self._token, self._renewed = token, 0

    async def instance(self) -> Instance:
        """What the server says of itself, what it does not say filled in. Raises FetchError when there is no answer."""
        for version in ("v2", "v1"):
            response = await self._ask(f"/api/{version}/instance")
            said = decoded(response.body) if response.status == 200 else None
            if isinstance(said, dict):
                return self._instance(said)
            if response.status not in _SILENT:
                refuse(response, self.host, with_token=bool(self._token))
        return Instance(self.host, self.url)

    async def page(self, channel: str, **query: str) -> Page:
        """A page of a timeline: `#tag`, `public` or `public:local`. Raises FetchError."""
        if channel.startswith("#"):
            path = f"/api/v1/timelines/tag/{quote(channel[1:], safe='')}"
        else:
            path = "/api/v1/timelines/public"
            query = {"local": "true", **query} if channel == "public:local" else query
        response = await self._ask(f"{path}?{urlencode({'limit': LIMIT, **query})}")
        refuse(response, self.host, with_token=bool(self._token))
        entries = decoded(response.body)
        if not isinstance(entries, list):
            raise FetchError(f"{self.host} answers with something else than a timeline", code="wrong_type")
        entries = entries[:_MOST_ENTRIES]
        return Page(entries, sorted(_ids(entries), key=rank), len(response.body))

    async def status(self, name: str) -> Mapping[str, Any] | None:
        """A post as it stands; None when there is none (any more). Raises FetchError."""
        response = await self._ask(f"/api/v1/statuses/{quote(name, safe='')}")
        if response.status in {404, 410}:
            return None
        refuse(response, self.host, with_token=bool(self._token))
        status = decoded(response.body)
        if not isinstance(status, dict):
            raise FetchError(f"{self.host} answers with something else than a post", code="wrong_type")
        return status

    async def _ask(self, path: str) -> Response:
        left = self._renewed - self._clock.now()
        if left > 0:
            wait = duration(left)
            raise FetchError(f"{self.host} allows no more requests for {wait}", code="429", retry_after=wait)
        response = await self._client.get(
            self.url + path, headers=self.headers, allow_private=self._private, explain=True
        )
        if response.headers.get("x-ratelimit-remaining", "").strip() == "0":
            self._renewed = self._clock.now() + span(renewal(response, self._clock.now()) or timedelta())
        return response

    def _instance(self, said: Mapping[str, Any]) -> Instance:
        domain = said.get("domain") or said.get("uri")
        domain = urlsplit(domain).netloc or domain if isinstance(domain, str) else self.host
        urls = _inside(_inside(said, "configuration"), "urls").get("streaming")
        told = urls or _inside(said, "urls").get("streaming_api")
        return Instance(domain[:253].lower(), self._streaming(told))

    def _streaming(self, told: object) -> str:
        """Where it streams. The token is sent there: never less well protected than to the server itself."""
        scheme, colon, rest = str(told).rstrip("/").partition("://")
        scheme = {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme.lower())
        secure = scheme == "https" or (scheme == "http" and not self.url.lower().startswith("https:"))
        return f"{scheme}://{rest}" if colon and rest and secure else self.url


def refuse(response: Response, host: str, *, with_token: bool) -> None:
    """Raise FetchError for an answer that brings nothing."""
    status = response.status
    if status == 200:
        return
    said = _reason(response)
    if status in _REFUSALS:
        raise unauthorised(host, said, str(status), with_token=with_token)
    if status == 410:
        raise FetchError(f"{host} is gone for good; remove it", state="gone", code="410")
    if status == 429:
        wait = response.retry_after or renewal(response, 0)
        raise FetchError(f"{host} was asked too often", code="429", retry_after=wait)
    raise FetchError(f"{host} answers {status}{said}", code=str(status), retry_after=response.retry_after)


def unauthorised(host: str, said: str, code: str, *, with_token: bool) -> FetchError:
    """The error of a server that wants to know who asks."""
    way = "it refuses the token: make a new one" if with_token else "it is read by its members alone: give a `token`"
    return FetchError(f"{host} requires authentication; {way}{said}", state="auth_failed", code=code)


def renewal(response: Response, now: Instant) -> timedelta | None:
    """How long until the allowance is renewed, by the server's own clock where it shows one, within an hour; None when
    nothing is said. `X-RateLimit-Reset` is a date; some servers write seconds since 1970 or seconds to go.
    """
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    here = _shown(response) or moment(now)
    try:
        seconds = float(reset)
    except ValueError:
        then = read_date(reset)
        wait = then - here if then else None
    else:
        known = math.isfinite(seconds)
        seconds = seconds - here.timestamp() if known and seconds > 1e9 else seconds
        wait = timedelta(seconds=min(max(seconds, 0), 1e6)) if known else None
    return None if wait is None else min(max(wait, timedelta()), _LONGEST_PAUSE)


def _shown(response: Response) -> datetime | None:
    try:
        shown = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return shown if shown.tzinfo else None


def _reason(response: Response) -> str:
    said = decoded(response.body)
    words = said.get("error") if isinstance(said, dict) else None
    return f" ({' '.join(words.split())[:200]})" if isinstance(words, str) and words else ""


def decoded(body: bytes | str) -> Any:
    """What JSON says, bad bytes, half characters and control characters within it let through; None when it is none."""
    body = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _decoded_loosely(body)


def _decoded_loosely(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def _ids(entries: list[Any]) -> list[str]:
    found = []
    for entry in entries:
        try:
            found.append(id_of(entry.get("id") if isinstance(entry, dict) else None))
        except UnreadableError:
            continue
    return found


def _inside(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}
