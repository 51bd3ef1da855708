"""Alerts as retained state on an MQTT broker."""

import asyncio
import math
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn, Self
from urllib.parse import unquote, urlsplit

import aiomqtt
import msgspec
import structlog
from aiomqtt import MqttCodeError, MqttError, ProtocolVersion
from paho.mqtt.client import Client as Wire
from paho.mqtt.client import DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import AfterValidator, model_validator

from alerts.alert import Alert
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import server_address
from alerts.channels._text import cut, one_line, slug, token
from alerts.message import Message
from config.model import File, Secret
from rules.transition import SEVERITIES

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
TEXT, SOURCES = 240, 12
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_PROTOCOLS = {"5": ProtocolVersion.V5, "3.1.1": ProtocolVersion.V311}
_UNSUPPORTED = {1, 132}
_UNANSWERED = "Operation timed out"  # aiomqtt's words; a broker that cannot read version 5 may wait for more for ever
_DENIED = {4, 5, 134, 135}
_TAKEN_OVER = 142

log = structlog.get_logger("mqtt")


def _broker(value: str) -> str:
    return server_address(value, _PORTS, "mqtts://user@broker.example or mqtt://broker.example:1883")


def _base(value: str) -> str:
    if not value.strip("/") or value != value.strip("/") or any(char in "+#\0" for char in value):
        raise ValueError("a base topic is like badbuzz or office/badbuzz: no + or #, no / at its ends")
    return value


class MqttOptions(ChannelOptions):
    broker: Annotated[str, AfterValidator(_broker)]
    """The broker: mqtts://user@host:8883 (TLS) or mqtt://user@host:1883."""
    base: Annotated[str, AfterValidator(_base)] = "badbuzz"
    """Where all topics begin."""
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


