"""Local inboxes: what Slack, a mail server and an MQTT display would have received, kept for a person to read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import TYPE_CHECKING, Any

import aiomqtt
import msgspec
from aiohttp import web

from listener.net.loopback import served

if TYPE_CHECKING:  # the mail server is part of an extra
    from aiosmtpd.smtp import SMTP, Envelope, Session

HELD = 1_000
"""Messages that wait to be read; a sender waits when there are more."""
SMALL = 1_000_000
"""Bytes of the largest message that is taken."""


@dataclass(frozen=True)
class Chat:
    """A Slack message: the body of the webhook."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Mail:
    """A mail, parsed."""

    message: EmailMessage


@dataclass(frozen=True)
class Signal:
    """An MQTT message. Empty and retained: what was retained there is cleared."""

    topic: str
    payload: bytes
    retain: bool


Arrival = Chat | Mail | Signal
Inbox = asyncio.Queue[Arrival]


def new_inbox() -> Inbox:
    """An empty inbox."""
    return asyncio.Queue(HELD)


@asynccontextmanager
async def slack_inbox(inbox: Inbox) -> AsyncIterator[str]:
    """An incoming webhook as Slack has them, on loopback; gives its address."""

    async def take(request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await request.read(), type=dict[str, Any])
        except msgspec.MsgspecError:
            return web.Response(status=400, text="invalid_payload")
        if not body.get("text") and not body.get("blocks"):
            return web.Response(status=400, text="no_text")
        await inbox.put(Chat(body))
        return web.Response(text="ok")

    app = web.Application(client_max_size=SMALL)
    app.router.add_post("/services/T0DEMO/B0DEMO/demonstration", take)
    async with served(app) as url:
        yield f"{url}/services/T0DEMO/B0DEMO/demonstration"


class _Post:
    """Takes every mail."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: "SMTP", _session: "Session", envelope: "Envelope") -> str:  # noqa: N802 - its name
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        await self._inbox.put(Mail(BytesParser(policy=default).parsebytes(content)))
        return "250 OK"


@asynccontextmanager
async def mail_inbox(inbox: Inbox) -> AsyncIterator[int]:
    """A mail server on loopback that takes every mail; gives its port. Raises ImportError without aiosmtpd."""
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - an extra

    def connected() -> SMTP:
        return SMTP(_Post(inbox), hostname="mail.example", data_size_limit=SMALL, enable_SMTPUTF8=True)

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def mqtt_inbox(inbox: Inbox, port: int, base: str, subscribed: asyncio.Event) -> None:
    """Subscribe to everything under `base` on the broker of loopback, and read until cancelled.

    Raises aiomqtt.MqttError when the connection ends.
    """
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V311) as client:
        await client.subscribe(f"{base}/#", qos=1)
        subscribed.set()
        async for heard in client.messages:
            payload = heard.payload if isinstance(heard.payload, bytes) else b""
            await inbox.put(Signal(heard.topic.value, payload, heard.retain))
