"""A mock Mastodon server: its timelines, single posts and streams, from what is said in a world."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from listener.mock.allowance import Allowance
from listener.mock.answering import FAULTS as ANY_FAULTS
from listener.mock.answering import WAITS, Answering, is_open
from listener.mock.faults import Faults
from listener.mock.statuses import id_of, instance, status, tags_of
from listener.mock.world import Change, Said, World
from rules.instant import SECOND, moment

FAULTS = (
    *ANY_FAULTS,
    *("close", "stall", "starve", "unauthorised", "token-expiry", "duplicate", "out-of-order", "wrong-shape"),
    "bad-clock",
)
"""What can happen to it."""
_EVENTS = {"create": "update", "update": "status.update", "delete": "delete"}
_SHAPED = ("id", "content", "account", "language", "tags", "url")
_LARGE = 2_000_000
_RENEWED = 30 * SECOND
Write = Callable[[str, str, str], Awaitable[None]]
"""Takes a channel, an event's name and its data."""


class _EndedError(Exception):
    """The stream is over."""


@dataclass(kw_only=True)
class Mastodon:
    """One server. `url` stands in the names of its posts; accounts with a domain in their handle are from elsewhere.
    `tokens` are those that are valid: taking one out ends its streams. `open`: strangers may read timelines. `reblogs`:
    they are listed and streamed too, as some kin of Mastodon do. `keep_alive` is in real seconds, `allowance` the
    requests of five minutes, `waits` the shapes of Retry-After; `listening` counts the open streams.
    """

    world: World
    url: str = "https://mastodon.example"
    faults: Faults = field(default_factory=Faults)
    tokens: set[str] = field(default_factory=set)
    open: bool = True
    reblogs: bool = False
    keep_alive: float = 15.0
    allowance: int = 300
    waits: Sequence[str] = WAITS
    listening: int = 0

    def __post_init__(self) -> None:
        self._rate = Allowance(self.allowance, timedelta(minutes=5), self.world.now)
        too_many = {"error": "Too many requests"}
        self._answering = Answering(self.faults, self.world.now, waits=self.waits, too_many=too_many)
        self._pages = dict[str, str]()
        self._expired_until = 0

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/api/v2/instance", self.instance),
            web.get("/api/v1/timelines/tag/{tag}", self.tag),
            web.get("/api/v1/timelines/public", self.public),
            web.get("/api/v1/statuses/{id}", self.status),
            web.get("/api/v1/streaming/health", self.health),
            web.get("/api/v1/streaming", self.socket),
            web.get("/api/v1/streaming/{name:hashtag|public|public/local}", self.events),
        ]

    async def health(self, _: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def instance(self, request: web.Request) -> web.Response:
        here = f"{request.url.origin()}{request.path}".removesuffix("/api/v2/instance")
        return self._json(instance(self.url, here))

    async def tag(self, request: web.Request) -> web.StreamResponse:
        """The timeline of the tag that stands last in the path."""
        return await self._timeline(request, f"#{request.path.rpartition('/')[2].lower()}")

    async def public(self, request: web.Request) -> web.StreamResponse:
        """The public timeline: no replies."""
        return await self._timeline(request, "public:local" if request.query.get("local") == "true" else "public")

    async def status(self, request: web.Request) -> web.StreamResponse:
        """One post, or 404."""
        if fault := await self._refusal(request):
            return fault
        named = request.path.rpartition("/")[2]
        found = next((post for post in self.world.posts() if id_of(post) == named), None)
        return self._json(self.render(found)) if found else self._json({"error": "Record not found"}, status=404)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events of one timeline."""
        name, tag = request.match_info["name"], request.query.get("tag", "").lower()
        if name == "hashtag" and not tag:
            return web.json_response({"error": "Missing tag name parameter"}, status=400)
        token = self._token(request)
        if token is None or self.faults.strikes("unauthorised"):
            return web.json_response({"error": "Invalid access token"}, status=401)
        if fault := await self._answering.refusal(request):
            return fault
        channel, number = f"#{tag}" if tag else name.replace("/", ":"), self.world.number
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await response.write(b":)\n")

        async def write(_: str, event: str, data: str) -> None:
            frame = f"event: {event}\ndata: {data}\n\n".encode("utf-8", "surrogatepass")
            if self.faults.strikes("reset"):
                await response.write(frame[: len(frame) // 2])
                _abort(request)
            await response.write(frame)

        await self._tell(token, request, number, lambda: [channel], write, lambda: response.write(b":thump\n"))
        return response

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket, on which timelines are subscribed to."""
        token = self._token(request)
        if token is None or self.faults.strikes("unauthorised"):
            said = "Invalid access token" if request.headers.get("Authorization") else "Missing access token"
            return web.Response(status=401, text=said, headers={"X-Error-Message": said})
        number, channels = self.world.number, dict[str, list[str]]()
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)

        async def write(channel: str, event: str, data: str) -> None:
            frame = msgspec.json.encode({"stream": channels[channel], "event": event, "payload": data}).decode()
            if self.faults.strikes("reset"):
                _abort(request)
            await socket.send_str(frame)

        async def tell() -> None:
            await self._tell(token, request, number, lambda: list(channels), write, socket.ping)
            await socket.close()

        async with asyncio.TaskGroup() as group:
            telling = group.create_task(tell(), name="tell a WebSocket")
            async for asked in _messages(socket):
                if error := _subscribe(asked, channels):
                    await socket.send_json(error)
            telling.cancel()
        return socket

    def render(self, post: Said) -> dict[str, Any]:
        """A post as this server writes it."""
        return status(post, self._find, self.url)

    def is_in(self, channel: str, post: Said) -> bool:
        """Whether a timeline (`#tag`, `public`, `public:local`) has the post."""
        if post.repost_of is not None and not self.reblogs:
            return False
        if channel.startswith("#"):
            return channel[1:] in tags_of(self._find(post.repost_of) or post)
        return post.reply_to is None and not (channel == "public:local" and "@" in post.author.handle)

    def _find(self, key: int | None) -> Said | None:
        return None if key is None else self.world.post(key)

    async def _timeline(self, request: web.Request, channel: str) -> web.StreamResponse:
        if not self.open and not self._token(request):
            return self._json({"error": "This method requires an authenticated user"}, status=422)
        if fault := await self._refusal(request):
            return fault
        posts = [post for post in self.world.posts() if self.is_in(channel, post)]
        random = self.faults.random
        found = _paged(sorted(posts, key=lambda post: int(id_of(post)), reverse=True), request)
        headers = self._headers()
        if found:
            here = f"{request.url.origin()}{request.path}?limit={request.query.get('limit', '20')}"
            older, newer = f"{here}&max_id={id_of(found[-1])}", f"{here}&min_id={id_of(found[0])}"
            headers["Link"] = f'<{older}>; rel="next", <{newer}>; rel="prev"'
        found = random.sample(found, len(found)) if self.faults.strikes("out-of-order") else found
        page = msgspec.json.encode([self._twisted(self.render(post)) for post in found]).decode()
        before, self._pages[channel] = self._pages.get(channel, page), page
        page = before if self.faults.strikes("duplicate") else page
        return await self._answering.deliver(request, page.encode(), "application/json", headers)

    async def _refusal(self, request: web.Request) -> web.StreamResponse | None:
        """What is answered instead; None when nothing stands against an answer."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and not self._is_valid(token):
            return self._json({"error": "The access token was revoked"}, status=401)
        if not self._rate.take():
            return self._json({"error": "Too many requests"}, status=429)
        if self.faults.strikes("unauthorised"):
            return self._json({"error": "The access token is invalid"}, status=401)
        return await self._answering.refusal(request)

    def _twisted(self, said: dict[str, Any]) -> dict[str, Any]:
        """A post with what is wrong with it, if anything is."""
        random = self.faults.random
        if self.faults.strikes("bad-clock"):
            said["created_at"] = random.choice(["1970-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"])
        if self.faults.strikes("wrong-shape"):
            said[random.choice(_SHAPED)] = random.choice([None, [], {"a": None}, 1.5])
        if self.faults.strikes("huge"):
            said["card"] = {"html": "x" * _LARGE}
        return said

    def _json(self, body: object, *, status: int = 200) -> web.Response:
        return web.json_response(body, status=status, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        """What is left, until when, and the time by the platform's clock."""
        return {
            "X-RateLimit-Limit": str(self._rate.requests),
            "X-RateLimit-Remaining": str(self._rate.left),
            "X-RateLimit-Reset": moment(self._rate.reset).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "Date": format_datetime(moment(self.world.now()), usegmt=True),
        }

    def _token(self, request: web.Request) -> str | None:
        """The valid token of a request: from its header, the subprotocol or the address."""
        given = (
            request.headers.get("Authorization", "").removeprefix("Bearer "),
            request.headers.get("Sec-WebSocket-Protocol", ""),
            request.query.get("access_token", ""),
        )
        return next((token for token in given if self._is_valid(token)), None)

    def _is_valid(self, token: str) -> bool:
        return token in self.tokens and self.world.now() >= self._expired_until

    async def _tell(
        self,
        token: str,
        request: web.Request,
        number: int,
        channels: Callable[[], list[str]],
        write: Write,
        alive: Callable[[], Awaitable[None]],
    ) -> None:
        """Write what happens to a stream, until it ends."""
        starved = False
        self.listening += 1
        try:
            while self._is_valid(token):
                changes = await self._changes(number)
                if not changes:
                    await alive()
                    continue
                number = changes[-1].number
                starved = starved or self.faults.strikes("starve")
                for change in self._ordered(changes):
                    if not starved or change.op == "delete":
                        await self._pass_on(change, request, channels(), write)
        except (_EndedError, ConnectionError):
            return
        finally:
            self.listening -= 1

    async def _changes(self, number: int) -> list[Change]:
        try:
            async with asyncio.timeout(self.keep_alive):
                return await self.world.news(number)
        except TimeoutError:
            return []

    def _ordered(self, changes: list[Change]) -> list[Change]:
        return list(reversed(changes)) if self.faults.strikes("out-of-order") else changes

    async def _pass_on(self, change: Change, request: web.Request, channels: list[str], write: Write) -> None:
        for channel in channels:
            if not self.is_in(channel, change.post):
                continue
            if self.faults.strikes("close"):
                raise _EndedError
            if self.faults.strikes("token-expiry"):
                self._expired_until = self.world.now() + _RENEWED
                raise _EndedError
            if self.faults.strikes("stall"):
                await _wait_for_leaving(request)
                raise _EndedError
            data = id_of(change.post)
            if change.op != "delete":
                data = msgspec.json.encode(self._twisted(self.render(change.post))).decode()
            if self.faults.strikes("malformed"):
                data = self.faults.random.choice([data[: len(data) // 2], data[:-1] + "\0", "\ufeff" + data])
            if self.faults.strikes("wrong-shape"):
                await write(channel, "filters_changed", "undefined")
                await write(channel, "announcement.reaction", "{}")
            await write(channel, _EVENTS[change.op], data)
            if self.faults.strikes("duplicate"):
                await write(channel, _EVENTS[change.op], data)


def _paged(posts: list[Said], request: web.Request) -> list[Said]:
    """The page that a request asks for, newest first: `min_id` brings the oldest after it, `since_id` the newest."""
    limit = min(max(1, _number(request, "limit") or 20), 40)
    least = max(_number(request, "min_id") or 0, _number(request, "since_id") or 0)
    most = _number(request, "max_id")
    found = [post for post in posts if int(id_of(post)) > least and (most is None or int(id_of(post)) < most)]
    return found[-limit:] if "min_id" in request.query else found[:limit]


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name, "")
    return int(text) if text.isdigit() else None


def _subscribe(asked: object, channels: dict[str, list[str]]) -> dict[str, object] | None:
    """Note a subscription or its end. Returns the error of one that cannot be."""
    wanted = asked if isinstance(asked, dict) else {}
    name, tag = str(wanted.get("stream")), str(wanted.get("tag") or "").lower()
    if name not in {"hashtag", "public", "public:local"} or (name == "hashtag") != bool(tag):
        return {"error": "Unknown channel requested", "status": 400}
    channel = f"#{tag}" if tag else name
    if wanted.get("type") == "unsubscribe":
        channels.pop(channel, None)
    else:
        channels[channel] = [name, tag] if tag else [name]
    return None


async def _messages(socket: web.WebSocketResponse) -> AsyncIterator[object]:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            try:
                yield msgspec.json.decode(message.data)
            except msgspec.DecodeError:
                yield None


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
    raise _EndedError


async def _wait_for_leaving(request: web.Request) -> None:
    while is_open(request):  # noqa: ASYNC110  # the server tells nobody that a reader has left
        await asyncio.sleep(0.05)
