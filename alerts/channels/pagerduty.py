"""Alerts in PagerDuty, which calls whoever is on call: one object an incident, taken and closed with it."""

import asyncio
from collections import OrderedDict
from typing import Annotated, Any, Literal

import msgspec
import structlog
from pydantic import AfterValidator
from pydantic import Field as Bounds
from yarl import URL

from alerts.acts import Act
from alerts.alert import Alert, Notice
from alerts.channel import ChannelOptions, ChannelSpec, Identity, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import Answer, exchange, read, refusal
from alerts.channels._objects import ended_by, is_for_later
from alerts.channels._text import cut, digest, one_line, token, unmarked
from alerts.message import Message
from alerts.safe import safe_link
from alerts.typography import quoted
from config.model import Secret

PAUSE = 20.0
"""Seconds between two questions whether somebody took an incident."""
SUMMARY, NAME, DETAIL, QUOTE, LINK, REFUSAL = 500, 100, 600, 400, 100, 200
"""Budgets in characters; PagerDuty allows a summary 1,024."""
DETAILS = 16
WATCHED = 50
"""Incidents asked about; of more, those told of last. PagerDuty allows a token 960 questions a minute."""
TRIES = 3
"""How often the program is asked to let somebody take an incident, when it refuses."""
ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer that are read."""
_PEOPLE = frozenset({"user", "user_reference"})

log = structlog.get_logger("pagerduty")


def _server(value: str) -> str:
    return web_address(value, secure=True)


class PagerdutyOptions(ChannelOptions):
    routing_key: Annotated[Secret, Bounds(min_length=32, max_length=32)]
    """Integration key of an Events API v2 integration of a service: 32 characters."""
    token: Secret | None = None
    """Key of the REST API, a read-only one will do: with it, who acknowledges in PagerDuty takes the incident here."""
    server: Annotated[str, AfterValidator(_server)] = "https://events.pagerduty.com"
    """Address of the Events API; accounts in the European Union have https://events.eu.pagerduty.com."""


class _Person(msgspec.Struct):
    id: str = ""
    type: str = ""
    summary: str | None = None


class _Acknowledgement(msgspec.Struct):
    acknowledger: _Person
    at: str = ""


class _Incident(msgspec.Struct):
    status: str
    acknowledgements: list[_Acknowledgement] = []


class _Found(msgspec.Struct):
    incidents: list[_Incident]


class _Refused(msgspec.Struct):
    errors: list[str] = []


class PagerdutyChannel:
    """One alert in PagerDuty an incident: triggered by what rings, acknowledged and resolved as the incident is. What
    rings nobody, such as an easing or a digest, is not told: there each trigger may ring. Once it is acknowledged
    there, PagerDuty rings for it no more, not even when it gets worse. Levels are called there as in the configuration.

    With a token, PagerDuty is asked every PAUSE whether a person acknowledged what this process told it of; of an
    incident from before a restart, from its next step on.
    """

    def __init__(self, options: PagerdutyOptions, tools: Tools, *, pause: float = PAUSE) -> None:
        self._options, self._tools, self._pause = options, tools, pause
        self._server, self._api = URL(options.server), beside(options.server)
        self._watched: OrderedDict[str, int] = OrderedDict()

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        about = message.about
        action = _action(about)
        if is_for_later(message):
            # the keys are tried all the same: of a canary it is to be known whether it would get here
            await self.probe()
            return
        if action == "trigger" and message.step > 0 and message.priority <= 2:
            return
        event: dict[str, Any] = {"event_action": action, "dedup_key": _key(about, self._tools.installation)}
        await self._enqueue(event | payload(message) if action == "trigger" else event)
        if isinstance(about, Alert):
            self._watch(about, action)

    async def probe(self) -> None:
        """Let PagerDuty check the keys. Raises SendError. To acknowledge what was never told does nothing there."""
        await self._enqueue({"event_action": "acknowledge", "dedup_key": "badbuzz-probe"})
        if self._options.token:
            await self._taken("badbuzz-probe", self._options.token)

    async def serve(self) -> None:
        """Hear who acknowledges, for ever, while there is a token."""
        if self._options.token is None or self._tools.passing:
            return
        failure = ""
        while True:
            await asyncio.sleep(self._pause)
            try:
                await self._look(self._options.token)
                failure = ""
            except SendError as error:
                if str(error) != failure:
                    log.warning("acknowledgements_not_heard", channel=self._tools.name, error=str(error))
                failure = str(error)
                await asyncio.sleep(error.retry_after.total_seconds() if error.retry_after else 0.0)

    def _watch(self, about: Alert, action: str) -> None:
        self._watched.pop(about.incident, None)
        if action == "trigger" and about.taken_at is None:
            self._watched[about.incident] = TRIES
        while len(self._watched) > WATCHED:
            self._watched.popitem(last=False)

    async def _look(self, access: Secret) -> None:
        for incident in list(self._watched):
            # meanwhile a step may have told that it was taken or is over
            if incident in self._watched and (taken := await self._taken(incident, access)):
                await self._take(incident, taken)

    async def _take(self, incident: str, taken: _Acknowledgement) -> None:
        by = taken.acknowledger.summary or "PagerDuty"
        # what was given back elsewhere is still acknowledged there
        once = f"{token(incident)} {taken.at}"
        act = Act(verb="ack", incident=incident, by=by, once=once, identity=taken.acknowledger.id)
        why_not = (await self._tools.act(act)).why
        # by its own step it may be out already
        left = self._watched.pop(incident, 0) - 1
        if why_not:
            log.warning("acknowledgement_refused", channel=self._tools.name, incident=incident, reason=why_not)
            if left > 0:
                self._watched[incident] = left

    async def _taken(self, incident: str, access: Secret) -> _Acknowledgement | None:
        """How a person acknowledged the alert of an incident there, the last time; None when nobody did, or only a
        program.
        """
        query = {"incident_key": token(incident), "statuses[]": "acknowledged", "date_range": "all", "limit": "5"}
        headers = {
            "Authorization": f"Token token={access.get_secret_value()}",
            "Accept": "application/vnd.pagerduty+json;version=2",
        }
        answer = await self._ask("GET", self._api / "incidents" % query, b"", headers)
        if not answer.is_yes:
            raise refusal("PagerDuty", answer.status, answer.headers)
        found = read("PagerDuty", answer.said, _Found).incidents
        made = [made for each in found if each.status == "acknowledged" for made in each.acknowledgements]
        return max((each for each in made if each.acknowledger.type in _PEOPLE), key=lambda each: each.at, default=None)

    async def _enqueue(self, event: dict[str, Any]) -> None:
        body = {"routing_key": self._options.routing_key.get_secret_value(), **event}
        headers = {"Content-Type": "application/json"}
        answer = await self._ask("POST", self._server / "v2" / "enqueue", msgspec.json.encode(body), headers)
        if not answer.is_yes:
            raise refusal("PagerDuty", answer.status, answer.headers, self._why(answer))

    async def _ask(self, method: str, url: URL, body: bytes, headers: dict[str, str]) -> Answer:
        http = self._tools.http
        return await exchange(http, method, url, service="PagerDuty", data=body, headers=headers, limit=ANSWER_LIMIT)

    def _why(self, answer: Answer) -> str:
        """What PagerDuty finds wrong with an event, without the key."""
        errors = "; ".join(answer.in_form(_Refused).errors)
        return cut(one_line(errors.replace(self._options.routing_key.get_secret_value(), "the key")), REFUSAL)


