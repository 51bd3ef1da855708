"""Random lives of incidents, told through real channels to strict services over a network that fails."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import aiohttp
from aiohttp.base_protocol import BaseProtocol

from alerts.acts import Act
from alerts.channel import CHANNELS, SendError, Tools
from alerts.delivery import Delivery
from alerts.dispatch import Dispatcher
from alerts.links import Links
from alerts.message import Message
from listener.pipeline.acting import Acting, place_of
from listener.pipeline.describe import Describer
from listener.pipeline.outbox import ChannelOutbox
from tests import discord, matrix, pagerduty, slack, telegram
from tests.answering import IMPATIENT
from tests.listener.pipeline.world import World
from tests.ntfy import ntfy_server
from tests.servers import http_fake, smtp_server

FIRST_ONLY = frozenset({"slackbot", "telegram", "discord"})
"""They cannot tell a repeated message from a new one: where an answer was lost, there may be a second."""
KINDS = (*sorted(FIRST_ONLY), "matrix", "ntfy", "pagerduty", "webhook", "alertmanager", "email")
RULES = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 9}, calm_for: 5m}"
LADDER = "[{after: 3m, remind: first}, {after: 6m, call: chief}]"
ABOUT = {
    "alertmanager": lambda body: body[0]["labels"]["incident"],
    "webhook": lambda body: body["groupKey"],
    "ntfy": lambda body: body["sequence_id"],
    "pagerduty": lambda body: body["dedup_key"],
}
FAULTS = ("refused", "broken", "cut", "late", "lost", "lost late")
PATIENT = timedelta(minutes=10)
"""However slow the machine is, no attempt is cut off."""


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
    """Between the channels and their services. `rate` of what is sent meets a fault."""

    random: Random
    rate: float
    refuse: Callable[[int], Awaitable[aiohttp.ClientResponse]]
    sending: tuple[str, Sequence[Delivery]] | None = None
    shown: list[Shown] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)

    def fault(self) -> str:
        drawn = self.random.choice(FAULTS) if self.random.random() < self.rate else ""
        self.met[drawn] += 1
        return drawn

    async def __call__(self, request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
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
            self._took(request, body, await _read(answer), lost=fault.startswith("lost"))
        if fault == "lost":
            raise aiohttp.ClientConnectionError
        if fault == "lost late":
            raise TimeoutError
        return answer

    def _took(self, request: aiohttp.ClientRequest, body: Any, answer: bytes, *, lost: bool) -> None:
        assert self.sending
        name, deliveries = self.sending
        if name in ABOUT:
            verb, key = "open", ABOUT[name](body)
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


class Mailing:
    """A mail channel whose answers get lost on the way."""

    def __init__(self, channel: Any, network: Network) -> None:
        self._channel, self._network = channel, network

    async def send(self, message: Message, receipt: str = "") -> str | None:
        fault = self._network.fault()
        if fault and "lost" not in fault:
            raise SendError("the line is dead", reason="other")
        got: str | None = await self._channel.send(message, receipt)
        assert self._network.sending
        name, deliveries = self._network.sending
        shown = Shown(name, tuple(deliveries), "open", message.thread, bool(fault))
        self._network.shown.append(shown)
        if fault:
            raise SendError("the line is dead", reason="other")
        return got

    async def serve(self) -> None:
        return


class Direct:
    """Writes at once what a writer would gather."""

    def __init__(self, world: World) -> None:
        self._world, self._turn = world, asyncio.Lock()

    async def submit(self, *works: Any) -> None:
        async with self._turn:
            await self._world.ledger.write(list(works))


class Watched(ChannelOutbox):
    """Tells the network what is being sent."""

    network: Network

    async def message(self, deliveries: Sequence[Delivery]) -> Message | None:
        self.network.sending = (deliveries[0].channel, deliveries)
        return await super().message(deliveries)


class Process:
    """One life of the daemon: its ledger, its channels and who delivers for them."""

    def __init__(self, world: World, http: aiohttp.ClientSession, network: Network) -> None:
        self.world, self.http, self.writer, self.acting = world, http, Direct(world), dict[str, Acting]()
        settings, now = world.ledger.setup.settings, world.clock.now
        self.dispatchers = []
        for name, configured in settings.channels.items():
            acting = Acting(world.views, lambda: settings, now, place_of(configured, settings))
            self.acting[name] = acting
            spec = CHANNELS.spec(configured.kind)
            tools = Tools(http=http, now=now, installation="watch", name=name, act=acting)
            impatient = {} if configured.kind == "ntfy" else IMPATIENT.get(configured.kind, {})
            channel = partial(spec.build, **impatient)(configured.options, tools)
            outbox = Watched(
                world.store,
                self.writer,  # type: ignore[arg-type]
                Describer(world.views, settings),
                world.ledger.outgoing,
                world.clock,
                world.metrics,
                Links(b"l" * 32),
            )
            outbox.network = network
            sender = Mailing(channel, network) if configured.kind == "email" else channel
            self.dispatchers.append(Dispatcher(name, sender, PATIENT, outbox, now))

    async def deliver(self) -> None:
        for each in self.dispatchers:
            while await each.turn():
                pass

    async def act(self, channel: str, verb: Any, incident: str, ending: Any = None) -> str:
        """What a button of a channel does; why not, where it is refused."""
        acting = asyncio.create_task(self.acting[channel](Act(verb=verb, incident=incident, by="Zoé", ending=ending)))
        while not acting.done():
            await self.writer.submit()
            await asyncio.sleep(0.01)
        return acting.result().why


@dataclass
class Services:
    """The strict services, by kind of channel."""

    fakes: dict[str, Any]

    def take_away(self, shown: Shown) -> None:
        fake = self.fakes[shown.channel]
        match shown.channel:
            case "slackbot":
                fake.shown.pop(shown.key, None)
            case "telegram":
                fake.shown.pop(int(shown.key), None)
            case "discord":
                fake.shown[discord.ROOM].pop(shown.key, None)
            case "matrix":
                fake.event(shown.key)["content"] = {}


@asynccontextmanager
async def services() -> AsyncIterator[tuple[Services, str]]:
    """All services, and the channels that lead there, as a configuration writes them."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        fakes: dict[str, Any] = {
            "slackbot": await enter(slack.slack()),
            "telegram": await enter(telegram.telegram()),
            "discord": await enter(discord.discord()),
            "matrix": await enter(matrix.matrix()),
            "ntfy": await enter(ntfy_server()),
            "pagerduty": await enter(pagerduty.pagerduty()),
            "webhook": await enter(http_fake()),
            "alertmanager": await enter(http_fake()),
            "email": await enter(smtp_server()),
        }
        written: dict[str, dict[str, Any]] = {
            "slackbot": {"token": slack.BOT, "channel": "#crisis", "app_token": slack.APP},
            "telegram": {"token": telegram.TOKEN, "chat": telegram.CHAT},
            "discord": {"webhook": fakes["discord"].webhook},
            "matrix": {"token": matrix.TOKEN, "room": matrix.ALIAS},
            "ntfy": {"topic": "acme-watch", "answers": "acme-answers"},
            "pagerduty": {"routing_key": pagerduty.KEY},
            "webhook": {"url": f"{fakes['webhook'].url}/hook", "secret": "key-of-the-hook-0123", "allow_private": True},
            "email": {
                "to": ["lead@example.org"],
                "from": "badbuzz@example.org",
                "smtp": f"smtp://127.0.0.1:{fakes['email'].port}",
                "tls": "none",
            },
        }
        for kind in ("slackbot", "telegram", "matrix", "ntfy", "pagerduty", "alertmanager"):
            written.setdefault(kind, {})["server"] = fakes[kind].url
        channels = {kind: {"kind": kind, **written[kind]} for kind in KINDS}
        yield Services(fakes), json.dumps(channels)[1:-1]
