"""Alerts as retained state on an MQTT broker."""

import asyncio
import math
import ssl
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Literal, NoReturn, Self
from urllib.parse import unquote, urlsplit

import aiomqtt
import msgspec
import structlog
from aiomqtt import MqttError, ProtocolVersion
from pydantic import AfterValidator, Field, model_validator

from alerts.alert import Alert
from alerts.answers import refused
from alerts.cancelling import obey_cancellation
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import server_address
from alerts.channels._homeassistant import Topics, device
from alerts.channels._mqtt_client import Client, Failure, failure, is_granted, reply_to
from alerts.channels._mqtt_commands import answered, place, understood
from alerts.channels._mqtt_facts import Kept, facts, standing
from alerts.channels._text import slug, token
from alerts.message import Message
from config.model import Duration, File, Secret

PATIENCE = 20.0
"""Seconds `send` waits for a connection."""
TIMEOUT = 5.0
"""Seconds a broker may take to answer."""
KEEPALIVE = 30
"""Seconds of silence after which the broker is asked whether it is still there."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds between attempts to connect: doubled each time."""
BRIEF = 10.0
"""Seconds that a link must have lasted for the next attempt to follow at once."""
REMEMBERED = 1_000
"""Incidents whose last step or state is remembered."""
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_PROTOCOLS = {"5": ProtocolVersion.V5, "3.1.1": ProtocolVersion.V311}
_UNSUPPORTED = {1, 132}
_UNANSWERED = "Operation timed out"  # aiomqtt's words; a broker that cannot read version 5 may wait for more for ever
_DENIED = {4, 5, 134, 135}
_TAKEN_OVER = 142

log = structlog.get_logger("mqtt")


def _broker(value: str) -> str:
    return server_address(value, _PORTS, "mqtts://user@broker.example or mqtt://broker.example:1883")


def _topic(value: str) -> str:
    if not value.strip("/") or value != value.strip("/") or any(char in "+#\0" for char in value):
        raise ValueError("a base topic is like badbuzz or office/badbuzz: no + or #, no / at its ends")
    return value


Topic = Annotated[str, AfterValidator(_topic)]


class MqttOptions(ChannelOptions):
    broker: Annotated[str, AfterValidator(_broker)]
    """The broker: mqtts://user@host:8883 (TLS) or mqtt://user@host:1883."""
    base: Topic = "badbuzz"
    """Where all topics begin."""
    commands: bool = False
    """Obey what comes on `<base>/command`: whoever the broker lets publish there may take an incident or end it."""
    discovery: Topic | None = None
    """Where Home Assistant looks for devices, usually `homeassistant`: each brand becomes one there."""
    expiry: Annotated[Duration, Field(ge=timedelta(hours=1), le=timedelta(days=3_650))] = timedelta(days=30)
    """How long after its last step an open incident stays retained if nobody clears it; MQTT 5 only."""
    password: Secret | None = None
    """Password of the user in `broker`."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    """Version of MQTT; auto tries 5, then 3.1.1."""
    ca_file: File | None = None
    """Certificates to trust besides the system's, as PEM."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.password is not None and not urlsplit(self.broker).username:
            raise ValueError("a password needs a user: write it in broker, as in mqtts://user@broker.example")
        return self