def beside(server: str) -> URL:
    """Where the REST API is, of the region that has that Events API; another server has both at one address."""
    url = URL(server)
    host = url.host or ""
    theirs = host.startswith("events.") and host.endswith(".pagerduty.com")
    return url.with_host("api." + host.removeprefix("events.")) if theirs else url


def _action(about: Alert | Notice) -> Literal["trigger", "acknowledge", "resolve"]:
    if isinstance(about, Notice):
        return "resolve" if ended_by(about) else "trigger"
    if about.state == "resolved":
        return "resolve"
    return "acknowledge" if about.state == "acknowledged" else "trigger"


def _key(about: Alert | Notice, installation: str) -> str:
    """What the alert there is known by. That a source is up again ends that it is down."""
    if isinstance(about, Alert):
        return token(about.incident)
    match ended_by(about) or about.topic:
        case "source_down":
            return digest(f"{installation}\n{about.subject}")
        case "canary_lost":
            return digest(f"{installation}\n\ncanary")
    return token(about.id)


def payload(message: Message) -> dict[str, Any]:
    """What a trigger says; words are passed on by PagerDuty to mail, phones and chats."""
    about, link = message.about, safe_link(message.link)
    shown: dict[str, Any] = {
        "client": "badbuzz",
        "payload": {
            "summary": _fit(message.line, SUMMARY),
            "source": _fit(about.brand or "badbuzz", NAME),
            "severity": about.severity or ("warning" if message.priority > 2 else "info"),
            "timestamp": about.at,
            "component": _fit(about.rule if isinstance(about, Alert) else about.subject, NAME),
            "class": about.state if isinstance(about, Alert) else about.topic,
            "custom_details": _details(message),
        },
    }
    if link:
        shown |= {"client_url": link, "links": [{"href": link, "text": _fit(message.link_label or "badbuzz", LINK)}]}
    return shown


def _details(message: Message) -> dict[str, str]:
    facts = [(message.title, message.lead), (message.first_label, " ".join(message.steps))]
    facts += [(field.label, field.value) for field in message.foremost(DETAILS)]
    facts += [
        (f"{number}. {quote.caption}", quoted(quote.text, message.language))
        for number, quote in enumerate(message.quotations, 1)
    ]
    facts.append(("badbuzz", message.context))
    return {_fit(label, NAME): _fit(value, DETAIL) for label, value in facts if value}


def _fit(text: str, limit: int) -> str:
    # an empty one is refused
    return cut(unmarked(text), limit) or "…"


SPEC = ChannelSpec(
    kind="pagerduty",
    summary="Triggers, acknowledges and resolves in PagerDuty: one object an incident; an ack there counts here.",
    options=PagerdutyOptions,
    example={"routing_key": "0123456789abcdef0123456789abcdef", "token": "u+xxxxxxxxxxxxxxxxxx"},
    build=PagerdutyChannel,
    remembers=True,
    thread=True,
    ack=True,
    knows=Identity("PXPGF42", "P[A-Z0-9]{5,}"),
    answerable=lambda options: options.token is not None,
    wakes="yes",
    gathers=False,
)
