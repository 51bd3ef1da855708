"""Random lives of incidents, told through real channels to strict services over a network that fails."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import TestClient, TestServer

from alerts.acts import Act, Acted
from alerts.channel import CHANNELS, SendError, Tools
from alerts.delivery import Delivery
from alerts.dispatch import Dispatcher
from alerts.links import Links
from alerts.message import Message
from listener.pipeline.acting import Acting, place_of
from listener.pipeline.describe import Describer
from listener.pipeline.linking import recipients
from listener.pipeline.loudest import Loudest
from listener.pipeline.outbox import ChannelOutbox
from listener.pipeline.queued import OwnQueue
from listener.pipeline.status import DaemonStatus
from listener.web.server import build_app
from listener.web.status import Settings as PageSettings
from listener.web.status import Site
from tests.answering import IMPATIENT
from tests.listener.pipeline.world import World

FIRST_ONLY = frozenset({"slackbot", "slack", "telegram", "discord", "teams", "apprise"})
"""They cannot tell a repeated message from a new one: where an answer was lost, there may be a second."""
OWN_LINES = frozenset({"mqtt", "email", "apprise"})
"""They do not go through our client of HTTP: their faults are drawn before and after the whole of a delivery."""
NOT_SERVED = frozenset({"email", "pagerduty", "alertmanager"})
"""What they look after now and then is looked after when somebody pressed."""
ABOUT: dict[str, Callable[[Any], str]] = {
    "alertmanager": lambda body: body[0]["labels"]["incident"],
    "webhook": lambda body: body["groupKey"],
    "ntfy": lambda body: body["sequence_id"],
    "pagerduty": lambda body: body["dedup_key"],
}
FAULTS = ("refused", "broken", "cut", "late", "lost", "lost late")
HEARING = ("getUpdates", "/sync", "/json", "apps.connections.open")
PATIENT = timedelta(minutes=10)
"""However slow the machine is, no attempt is cut off."""
LINKS = Links(b"l" * 32)
_SENDING: ContextVar[tuple[str, Sequence[Delivery]] | None] = ContextVar("sending", default=None)


@dataclass(frozen=True)
class Shown:
    """What a service took while a delivery was attempted: `verb` is open, edit or tell, `key` the service's name."""

    channel: str
    deliveries: tuple[Delivery, ...]
    verb: str
    key: str
    lost: bool