class MqttChannel:
    """Keeps `<base>/incident/<id>` and `<base>/brand/<slug>/state` retained while an incident is open, and says each
    step once on `<base>/event`; `<base>/<installation>/status` is `online` while connected, else `offline`. With
    `commands`, what is asked on `<base>/command` is answered on `<base>/answer`.

    Publishing needs the connection that `serve` keeps; `send` waits for it. Steps of one incident that come in the
    wrong order never bring back what a later step has cleared.
    """

    def __init__(
        self, options: MqttOptions, tools: Tools, *, timeout: float = TIMEOUT, patience: float = PATIENCE
    ) -> None:
        self._options, self._base, self._tools = options, options.base, tools
        self._timeout, self._patience = timeout, patience
        self._id = f"badbuzz-{slug(tools.installation)}-{slug(tools.name)}"
        self._status = "" if tools.passing else f"{options.base}/{slug(tools.installation)}/status"
        self._commands = f"{options.base}/command" if options.commands and not tools.passing else ""
        self._protocols = list(_PROTOCOLS.values()) if options.protocol == "auto" else [_PROTOCOLS[options.protocol]]
        self._link: Client | None = None
        self._failure, self._since = Failure(), math.inf
        self._changed, self._turn = asyncio.Condition(), asyncio.Lock()
        self._steps: OrderedDict[str, int] = OrderedDict()
        self._open: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        async with self._turn:
            link = await self._connected()
            about = message.about
            if isinstance(about, Alert) and not self._is_late(about):
                await self._keep(link, about, message)
            await self._publish(link, f"{self._base}/event", facts(message))

    async def serve(self) -> None:
        """Stay connected, until cancelled: then say offline and leave."""
        pause = FIRST_PAUSE
        while True:
            self._since = math.inf
            try:
                await self._stay()
            except MqttError as error:
                await self._lost(error)
                pause = min(pause * 2, LONGEST_PAUSE) if self._is_contested() else FIRST_PAUSE
            if not self._falls_back():
                await asyncio.sleep(pause)

    async def probe(self) -> None:
        """Connect, log in and leave; nothing is published. Raises SendError."""
        for protocol in self._protocols:
            try:
                async with await self._client(protocol, f"{self._id}-probe"):
                    return
            except MqttError as error:
                self._failure = failure(error)
        self._unreached()

    async def _stay(self) -> None:
        will = aiomqtt.Will(self._status, b"offline", qos=1, retain=True) if self._status else None
        async with await self._client(self._protocols[0], self._id, will) as client:
            try:
                # what is retained tells which incidents an earlier run left open
                await client.subscribe(f"{self._base}/incident/+", qos=1)
                await self._listen(client)
                await self._tell(client, b"online")
                obey_cancellation()
                await self._ready(client)
                async for heard in client.messages:
                    await self._hear(client, heard)
                    obey_cancellation()
            except asyncio.CancelledError:
                # a clean goodbye keeps the broker from sending the last will
                with suppress(MqttError):
                    await self._tell(client, b"offline")
                raise

    async def _tell(self, client: Client, status: bytes) -> None:
        if self._status:
            await client.publish(self._status, status, qos=1, retain=True, timeout=self._timeout)

    async def _listen(self, client: Client) -> None:
        if self._commands and not is_granted(await client.subscribe(self._commands, qos=1)):
            log.warning("mqtt_commands_refused", client=self._id, topic=self._commands)

    async def _ready(self, client: Client) -> None:
        async with self._changed:
            # this version works: no need to try the other again
            self._link, self._failure, self._protocols = client, Failure(), self._protocols[:1]
            self._since = asyncio.get_running_loop().time()
            self._changed.notify_all()

    def _is_contested(self) -> bool:
        """Whether there was no link, or none that lasted: another client may be using our name."""
        if self._failure.code == _TAKEN_OVER:
            log.warning("mqtt_session_taken_over", client=self._id)
            return True
        lasted = asyncio.get_running_loop().time() - self._since
        if 0 <= lasted < BRIEF:
            log.warning("mqtt_link_brief", client=self._id, seconds=round(lasted, 1), error=self._failure.why)
        return lasted < BRIEF

    async def _lost(self, error: MqttError) -> None:
        async with self._changed:
            self._failure = failure(error, self._link.goodbye if self._link else None)
            self._link = None
            self._changed.notify_all()

    def _falls_back(self) -> bool:
        """Turn to the other version of the protocol when the broker does not speak, or does not answer, this one."""
        first, *others = self._protocols
        unsupported = self._failure.code in _UNSUPPORTED
        if not others or not (unsupported or self._failure.why == _UNANSWERED):
            return False
        self._protocols = others if unsupported else [*others, first]
        return True

    async def _connected(self) -> Client:
        try:
            async with asyncio.timeout(self._patience), self._changed:
                await self._changed.wait_for(lambda: self._link or self._failure.code in _DENIED)
        except TimeoutError:
            self._unreached()
        return self._link or self._unreached()

    def _unreached(self) -> NoReturn:
        failure = self._failure
        if failure.code in _DENIED:
            raise SendError(f"the broker refused us: {failure.why}", reason="authError", permanent=True)
        if "CERTIFICATE_VERIFY_FAILED" in failure.why:
            raise SendError("the broker's certificate cannot be trusted", reason="other", permanent=True)
        raise SendError(f"the broker could not be reached: {failure.why}", reason="other")

    async def _client(self, protocol: ProtocolVersion, identifier: str, will: aiomqtt.Will | None = None) -> Client:
        parts, password = urlsplit(self._options.broker), self._options.password
        return Client(
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=password.get_secret_value() if password else None,
            protocol=protocol,
            identifier=identifier,
            will=will,
            timeout=self._timeout,
            keepalive=KEEPALIVE,
            max_queued_incoming_messages=REMEMBERED * 2,
            tls_context=await asyncio.to_thread(self._trust) if parts.scheme == "mqtts" else None,
        )

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._options.ca_file:
            try:
                context.load_verify_locations(self._options.ca_file)
            except OSError as error:
                raise MqttError(f"{self._options.ca_file}: {error.strerror}") from None
        return context

    def _is_late(self, alert: Alert) -> bool:
        """Whether a later step of this incident was already told; remembers the latest."""
        last = self._steps.pop(alert.incident, -1)
        self._steps[alert.incident] = max(last, alert.step)
        if len(self._steps) > REMEMBERED:
            self._steps.popitem(last=False)
        return alert.step < last

    async def _keep(self, link: Client, alert: Alert, message: Message) -> None:
        """Bring the retained state of the incident and of its brand up to date."""
        name = token(alert.incident)
        if alert.state == "resolved":
            self._open.pop(name, None)
        else:
            self._note(name, facts(message))
        await self._publish(link, f"{self._base}/incident/{name}", self._open.get(name), keep=True)
        state = standing(alert.brand, self._open, message)
        place = f"{self._base}/brand/{slug(alert.brand)}/state"
        await self._publish(link, place, state, keep=True, passes=state["state"] != "calm")
        if self._options.discovery and self._status:
            topics = Topics(place, self._status, self._commands)
            made = device(self._id, alert, topics, state, message.language)
            where = f"{self._options.discovery}/device/{self._id}-{slug(alert.brand)}/config"
            await self._publish(link, where, made, keep=True, passes=False)

    def _note(self, name: str, known: dict[str, Any]) -> None:
        self._open[name] = known
        if len(self._open) > REMEMBERED:
            self._open.popitem(last=False)

    async def _hear(self, link: Client, heard: aiomqtt.Message) -> None:
        if heard.topic.value != self._commands:
            self._learn(heard)
        # what is retained was said at another time, and would be obeyed after every connection
        elif not heard.retain:
            await self._obey(link, heard)

    async def _obey(self, link: Client, heard: aiomqtt.Message) -> None:
        command = understood(heard.payload)
        language = self._options.language or self._tools.language
        wish = command.wish(self._tools.name, language) if command else None
        acted = await self._tools.act(wish) if wish else refused('a command is like {"ack": "37"}', language)
        wanted, mark = reply_to(heard)
        async with self._turn:
            try:
                topic = place(self._base, wanted)
                await self._publish(link, topic, answered(command, acted), **mark)
            except SendError as error:
                log.warning("mqtt_answer_not_told", client=self._id, error=str(error))

    def _learn(self, heard: aiomqtt.Message) -> None:
        name = heard.topic.value.rpartition("/")[2]
        if not heard.retain or name in self._open or not isinstance(heard.payload, bytes):
            return
        with suppress(msgspec.DecodeError):
            self._note(name, msgspec.to_builtins(msgspec.json.decode(heard.payload, type=Kept)))

    async def _publish(
        self, link: Client, topic: str, value: object, *, keep: bool = False, passes: bool = True, **properties: Any
    ) -> None:
        """Publish and wait until the broker has it; None clears what was kept, and what `passes` expires."""
        payload = b"" if value is None else msgspec.json.encode(value)
        if keep and passes and payload:
            properties["MessageExpiryInterval"] = int(self._options.expiry.total_seconds())
        link.refusal = None
        try:
            await link.publish(topic, payload, qos=1, retain=keep, properties=link.properties(**properties))
        except MqttError as error:
            raise SendError(f"the broker did not take the message: {error}", reason="other") from None
        if link.refusal is not None:
            raise SendError(
                f"the broker refused to publish on {topic}: {link.refusal}",
                reason="authError" if link.refusal.value in _DENIED else "clientError",
                permanent=True,
            )


SPEC = ChannelSpec(
    kind="mqtt",
    summary="Publishes to an MQTT broker: retained state of open incidents and brands, and events.",
    options=MqttOptions,
    example={"broker": "mqtts://badbuzz@broker.example", "commands": True, "password": "a-long-password"},
    build=MqttChannel,
    remembers=True,
    thread=True,
    edit=True,
    ack=True,
    answerable=lambda options: options.commands,
    wakes="depends",
    people=False,
)
