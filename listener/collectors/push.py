"""Mentions that others push: signed HTTP requests, answered once they are committed."""

import asyncio
import hmac
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import BeforeValidator, Field

from config.model import Duration, Secret, format_duration
from listener.collector import Batch, CollectorSpec, SourceOptions, Tools
from listener.errors import WAITING, FetchError, SourceState
from listener.lines import BOM, LineError, read_line
from rules.instant import SECOND, moment, span
from rules.mention import Mention

_WAITING = 16
_READING = 16
"""Requests whose body is read at one time: anybody who reaches the port can begin one."""
_PATIENCE = timedelta(seconds=10)
"""For the whole body of a request to arrive."""
_REMEMBERED = 10_000
_MOST_PROBLEMS = 20
_MOST_MENTIONS = 1_000
_PREFIX = "sha256="
_SIGNATURE = re.compile(_PREFIX + "[0-9a-f]{64}")
_AGAIN = {"Retry-After": "5"}


def _listed(value: object) -> object:
    return (value,) if isinstance(value, (str, Secret)) else value


_Key = Annotated[Secret, Field(min_length=1)]


class PushOptions(SourceOptions):
    secrets: Annotated[tuple[_Key, ...], BeforeValidator(_listed), Field(min_length=1)]
    """Keys that requests may be signed with; several while one replaces another."""
    window: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(hours=24))] = timedelta(minutes=5)
    """How far a request's timestamp may be from our clock."""
    max_body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    """Bytes of the largest request."""
    expect_every: Annotated[Duration, Field(ge=timedelta(seconds=10))] | None = None
    """A longer pause between two requests means that the sender is broken: the source is then blind. Without it, a
    sender that has died looks like one that has nothing to say."""


@dataclass
class _Delivery:
    """A request that waits for its commit; `done` is True once that has happened, False when it will not."""

    signature: str
    mentions: list[Mention]
    done: "asyncio.Future[bool]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, *, committed: bool) -> None:
        if not self.done.done():
            self.done.set_result(committed)