@dataclass
class Network:
    """Between the channels and their services. `rate` of what is sent meets a fault, and of what is listened to."""

    random: Random
    rate: float
    refuse: Callable[[int], Awaitable[aiohttp.ClientResponse]]
    shown: list[Shown] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    deaf: Random = field(default_factory=Random)
    starts: int = 0
    pressed: set[tuple[str, str]] = field(default_factory=set)

    def fault(self) -> str:
        drawn = self.random.choice(FAULTS) if self.random.random() < self.rate else ""
        self.met[drawn] += 1
        return drawn

    async def __call__(self, request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
        sending = _SENDING.get()
        if sending is None:
            return await self._listened(request, handler)
        fault = self.fault()
        match fault:
            case "refused" | "broken":
                return await self.refuse(429 if fault == "refused" else 503)
            case "cut":
                raise aiohttp.ClientConnectionError
            case "late":
                raise TimeoutError
        body = json.loads(await request.body.as_bytes() or b"null") if request.method != "GET" else None
        answer: aiohttp.ClientResponse = await handler(request)
        if body is not None and answer.ok and "/join/" not in request.url.path:
            self._took(sending, request, body, await _read(answer), lost=fault.startswith("lost"))
        if fault == "lost":
            raise aiohttp.ClientConnectionError
        if fault == "lost late":
            raise TimeoutError
        return answer

    async def _listened(self, request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
        """What a channel asks to hear of people. It draws for itself: nobody knows in which order channels ask."""
        if any(each in request.url.path for each in HEARING) and self.deaf.random() < self.rate:
            drawn = self.deaf.choice(("broken", "cut"))
            self.met[f"{drawn} while listening"] += 1
            if drawn == "broken":
                return await self.refuse(502)
            raise aiohttp.ClientConnectionError
        answer: aiohttp.ClientResponse = await handler(request)
        return answer

    def _took(
        self,
        sending: tuple[str, Sequence[Delivery]],
        request: aiohttp.ClientRequest,
        body: Any,
        answer: bytes,
        *,
        lost: bool,
    ) -> None:
        name, deliveries = sending
        if name in ABOUT:
            verb, key = "open", ABOUT[name](body)
        elif name in ("slack", "teams"):
            verb, key = "tell", f"{len(self.shown)}"
        elif (said := json.loads(answer)).get("ok", True):
            result = said.get("result", said)
            verb = _verb(name, request, body)
            key = str(next(result[each] for each in ("ts", "message_id", "event_id", "id") if each in result))
        else:
            return
        self.shown.append(Shown(name, tuple(deliveries), verb, key, lost))


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """What is said, which can be read once more."""
    said, loop = await answer.read(), asyncio.get_running_loop()
    answer.content = aiohttp.StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    answer.content.feed_data(said)
    answer.content.feed_eof()
    return said


def _verb(name: str, request: aiohttp.ClientRequest, body: Any) -> str:
    relation = body.get("m.relates_to", {}).get("rel_type")
    if request.method == "PATCH" or "chat.update" in request.url.path or "editMessageText" in request.url.path:
        return "edit"
    if relation:
        return "edit" if relation == "m.replace" else "tell"
    tells = "thread_ts" in body or "reply_parameters" in body or (name == "discord" and not body.get("embeds"))
    return "tell" if tells else "open"


class OwnLine:
    """A channel with a line of its own, on which things get lost."""

    def __init__(self, channel: Any, network: Network) -> None:
        self._channel, self._network = channel, network

    async def send(self, message: Message, receipt: str = "") -> str | None:
        fault, sending = self._network.fault(), _SENDING.get()
        if fault and "lost" not in fault:
            raise SendError("the line is dead", reason="other")
        got: str | None = await self._channel.send(message, receipt)
        assert sending
        name, deliveries = sending
        key = f"{len(self._network.shown)}" if name in FIRST_ONLY else message.id
        self._network.shown.append(Shown(name, tuple(deliveries), "tell", key, bool(fault)))
        if fault:
            raise SendError("the line is dead", reason="other")
        return got

    async def serve(self) -> None:
        return


class Direct:
    """Writes at once what a writer would gather."""

    healthy = True

    def __init__(self, world: World) -> None:
        self._world, self._turn = world, asyncio.Lock()

    async def submit(self, *works: Any) -> None:
        async with self._turn:
            await self._world.ledger.write(list(works))

    def is_moving(self) -> bool:
        return True


class Watched(ChannelOutbox):
    """Tells the network what is being sent."""

    async def message(self, deliveries: Sequence[Delivery]) -> Message | None:
        _SENDING.set((deliveries[0].channel, deliveries))
        return await super().message(deliveries)


class Waking:
    """Views that wake the writer where somebody asks for something, as a daemon's next turn would be too far off."""

    def __init__(self, views: Any, asked: asyncio.Event) -> None:
        self._views, self._asked = views, asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._views, name)
        return partial(self._ask, found) if name.startswith("ask") else found

    async def _ask(self, found: Any, *what: Any, **how: Any) -> Any:
        number = await found(*what, **how)
        self._asked.set()
        return number


class Process:
    """One life of the daemon: its ledger, its page, its channels, who delivers for them and who listens.

    `acts` is what was asked for and what came of it, in order: the channel, the wish and the answer.
    """

    def __init__(self, world: World, http: aiohttp.ClientSession, network: Network) -> None:
        self.world, self.http, self.network, self.writer = world, http, network, Direct(world)
        self.acts: list[tuple[str, Act, Acted]] = []
        self._begun = len(network.shown)
        network.starts += 1
        self._asked, self._tasks = asyncio.Event(), list[asyncio.Task[None]]()
        self.settings = world.ledger.setup.settings
        self.views: Any = Waking(world.views, self._asked)
        self.channels: dict[str, Any] = {}
        self.dispatchers: dict[str, Dispatcher] = {}
        for name in self.settings.channels:
            self._build(name)

    def _build(self, name: str) -> None:
        configured, world = self.settings.channels[name], self.world
        spec, place = CHANNELS.spec(configured.kind), place_of(configured, self.settings)
        wait = world.ledger.committed.wait
        acting = Acting(self.views, lambda: self.settings, world.clock.now, place, patience=60, wait=wait)
        act = partial(self._act, name, acting)
        tools = Tools(http=self.http, now=world.clock.now, installation="watch", name=name, act=act)
        pauses = IMPATIENT.get(configured.kind, {})
        pauses = {"pause": 0.0} if configured.kind in ("email", "pagerduty") else pauses
        self.channels[name] = channel = partial(spec.build, **pauses)(configured.options, tools)
        outbox = Watched(
            OwnQueue(world.store, self.writer),  # type: ignore[arg-type]
            Describer(world.views, self.settings),
            world.ledger.outgoing,
            world.clock,
            world.metrics,
            LINKS,
        )
        sender = OwnLine(channel, self.network) if configured.kind in OWN_LINES else channel
        self.dispatchers[name] = Dispatcher(name, sender, PATIENT, outbox, world.clock.now)

    def has_told(self, channel: str, incident: str) -> bool:
        """Whether a service took something of an incident since this process began, and said so of the last of it."""
        mine = [each for each in self.network.shown[self._begun :] if each.channel == channel]
        said = [not each.lost for each in mine if each.deliveries[0].thread == incident]
        return said[-1:] == [True]

    async def _act(self, name: str, acting: Acting, wish: Act) -> Acted:
        acted = await acting(wish)
        told = (name, wish.once)
        # what a service tells again after a start is no press
        if not wish.once or told not in self.network.pressed:
            self.acts.append((name, wish, acted))
        self.network.pressed.add(told)
        return acted

    async def start(self, stack: AsyncExitStack) -> None:
        """Listen in every channel and serve the page, until the stack ends or `stop`."""
        served = [each for name, each in self.channels.items() if self.settings.channels[name].kind not in NOT_SERVED]
        # what they ask is asked for no delivery
        self._tasks = [asyncio.create_task(self.serve(each), context=Context()) for each in served]
        self._tasks.append(asyncio.create_task(self._obey()))
        stack.push_async_callback(self.stop)
        self.page = TestClient[Any, Any](TestServer(build_app(self._site())))
        await stack.enter_async_context(self.page)

    async def stop(self) -> None:
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def serve(self, channel: Any) -> None:
        """Listen, and again after each failure."""
        while True:
            try:
                return await channel.serve()
            except SendError:
                await asyncio.sleep(0.01)

    async def _obey(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.writer.submit()

    def _site(self) -> Site:
        daemon, clock, ledger = self.settings.daemon, self.world.clock, self.world.ledger
        who = PageSettings(
            language=daemon.language,
            time_zone=daemon.time_zone,
            local=True,
            external_url=daemon.external_url,
            recipients=recipients(self.settings),
        )
        return Site(
            settings=lambda: who,
            views=self.views,
            status=DaemonStatus(
                ledger=ledger,
                writer=self.writer,
                clock=clock,  # type: ignore[arg-type]
                started=clock.now(),
                ranking=Loudest(ledger, clock),  # type: ignore[arg-type]
            ),
            news=ledger.committed,
            now=clock.now,
            key=b"k" * 32,
            links=LINKS,
            reload=AsyncExitStack,  # type: ignore[arg-type]  # nobody asks for it
            inbound=lambda _: (),
            exposition=_nothing,
        )

    async def until(self, so: Callable[[], Any], patience: float = 60) -> None:
        """Wait for what an act may bring."""
        async with asyncio.timeout(patience):
            while not so():  # noqa: ASYNC110  # many services, each with news of its own
                await asyncio.sleep(0.002)

    async def deliver(self) -> None:
        """All that is due now."""
        now = self.world.clock.now()
        rows = await self.world.views.deliveries(state="due", limit=100_000)
        for name in sorted({each.channel for each in rows if each.due <= now}):
            while await self.dispatchers[name].turn():
                pass


async def _nothing(_accept: str) -> tuple[bytes, str]:
    return b"", ""
