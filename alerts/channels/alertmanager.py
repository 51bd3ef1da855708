"""Alerts in Prometheus Alertmanager: one alert an incident, kept firing while the incident is open."""

import asyncio
from base64 import b64encode
from collections import OrderedDict
from datetime import datetime
from typing import Annotated, Any, Self
from urllib.parse import urljoin

import msgspec
import structlog
from pydantic import AfterValidator, model_validator

from alerts.alert import Alert, Notice
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import request
from alerts.channels._objects import ended_by, is_for_later
from alerts.channels._text import cut, one_line, unmarked
from alerts.message import Message
from alerts.safe import safe_link
from alerts.typography import quoted
from alerts.words import headings
from config.model import Secret
from config.values import Text
from rules.instant import DAY, MINUTE, Instant, instant, moment

PAUSE = 60.0
"""Seconds between two tellings of what is open; an Alertmanager that was started again knows nothing."""
LASTS, BRIEFLY, AFTERWARDS = DAY, 15 * MINUTE, 15 * MINUTE
"""How long an alert fires after it was last told; how long one that nobody will end; and how long an end is repeated,
lest it was overtaken on the way.
"""
REMEMBERED = 200
"""Incidents told again; of more, the oldest last no longer than LASTS after their last step."""
LABEL, SUMMARY, DESCRIPTION = 200, 500, 2_000
"""Characters; Alertmanager knows no limit, those it tells do."""

log = structlog.get_logger("alertmanager")


