"""Alerts to any program, as signed JSON."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Annotated, Self

import msgspec
from msgspec.structs import replace
from pydantic import AfterValidator, Field, model_validator

from alerts.alert import Alert, Notice
from alerts.channel import ChannelOptions, ChannelSpec, Tools
from alerts.channels._address import is_public, web_address
from alerts.channels._http import request
from alerts.channels._text import one_line
from alerts.message import Message
from alerts.safe import alert_made_safe, notice_made_safe
from config.model import Secret
from rules.instant import SECOND

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def _address(value: Secret) -> Secret:
    web_address(value.get_secret_value())
    return value


class WebhookOptions(ChannelOptions):
    url: Annotated[Secret, AfterValidator(_address)]
    """Where to POST. Kept like a password: many such addresses hold one."""
    secret: Annotated[Secret, Field(min_length=16)]
    """Key of the signature, at least 16 characters; the receiver checks it."""
    allow_private: bool = False
    """Let this channel reach loopback, private, link-local and CGNAT addresses."""

    @model_validator(mode="after")
    def _stays_outside(self) -> Self:
        if not self.allow_private and not is_public(self.url.get_secret_value()):
            raise ValueError("url leads inside the own network: write allow_private: true to mean it")
        return self


class WebhookChannel:
    """Posts one JSON document a message.

    `X-Badbuzz-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 of `X-Badbuzz-Timestamp` (seconds), a full stop
    and the body. `Idempotency-Key` is the message's id: the same for every attempt. Private addresses are refused
    unless `allow_private`: written ones by the options, those a name leads to by the session in `tools.http`.
    """

    def __init__(self, options: WebhookOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        body = msgspec.json.encode(document(message, self._tools.name))
        stamp = str(self._tools.now() // SECOND)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            "X-Badbuzz-Timestamp": stamp,
            "X-Badbuzz-Signature": sign(self._options.secret.get_secret_value(), stamp, body),
        }
        url = self._options.url.get_secret_value()
        await request(self._tools.http, "POST", url, service="webhook", data=body, headers=headers)

    async def serve(self) -> None:
        return


def sign(secret: str, stamp: str, body: bytes) -> str:
    """The value of `X-Badbuzz-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def document(message: Message, receiver: str) -> dict[str, object]:
    """The message in the shape of Alertmanager's webhook, version 4, with our own facts under `badbuzz`: quotations
    there are defused and passers-by masked, as in the words people read.
    """
    alert = _alert(message)
    return {
        "version": "4",
        "groupKey": message.thread,
        "truncatedAlerts": 0,
        "status": alert["status"],
        "receiver": receiver,
        "groupLabels": {"incident": message.thread},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": message.link or "",
        "notification_reason": _reason(message.about),
        "alerts": [alert],
        "badbuzz": _made_safe(message),
    }


def _made_safe(message: Message) -> Alert | Notice:
    about = message.about
    if isinstance(about, Notice):
        return notice_made_safe(about, message.language)
    safe = alert_made_safe(about, message.language)
    return replace(safe, quotes=tuple(replace(quote, handle=one_line(quote.handle or "")) for quote in safe.quotes))


def _alert(message: Message) -> dict[str, object]:
    about = message.about
    ended = isinstance(about, Alert) and about.state == "resolved"
    return {
        "status": "resolved" if ended else "firing",
        "labels": _labels(about),
        "annotations": {"title": message.title, "summary": message.line, "description": message.text},
        "startsAt": about.opened_at if isinstance(about, Alert) else about.at,
        "endsAt": about.at if ended else _NEVER,
        "generatorURL": message.link or "",
        "fingerprint": message.thread,
    }


def _labels(about: Alert | Notice) -> dict[str, str]:
    """What tells this alert from others, whole but on one line."""
    return {name: one_line(value) for name, value in _identity(about).items()}


def _identity(about: Alert | Notice) -> dict[str, str]:
    if isinstance(about, Notice):
        return {"alertname": f"badbuzz_{about.topic}", "subject": about.subject, "severity": "warning"}
    return {
        "alertname": about.rule,
        "brand": about.brand,
        "incident": about.incident,
        "severity": about.severity,
        **({"drill": "true"} if about.drill else {}),
    }


def _reason(about: Alert | Notice) -> str:
    return about.state if isinstance(about, Alert) else about.topic


SPEC = ChannelSpec(
    kind="webhook",
    summary="Posts signed JSON, shaped like Alertmanager's, to any program.",
    options=WebhookOptions,
    example={"url": "https://hooks.example/badbuzz", "secret": "use-a-long-random-key"},
    build=WebhookChannel,
    thread=True,
    wakes="depends",
    people=False,
)
