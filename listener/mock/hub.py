"""A mock WebSub hub (w3.org/TR/websub): asks back whether somebody means it, then sends topics as they change."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Literal, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from listener.clock import Clock
from listener.mock.faults import Faults
from listener.mock.server import is_here
from listener.mock.world import World
from rules.instant import DAY, MINUTE, SECOND, Instant, Span

MOST = 100
"""Subscriptions, and wishes that wait to be asked back, each."""
TRIES = 5
"""How often the same content is sent to a subscriber that does not take it."""
LEASE: Span = 10 * DAY
"""Of whoever does not say how long."""
_SHORTEST, _LONGEST = MINUTE, 30 * DAY
_SECRET = 200
_PATIENCE = ClientTimeout(total=10)
"""Seconds of the wall that a subscriber has to answer."""


class Content(NamedTuple):
    """What is sent of a topic."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for, to `subscribe` or `unsubscribe`; `until` is when a subscription ends."""

    mode: str
    topic: str
    callback: str
    lease: Span
    until: Instant
    secret: str = field(repr=False)


class Hub:
    """Sends what `published` says of a topic whenever something is said or edited in the world, signed with
    `algorithm` (sha256 or sha1) for those who gave a secret. Leases and pauses go by `clock`. Subscribers
    are on this machine.
    """

    def __init__(
        self,
        world: World,
        published: Callable[[str], Content],
        *,
        faults: Faults,
        clock: Clock,
        algorithm: Literal["sha1", "sha256"] = "sha256",
    ) -> None:
        self._world, self._published, self._faults, self._clock = world, published, faults, clock
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue(MOST)
        self._sending: dict[tuple[str, str], tuple[Wish, asyncio.Task[None]]] = {}
        self._algorithm: Literal["sha1", "sha256"] = algorithm

    @property
    def subscriptions(self) -> list[Wish]:
        """Those in force."""
        now = self._clock.now()
        return [wish for wish, task in self._sending.values() if wish.until > now and not task.done()]

    async def ask(self, request: web.Request, topics: Collection[str]) -> web.Response:
        """202 for a wish that is well-formed and about one of `topics`, 4xx with the reason otherwise."""
        try:
            wish = self._wish({name: str(value) for name, value in (await request.post()).items()}, topics)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        if self._wishes.full() or (len(self.subscriptions) >= MOST and wish.mode == "subscribe"):
            return web.Response(status=503, text="too many subscriptions")
        self._wishes.put_nowait(wish)
        return web.Response(status=202)

    async def acting(self, _: web.Application) -> AsyncIterator[None]:
        """Answers wishes and sends topics, as long as it is served."""
        async with ClientSession(timeout=_PATIENCE) as http, asyncio.TaskGroup() as group:
            running = group.create_task(self._run(http), name="hub")
            yield
            running.cancel()

    async def _run(self, http: ClientSession) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                wish = await self._wishes.get()
                if not await self._is_meant(http, wish):
                    continue
                if before := self._sending.pop((wish.topic, wish.callback), None):
                    before[1].cancel()
                if wish.mode == "subscribe":
                    sending = self._send(http, wish, self._world.number)
                    task = group.create_task(sending, name="send a topic")
                    self._sending[wish.topic, wish.callback] = wish, task
                self._forget()

    def _wish(self, said: Mapping[str, str], topics: Collection[str]) -> Wish:
        """Raises ValueError, in words for whoever asks."""
        mode, topic, callback = (said.get(f"hub.{name}", "") for name in ("mode", "topic", "callback"))
        lease, secret = said.get("hub.lease_seconds") or str(LEASE // SECOND), said.get("hub.secret", "")
        if mode not in {"subscribe", "unsubscribe"}:
            raise ValueError("hub.mode is subscribe or unsubscribe")
        if topic not in topics:
            raise ValueError(f"hub.topic is none of this hub's: {', '.join(topics)}")
        if not is_here(callback):
            raise ValueError("hub.callback must be an address on this machine, such as http://127.0.0.1:8080/hook")
        if not lease.isdecimal() or len(secret.encode()) >= _SECRET:
            raise ValueError("hub.lease_seconds is a number, and hub.secret shorter than 200 bytes")
        span = min(max(_SHORTEST, int(lease) * SECOND), _LONGEST)
        until = self._clock.now() + span
        return Wish(mode=mode, topic=topic, callback=callback, lease=span, until=until, secret=secret)

    async def _is_meant(self, http: ClientSession, wish: Wish) -> bool:
        """Whether the subscriber says again what somebody said in its name."""
        challenge = token_urlsafe(24)
        asked = {"hub.mode": wish.mode, "hub.topic": wish.topic, "hub.challenge": challenge}
        if wish.mode == "subscribe":
            asked["hub.lease_seconds"] = str(wish.lease // SECOND)
        try:
            async with http.get(URL(wish.callback).extend_query(asked), allow_redirects=False) as answer:
                said = await answer.content.read(len(challenge) + 1)
        except (ClientError, OSError, TimeoutError):
            return False
        return answer.status < 300 and said == challenge.encode()

    async def _send(self, http: ClientSession, wish: Wish, number: int) -> None:
        """Send the topic each time it changes, until the lease ends or the subscriber is gone."""
        gone = False
        while not gone:
            changes = await self._world.news(number)
            number = changes[-1].number
            if self._clock.now() >= wish.until:
                return
            if any(change.op != "delete" for change in changes):
                gone = await self._deliver(http, wish)

    async def _deliver(self, http: ClientSession, wish: Wish) -> bool:
        """Send the topic as it stands, again and again where it is not taken; whether the subscriber is gone."""
        content = self._published(wish.topic)
        signature = hmac.digest(wish.secret.encode(), content.body, self._algorithm).hex()
        signed = {"X-Hub-Signature": f"{self._algorithm}={signature}"} if wish.secret else {}
        left = 2 if self._faults.strikes("duplicate") else 1
        for attempt in range(TRIES):
            status = await _post(http, wish.callback, content.body, {**content.headers, **signed})
            left -= 200 <= status < 300
            if not left or status == 410:
                return status == 410
            await self._clock.sleep(SECOND * 2**attempt)
        return False

    def _forget(self) -> None:
        """Let go of subscriptions that are over."""
        for key, (wish, task) in list(self._sending.items()):
            if wish not in self.subscriptions:
                task.cancel()
                del self._sending[key]


async def _post(http: ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer; 0 when there is none."""
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status
    except (ClientError, OSError, TimeoutError):
        return 0