class AlertmanagerOptions(ChannelOptions):
    server: Annotated[str, AfterValidator(web_address)]
    """Address of the Alertmanager, such as http://127.0.0.1:9093; of a cluster, make each member a channel."""
    user: Text | None = None
    """User, when the Alertmanager asks for one."""
    password: Secret | None = None
    """Password of the user."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together: write both or none")
        return self


class _Told(msgspec.Struct, frozen=True):
    """Alerts as they were told last, and when they ended."""

    alerts: list[dict[str, Any]]
    ended: Instant | None


class AlertmanagerChannel:
    """One alert an incident, by its labels; a rise in level, which is a label, ends one and begins the other.

    What is open is known from what this process sent, and told again every PAUSE. Of incidents that opened before it
    was started nothing is known until their next step: they fire for LASTS after the last one, and end when told so.
    """

    def __init__(self, options: AlertmanagerOptions, tools: Tools, *, pause: float = PAUSE) -> None:
        self._options, self._tools, self._pause = options, tools, pause
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._turn = asyncio.Lock()

    async def send(self, message: Message, receipt: str = "", /) -> str | None:
        about, now = message.about, self._tools.now()
        if is_for_later(message):
            # the server is tried all the same: of a canary it is to be known whether it would get here
            await self.probe()
            return None
        told = _Told(_alerts(message, receipt), instant(about.at) if _is_over(about) else None)
        async with self._turn:
            # until it is certain what the server knows, nothing is told again
            self._told.pop(message.thread, None)
            await self._post([_firing(each, now + self._lasts(about)) for each in told.alerts])
            if isinstance(about, Alert):
                self._told[message.thread] = told
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return about.severity if isinstance(about, Alert) else None

    async def probe(self) -> None:
        """Reach the server and let it check the password. Raises SendError. Nothing is posted."""
        await self._ask("GET", "api/v2/status")

    async def serve(self) -> None:
        """Tell again what is open, for ever. A server that is down is told later."""
        if self._tools.passing:
            return
        failure = ""
        while True:
            await asyncio.sleep(self._pause)
            try:
                await self._tell_again()
                failure = ""
            except SendError as error:
                if str(error) != failure:
                    log.warning("not_told_again", channel=self._tools.name, error=str(error))
                failure = str(error)

    async def _tell_again(self) -> None:
        now = self._tools.now()
        async with self._turn:
            for thread, told in list(self._told.items()):
                if told.ended is not None and now > told.ended + AFTERWARDS:
                    del self._told[thread]
            if alerts := [_firing(each, now + LASTS) for told in self._told.values() for each in told.alerts]:
                await self._post(alerts)

    def _lasts(self, about: Alert | Notice) -> int:
        """That a source is down, or a canary lost, is ended by another notice; no other one is."""
        ends = isinstance(about, Alert) or about.topic in ("source_down", "canary_lost")
        return LASTS if ends and not self._tools.passing else BRIEFLY

    async def _post(self, alerts: list[dict[str, Any]]) -> None:
        await self._ask("POST", "api/v2/alerts", msgspec.json.encode(alerts))

    async def _ask(self, method: str, path: str, body: bytes = b"") -> None:
        headers = {"Content-Type": "application/json"}
        if self._options.user and self._options.password:
            access = f"{self._options.user}:{self._options.password.get_secret_value()}".encode()
            headers["Authorization"] = f"Basic {b64encode(access).decode()}"
        url = urljoin(self._options.server.rstrip("/") + "/", path)
        await request(self._tools.http, method, url, service="Alertmanager", data=body, headers=headers)


def _is_over(about: Alert | Notice) -> bool:
    return about.state == "resolved" if isinstance(about, Alert) else ended_by(about) is not None


def _firing(alert: dict[str, Any], until: Instant) -> dict[str, Any]:
    """The alert, until it is told again when it has no end."""
    return {"endsAt": moment(until), **alert}


def _alerts(message: Message, receipt: str) -> list[dict[str, Any]]:
    """What the message says, and the end of what was said under another level (`receipt`)."""
    about = message.about
    alerts = [_alert(message, _labels(about), about.at if _is_over(about) else None)]
    if isinstance(about, Alert) and receipt and receipt != about.severity:
        alerts.append(_alert(message, {**_labels(about), "severity": receipt}, about.at))
    return alerts


def _alert(message: Message, labels: dict[str, str], ended: datetime | None) -> dict[str, Any]:
    about, link = message.about, safe_link(message.link)
    return {
        "labels": {name: cut(one_line(value), LABEL) or "?" for name, value in labels.items()},
        "annotations": {
            "title": _plain(message.title, LABEL),
            "summary": _plain(message.line, SUMMARY),
            "description": _description(message),
        },
        "startsAt": about.opened_at if isinstance(about, Alert) else about.at,
        **({"endsAt": ended} if ended else {}),
        **({"generatorURL": link} if link else {}),
    }


def _labels(about: Alert | Notice) -> dict[str, str]:
    if isinstance(about, Notice):
        name = f"badbuzz_{ended_by(about) or about.topic}"
        return {"alertname": name, "subject": about.subject, "severity": "warning"}
    return {
        "alertname": "badbuzz_incident",
        "brand": about.brand,
        "rule": about.rule,
        "incident": about.incident,
        "severity": about.severity,
        **({"drill": "true"} if about.drill else {}),
    }


def _description(message: Message) -> str:
    """The words of the message without links: what stands in a stranger's may be a trick."""
    language, colon = message.language, headings(message.language).colon
    lines = [_plain(message.lead, SUMMARY)]
    lines += [_plain(f"{field.label}{colon}{field.value}", SUMMARY) for field in message.fields]
    lines += [_plain(f"{quote.caption}{colon}{quoted(quote.text, language)}", SUMMARY) for quote in message.quotations]
    lines += [_plain(step, SUMMARY) for step in message.steps]
    return cut("\n".join([*lines, _plain(message.context, SUMMARY)]).strip(), DESCRIPTION)


def _plain(text: str, limit: int) -> str:
    return cut(unmarked(text), limit)


SPEC = ChannelSpec(
    kind="alertmanager",
    summary="Posts to Prometheus Alertmanager: one alert an incident, firing while it is open.",
    options=AlertmanagerOptions,
    example={"server": "http://127.0.0.1:9093"},
    build=AlertmanagerChannel,
    remembers=True,
    thread=True,
    edit=True,
    wakes="depends",
    people=False,
)