class _Client(aiomqtt.Client):
    """A client that knows whether the broker refused what it acknowledged, and why it hung up, as MQTT 5 lets it, and
    that leaves no socket behind when it cannot connect.
    """

    refusal: ReasonCode | None = None
    goodbye: int | None = None
    _is_left = False

    async def __aenter__(self) -> Self:
        try:
            return await super().__aenter__()
        except MqttError:
            self._client.disconnect()
            raise
        except asyncio.CancelledError:
            self._is_left = True
            # after what the connecting thread has asked of the loop, or the loop would read from a closed socket
            self._loop.call_soon(self._client.disconnect)
            raise

    def _client_connect(self) -> None:
        super()._client_connect()
        if self._is_left:  # its thread cannot be stopped: it connected when nobody waited for it any more
            with suppress(RuntimeError):  # the loop has ended as well
                self._loop.call_soon_threadsafe(self._client.disconnect)

    def _on_disconnect(
        self,
        client: Wire,
        userdata: Any,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.goodbye = self.goodbye or reason_code.value
        # whoever stopped waiting for the connection does not wait for its end, and aiomqtt stumbles over it
        if not self._connected.cancelled():
            super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self, client: Wire, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        self.refusal = reason_code if reason_code.is_failure else None
        super()._on_publish(client, userdata, mid, reason_code, properties)


@dataclass(frozen=True)
class _Failure:
    """Why there is no connection; `code` is the broker's."""

    why: str = "no connection yet"
    code: int | None = None


class MqttChannel:
    """Keeps `<base>/incident/<id>` and `<base>/brand/<slug>/state` retained while an incident is open, and says each
    step once on `<base>/event`; `<base>/<installation>/status` is `online` while connected, else `offline`.

    Publishing needs the connection that `serve` keeps; `send` waits for it. Steps of one incident that come in the
    wrong order never bring back what a later step has cleared.
    """

    def __init__(
        self, options: MqttOptions, tools: Tools, *, timeout: float = TIMEOUT, patience: float = PATIENCE
    ) -> None:
        self._options, self._base = options, options.base
        self._timeout, self._patience = timeout, patience
        self._id = f"badbuzz-{slug(tools.installation)}-{slug(tools.name)}"
        self._status = "" if tools.passing else f"{options.base}/{slug(tools.installation)}/status"
        self._protocols = list(_PROTOCOLS.values()) if options.protocol == "auto" else [_PROTOCOLS[options.protocol]]
        self._link: _Client | None = None
        self._failure, self._since = _Failure(), math.inf
        self._changed, self._turn = asyncio.Condition(), asyncio.Lock()
        self._steps: OrderedDict[str, int] = OrderedDict()
        self._open: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        async with self._turn:
            link = await self._connected()
            about = message.about
            if isinstance(about, Alert) and not self._is_late(about):
                await self._keep(link, about, message)
            await self._publish(link, "event", facts(message), retain=False)

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
                self._failure = _failure(error)
        self._unreached()

    async def _stay(self) -> None:
        will = aiomqtt.Will(self._status, b"offline", qos=1, retain=True) if self._status else None
        async with await self._client(self._protocols[0], self._id, will) as client:
            try:
                # what is retained tells which incidents an earlier run left open
                await client.subscribe(f"{self._base}/incident/+", qos=1)
                await self._tell(client, b"online")
                _obey_cancellation()
                await self._ready(client)
                async for heard in client.messages:
                    self._learn(heard)
            except asyncio.CancelledError:
                # a clean goodbye keeps the broker from sending the last will
                with suppress(MqttError):
                    await self._tell(client, b"offline")
                raise

    async def _tell(self, client: _Client, status: bytes) -> None:
        if self._status:
            await client.publish(self._status, status, qos=1, retain=True, timeout=self._timeout)

    async def _ready(self, client: _Client) -> None:
        async with self._changed:
            # this version works: no need to try the other again
            self._link, self._failure, self._protocols = client, _Failure(), self._protocols[:1]
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
            self._failure = _failure(error, self._link.goodbye if self._link else None)
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

    async def _connected(self) -> _Client:
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

    async def _client(self, protocol: ProtocolVersion, identifier: str, will: aiomqtt.Will | None = None) -> _Client:
        parts, password = urlsplit(self._options.broker), self._options.password
        return _Client(
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=password.get_secret_value() if password else None,
            protocol=protocol,
            identifier=identifier,
            will=will,
            timeout=self._timeout,
            keepalive=KEEPALIVE,
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

    async def _keep(self, link: _Client, alert: Alert, message: Message) -> None:
        """Bring the retained state of the incident and of its brand up to date."""
        name = token(alert.incident)
        if alert.state == "resolved":
            self._open.pop(name, None)
        else:
            self._note(name, facts(message))
        state = standing(alert.brand, self._open, message)
        await self._publish(link, f"incident/{name}", self._open.get(name), retain=True)
        await self._publish(link, f"brand/{slug(alert.brand)}/state", state, retain=True)

    def _note(self, name: str, known: dict[str, Any]) -> None:
        self._open[name] = known
        if len(self._open) > REMEMBERED:
            self._open.popitem(last=False)

    def _learn(self, heard: aiomqtt.Message) -> None:
        name = heard.topic.value.rpartition("/")[2]
        if not heard.retain or name in self._open or not isinstance(heard.payload, bytes):
            return
        with suppress(msgspec.DecodeError):
            known = msgspec.json.decode(heard.payload, type=dict[str, Any])
            self._note(name, {key: known.get(key) for key in ("brand", "severity")})

    async def _publish(self, link: _Client, topic: str, value: object, *, retain: bool) -> None:
        """Publish and wait until the broker has it; None clears what was retained."""
        payload = b"" if value is None else msgspec.json.encode(value)
        link.refusal = None
        try:
            await link.publish(f"{self._base}/{topic}", payload, qos=1, retain=retain)
        except MqttError as error:
            raise SendError(f"the broker did not take the message: {error}", reason="other") from None
        if link.refusal is not None:
            raise SendError(
                f"the broker refused to publish on {self._base}/{topic}: {link.refusal}",
                reason="authError" if link.refusal.value in _DENIED else "clientError",
                permanent=True,
            )


def _obey_cancellation() -> None:
    """Python 3.11's `wait_for`, on which aiomqtt waits, loses a cancellation that comes together with the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _failure(error: MqttError, goodbye: int | None = None) -> _Failure:
    # the error itself would keep its traceback, and with it the socket, alive
    code = error.rc if isinstance(error, MqttCodeError) else goodbye
    return _Failure(str(error), code.value if isinstance(code, ReasonCode) else code)


def standing(brand: str, incidents: Mapping[str, Mapping[str, Any]], message: Message) -> dict[str, Any]:
    """The state of a brand: the worst severity among its open incidents, else `calm`."""
    mine = {name: known for name, known in incidents.items() if known.get("brand") == brand}
    severities = {known.get("severity") for known in mine.values()}
    worst = [severity for severity in SEVERITIES if severity in severities]
    return {
        "brand": brand,
        "state": worst[-1] if worst else "calm",
        "incidents": sorted(mine)[:SOURCES],
        "at": message.about.at,
        "text": cut(one_line(message.line), TEXT),
    }


def facts(message: Message) -> dict[str, Any]:
    """What a program needs to know, without strangers' words, in about 4 KiB at most; `text` fits a small display."""
    about, text = message.about, cut(one_line(message.line), TEXT)
    common = {"id": message.id, "at": about.at, "text": text, "language": message.language, "link": message.link}
    common["priority"] = message.priority
    if not isinstance(about, Alert):
        return {"type": "notice", "topic": about.topic, "subject": cut(about.subject, TEXT), **common}
    names = ("incident", "number", "step", "brand", "rule", "state", "severity", "opened_at", "by", "drill")
    return {"type": "alert", **common, **{name: getattr(about, name) for name in names}, **_counts(about)}


def _counts(alert: Alert) -> dict[str, Any]:
    figures = alert.figures
    names = ("of", "count", "usual", "learning", "posts", "negative", "authors", "peak")
    largest = sorted(figures.sources.items(), key=lambda item: -item[1])[:SOURCES]
    return {
        **{name: getattr(figures, name) for name in names},
        "window_seconds": figures.window.total_seconds(),
        "sources": dict(largest),
        **({"coverage": alert.coverage, "unheard": sorted(alert.unheard)[:SOURCES]} if alert.coverage < 1 else {}),
    }


SPEC = ChannelSpec(
    kind="mqtt",
    summary="Publishes to an MQTT broker: retained state of open incidents and brands, and events.",
    options=MqttOptions,
    example={"broker": "mqtts://badbuzz@broker.example", "base": "badbuzz", "password": "a-long-password"},
    build=MqttChannel,
    thread=True,
    edit=True,
    wakes="depends",
    people=False,
)