class PushCollector:
    """Takes POST requests with a JSON array, one object, or JSON Lines of mentions, all of it or nothing.

    `X-Badbuzz-Timestamp` holds Unix seconds, `X-Badbuzz-Signature` `sha256=` and the hex HMAC-SHA256 of the timestamp,
    a dot and the raw body. A request that is repeated after its success is answered alike and not taken again.
    """

    def __init__(self, options: PushOptions, tools: Tools, *, patience: timedelta = _PATIENCE) -> None:
        self._options, self._tools, self._patience = options, tools, patience
        self._reading = 0
        self._keys = [secret.get_secret_value().encode() for secret in options.secrets]
        self._queue: asyncio.Queue[_Delivery] = asyncio.Queue(_WAITING)
        self._taken: OrderedDict[str, int] = OrderedDict()
        self._listening = False

    def routes(self) -> Sequence[web.RouteDef]:
        return (web.post("", self._receive),)

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """A word that nothing came yet once requests are taken, then one batch a request. There is nothing to resume:
        senders repeat what was not answered with 200.
        """
        del cursor
        self._listening = True
        delivery: _Delivery | None = None
        try:
            yield _unheard("nothing was pushed yet", state="starting", code=WAITING)
            while not (self._tools.once and self._queue.empty()):
                delivery = await self._next()
                if delivery is None:
                    longest = format_duration(self._options.expect_every or timedelta())
                    yield _unheard(f"nothing was pushed for {longest}", code="silent")
                    continue
                yield Batch(mentions=delivery.mentions)
                self._remember(delivery.signature)
                delivery.settle(committed=True)
        finally:
            self._listening = False
            self._dismiss(delivery)

    async def _next(self) -> _Delivery | None:
        """The next request; None when it is overdue."""
        longest = self._options.expect_every
        try:
            async with asyncio.timeout(longest.total_seconds() / self._tools.clock.speed if longest else None):
                return await self._queue.get()
        except TimeoutError:
            return None

    def _dismiss(self, delivery: _Delivery | None) -> None:
        if delivery:
            delivery.settle(committed=False)
        while not self._queue.empty():
            self._queue.get_nowait().settle(committed=False)

    async def _receive(self, request: web.Request) -> web.Response:
        taken = await self._listen_to(request)
        if isinstance(taken, web.Response):
            return taken
        signature, body = taken
        if signature in self._taken:
            return web.json_response({"accepted": 0, "repeated": True})
        mentions, problems = self._read(body)
        if problems:
            return _answer(HTTPStatus.BAD_REQUEST, "nothing was taken", problems)
        return await self._hand_over(_Delivery(signature, mentions))

    async def _listen_to(self, request: web.Request) -> tuple[str, bytes] | web.Response:
        """The signature and body of a request that is believed, else what it is answered.

        Nothing is read for whom the headers betray already, and little at a time for anybody.
        """
        timestamp = request.headers.get("X-Badbuzz-Timestamp", "")
        signature = request.headers.get("X-Badbuzz-Signature", "")
        untimely = self._untimely(timestamp)
        if untimely or not _SIGNATURE.fullmatch(signature):
            return _answer(HTTPStatus.UNAUTHORIZED, untimely or "the signature does not fit")
        if self._reading >= _READING:
            return _answer(HTTPStatus.TOO_MANY_REQUESTS, "too many requests at one time", headers=_AGAIN)
        self._reading += 1
        try:
            body = await self._body(request)
        finally:
            self._reading -= 1
        if isinstance(body, web.Response):
            return body
        if not self._is_signed(timestamp, signature, body):
            return _answer(HTTPStatus.UNAUTHORIZED, "the signature does not fit")
        return signature, body

    async def _body(self, request: web.Request) -> bytes | web.Response:
        limit = self._options.max_body
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                body = await _read_body(request, limit)
        except TimeoutError:
            return _answer(HTTPStatus.REQUEST_TIMEOUT, "the request did not arrive whole in time", headers=_AGAIN)
        return body if body is not None else _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {limit} bytes")

    async def _hand_over(self, delivery: _Delivery) -> web.Response:
        if not self._listening:
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "not listening", headers=_AGAIN)
        if self._queue.full():
            return _answer(HTTPStatus.TOO_MANY_REQUESTS, "too many requests are waiting", headers=_AGAIN)
        self._queue.put_nowait(delivery)
        # a sender that hangs up does not undo what is in the queue
        if await asyncio.shield(delivery.done):
            return web.json_response({"accepted": len(delivery.mentions)})
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "stopped before it was stored", headers=_AGAIN)

    def _untimely(self, timestamp: str) -> str:
        """What is wrong with a timestamp, "" when nothing is."""
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            return "the timestamp is no number of seconds"
        age = abs(self._tools.clock.wall() - int(timestamp) * SECOND)
        return "the timestamp is too far from now" if age > span(self._options.window) else ""

    def _is_signed(self, timestamp: str, signature: str, body: bytes) -> bool:
        signed = timestamp.encode() + b"." + body
        # every key is tried, so that the time taken does not tell which one fits
        fits = [hmac.compare_digest(_sign(key, signed), signature.encode()) for key in self._keys]
        return any(fits)

    def _read(self, body: bytes) -> tuple[list[Mention], list[dict[str, object]]]:
        """Every mention of a body, and what is wrong with those that are none, by position from 0."""
        now = moment(self._tools.clock.now())
        mentions: list[Mention] = []
        problems: list[dict[str, object]] = []
        try:
            parts = _parts(body)
        except (ValueError, msgspec.DecodeError, RecursionError) as error:
            return [], [{"position": None, "error": str(error) or "nested too deeply"}]
        for position, part in enumerate(parts):
            try:
                mentions.append(self._mention(part, now))
            except LineError as error:
                problems.append({"position": position, "error": str(error)})
        return mentions, problems[:_MOST_PROBLEMS]

    def _mention(self, part: bytes, now: datetime) -> Mention:
        name = self._tools.name
        said = read_line(part, source=name, platform="push", now=now)
        # whatever a sender calls itself, this is where we heard it: its mentions are nobody else's
        key = f"{name} {said.id if said.key is None else said.key}"
        return msgspec.structs.replace(said, source=name, platform="push", key=key)

    def _remember(self, signature: str) -> None:
        now = self._tools.clock.now()
        self._taken[signature] = now
        # past twice the window a repetition is refused by its timestamp
        oldest = now - 2 * span(self._options.window)
        while self._taken and (len(self._taken) > _REMEMBERED or next(iter(self._taken.values())) < oldest):
            self._taken.popitem(last=False)


def _sign(key: bytes, signed: bytes) -> bytes:
    return (_PREFIX + hmac.new(key, signed, sha256).hexdigest()).encode()


async def _read_body(request: web.Request, limit: int) -> bytes | None:
    """The raw body; None when it is larger than `limit`, whatever its declared length."""
    if (request.content_length or 0) > limit:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _parts(body: bytes) -> list[bytes]:
    """The elements of a JSON array, one JSON object, or the lines of JSON Lines. Raises ValueError."""
    text = body.removeprefix(BOM).strip()
    if text.startswith(b"["):
        parts = [bytes(raw) for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]
    else:
        parts = [text] if _is_one(text) else [line for line in text.splitlines() if line.strip()]
    if not parts or len(parts) > _MOST_MENTIONS:
        raise ValueError(f"a request holds between 1 and {_MOST_MENTIONS} mentions")
    return parts


def _is_one(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _answer(
    status: HTTPStatus,
    message: str,
    problems: list[dict[str, object]] | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    said: dict[str, object] = {"error": message} | ({"problems": problems} if problems else {})
    return web.json_response(said, status=status, headers=headers)


def _unheard(words: str, *, code: str, state: SourceState = "reconnecting") -> Batch:
    return Batch(problems=[FetchError(words, state=state, code=code)], heard=False)


SPEC = CollectorSpec(
    kind="push",
    summary="mentions that other programs push by signed HTTP POST to /in/<source>",
    options=PushOptions,
    example={"secrets": ["a-long-random-key"]},
    build=PushCollector,
    hears_silence=False,
    replays=False,
)
