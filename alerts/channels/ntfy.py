"""Alerts on a phone through an ntfy server."""

from typing import Annotated
from urllib.parse import urljoin

import msgspec
from pydantic import AfterValidator, field_validator

from alerts.alert import Alert
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import request
from alerts.channels._text import cut, one_line, slug, token, utf8
from alerts.message import Message
from config.model import Secret

MESSAGE_LIMIT = 4_096
"""Bytes of UTF-8; ntfy turns a longer message into an attachment."""
TITLE_LIMIT = 250


class NtfyOptions(ChannelOptions):
    server: Annotated[str, AfterValidator(web_address)]
    """Address of the ntfy server, such as https://ntfy.example."""
    topic: Secret
    """The topic. Who knows it can read it, so it is kept like a password."""
    token: Secret | None = None
    """Access token of an ntfy user, when the server asks for one."""

    @field_validator("topic")
    @classmethod
    def _topic_fits(cls, value: Secret) -> Secret:
        if token(value.get_secret_value()) != value.get_secret_value():
            raise ValueError("a topic is 1 to 64 letters, digits, - or _, without the server's address")
        return value


class _Receipt(msgspec.Struct):
    id: str


class NtfyChannel:
    """One notification an incident, updated in place (ntfy 2.16 and later; an older server shows one a step)."""

    def __init__(self, options: NtfyOptions, tools: Tools) -> None:
        self._options, self._http = options, tools.http
        # a server may live under a path
        self._root = options.server.rstrip("/") + "/"

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        body = msgspec.json.encode(payload(message, self._options.topic.get_secret_value()))
        _, answer = await self._ask("POST", self._root, body)
        try:
            msgspec.json.decode(answer, type=_Receipt)
        except msgspec.DecodeError:
            raise SendError("ntfy answered something else than a receipt", reason="serverError") from None

    async def probe(self) -> None:
        """Reach the server and let it check the token. Raises SendError. Nothing is published."""
        await self._ask("GET", urljoin(self._root, "v1/account"))

    async def serve(self) -> None:
        return

    async def _ask(self, method: str, url: str, body: bytes = b"") -> tuple[int, str]:
        access = self._options.token
        headers = {"Authorization": f"Bearer {access.get_secret_value()}"} if access else {}
        return await request(self._http, method, url, service="ntfy", data=body, headers=headers)


def payload(message: Message, topic: str) -> dict[str, object]:
    """The JSON ntfy publishes; the id of the incident makes later steps replace earlier ones on the phone."""
    tags = ["badbuzz"]
    if isinstance(message.about, Alert):
        # with a prefix, so that a brand called `apple` does not turn into a picture
        tags.append(f"brand-{slug(message.about.brand)}")
    return {
        "topic": topic,
        "title": cut(one_line(message.title), TITLE_LIMIT, utf8),
        "message": cut(one_line(message.line), MESSAGE_LIMIT, utf8),
        "priority": message.priority,
        "tags": tags,
        "sequence_id": token(message.thread),
        **({"click": message.link} if message.link else {}),
    }


SPEC = ChannelSpec(
    kind="ntfy",
    summary="Notifies phones through an ntfy server; one notification an incident, updated in place.",
    options=NtfyOptions,
    example={"server": "https://ntfy.example", "topic": "acme-watch-7f3k"},
    build=NtfyChannel,
    thread=True,
    edit=True,
    wakes="depends",
)
