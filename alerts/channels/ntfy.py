"""Alerts on a phone through an ntfy server."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from hmac import compare_digest
from typing import Annotated, Any, Self
from urllib.parse import urljoin

import aiohttp
import msgspec
import structlog
from pydantic import AfterValidator, field_validator, model_validator

from alerts.acts import Act, Acted, Choice, Press
from alerts.alert import Alert, Language
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import Answer, reaching, read, refusal, request
from alerts.channels._seal import key, seal
from alerts.channels._text import cut, digest, one_line, slug, token, utf8
from alerts.message import Field, Message
from alerts.words import headings
from config.model import Secret

MESSAGE_LIMIT = 4_096
"""Bytes of UTF-8; ntfy turns a longer message into an attachment."""
TITLE_LIMIT, LABEL_LIMIT = 250, 40
BUTTONS = 3
"""Those of one notification; ntfy takes no more."""
PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two attempts to read answers, doubled while they fail."""
SILENCE = 150.0
"""Seconds after which a stream is dead: ntfy says every 45 that it is not."""
MISSED = "10m"
"""How far back answers are read after a start. What was done of it is not done again."""

log = structlog.get_logger("ntfy")


class NtfyOptions(ChannelOptions):
    server: Annotated[str, AfterValidator(web_address)]
    """Address of the ntfy server, such as https://ntfy.example."""
    topic: Secret
    """The topic. Who knows it can read it, so it is kept like a password."""
    token: Secret | None = None
    """Access token of an ntfy user, when the server asks for one."""

    answers: Secret | None = None
    """Another topic, for the buttons of notifications: with it an incident is taken from the phone, and no port need be
    open. We must be allowed to read it, the phones to write to it.
    """
    answers_token: Secret | None = None
    """Access token that the buttons carry, when only ntfy users may write to `answers`. Readers of `topic` see it: let
    it do nothing else.
    """

    @field_validator("topic", "answers")
    @classmethod
    def _topic_fits(cls, value: Secret | None) -> Secret | None:
        if value is not None and token(value.get_secret_value()) != value.get_secret_value():
            raise ValueError("a topic is 1 to 64 letters, digits, - or _, without the server's address")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.answers and self.answers.get_secret_value() == self.topic.get_secret_value():
            raise ValueError("answers must be another topic than topic")
        if self.answers_token and not self.answers:
            raise ValueError("answers_token is for answers: give both or neither")
        return self


class _Receipt(msgspec.Struct):
    id: str


class _Event(msgspec.Struct):
    id: str
    time: int
    event: str
    message: str = ""


class _Pressed(msgspec.Struct):
    """What a button sends; `seal` is made with our key, so that nobody can press what we did not show."""

    act: Press
    incident: str
    language: Language
    seal: str
    beyond: int = 0
    """With so many choices seen, show more."""


class NtfyChannel:
    """One notification an incident, updated in place (ntfy 2.16 and later; an older server shows one a step).

    With `answers` it has buttons; ntfy does not tell who presses them, so the channel's name stands for who.
    """

    def __init__(self, options: NtfyOptions, tools: Tools, *, pause: float = PAUSE) -> None:
        self._options, self._tools, self._http, self._pause = options, tools, tools.http, pause
        self._key = key(f"{options.topic.get_secret_value()}/{self._answers}", tools.installation, tools.name)
        # a server may live under a path
        self._root = options.server.rstrip("/") + "/"

    @property
    def _answers(self) -> str:
        return self._options.answers.get_secret_value() if self._options.answers else ""

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        shown = message.choices[:BUTTONS] if self._answers else ()
        buttons = [self._button(each, each.incident or message.thread, message.language) for each in shown]
        buttons += [_page(each) for each in message.pages[: BUTTONS - len(buttons)]]
        await self._publish(payload(message, self._options.topic.get_secret_value(), buttons))

    async def _publish(self, said: dict[str, object]) -> None:
        answer = await self._ask("POST", self._root, msgspec.json.encode(said))
        read("ntfy", answer.said, _Receipt)

    async def probe(self) -> None:
        """Reach the server and let it check the token. Raises SendError. Nothing is published."""
        await self._ask("GET", urljoin(self._root, "v1/account"))
        if self._answers:
            await self._ask("GET", urljoin(self._root, f"{self._answers}/json?poll=1&since=1s"))

    async def serve(self) -> None:
        """Listen for buttons while there is a topic for answers."""
        if not self._answers or self._tools.passing:
            return
        since, started, pause = MISSED, 0, self._pause
        while True:
            try:
                async with aclosing(self._heard(since)) as stream:
                    async for heard in stream:
                        pause, started = self._pause, started or heard.time
                        if heard.event == "message":
                            since = heard.id
                            await self._obey(heard, is_new=heard.time >= started)
            except SendError as error:
                log.warning("ntfy_answers_not_read", channel=self._tools.name, error=str(error), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _heard(self, since: str) -> AsyncGenerator[_Event]:
        """What the stream says, from `since` on, until it ends. Raises SendError."""
        url = urljoin(self._root, f"{self._answers}/json")
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=SILENCE)
        asked: dict[str, Any] = {"headers": self._access(), "timeout": patience, "allow_redirects": False}
        async with reaching("ntfy"), self._http.get(url, params={"since": since}, **asked) as answer:
            if answer.status != 200:
                raise refusal("ntfy", answer.status, answer.headers)
            async for line in answer.content:
                with suppress(msgspec.DecodeError):
                    yield msgspec.json.decode(line, type=_Event)

    async def _obey(self, heard: _Event, *, is_new: bool) -> None:
        try:
            pressed = msgspec.json.decode(heard.message, type=_Pressed)
        except msgspec.DecodeError:
            return
        if not compare_digest(pressed.seal.encode(), self._seal(pressed.act, pressed.incident).encode()):
            log.warning("ntfy_answer_not_ours", channel=self._tools.name)
            return
        wish = Act.pressed(pressed.act, pressed.incident, self._tools.name, pressed.language)
        acted = await self._tools.act(msgspec.structs.replace(wish, once=heard.id))
        # what was pressed before the start may have been answered then
        if acted.words and is_new:
            await self._answer(pressed, acted)

    async def _answer(self, pressed: _Pressed, acted: Acted) -> None:
        """A notification beside that of the incident; a later answer takes its place."""
        told = {"message": cut(one_line(acted.words), MESSAGE_LIMIT, utf8), "priority": 2}
        named = {"topic": self._options.topic.get_secret_value(), "sequence_id": digest(f"answer {pressed.incident}")}
        buttons = self._few(pressed, acted.choices)
        try:
            await self._publish(named | told | ({"actions": buttons} if buttons else {}))
        except SendError as error:
            log.warning("answer_not_told", channel=self._tools.name, error=str(error))

    def _few(self, pressed: _Pressed, choices: Sequence[Choice]) -> list[dict[str, object]]:
        """As many choices as a notification can show beyond those that were seen, the last one for more."""
        left, beyond = choices[pressed.beyond :], pressed.beyond + BUTTONS - 1
        shown = left if len(left) <= BUTTONS else left[: BUTTONS - 1]
        made = [self._button(choice, pressed.incident, pressed.language) for choice in shown]
        if len(left) > len(shown):
            more = Choice(act=pressed.act, label=headings(pressed.language).another)
            made.append(self._button(more, pressed.incident, pressed.language, beyond))
        return made

    def _button(self, choice: Choice, incident: str, language: Language, beyond: int = 0) -> dict[str, object]:
        sealed = self._seal(choice.act, incident)
        body = msgspec.json.encode(_Pressed(choice.act, incident, language, sealed, beyond)).decode()
        access = self._options.answers_token
        carried = {"Authorization": f"Bearer {access.get_secret_value()}"} if access else {}
        url = urljoin(self._root, self._answers)
        label = cut(one_line(choice.label), LABEL_LIMIT)
        return {"action": "http", "label": label, "url": url, "method": "POST", "headers": carried, "body": body}

    def _seal(self, act: str, incident: str) -> str:
        return seal(self._key, f"{act} {incident}")

    def _access(self) -> dict[str, str]:
        access = self._options.token
        return {"Authorization": f"Bearer {access.get_secret_value()}"} if access else {}

    async def _ask(self, method: str, url: str, body: bytes = b"") -> Answer:
        return await request(self._http, method, url, service="ntfy", data=body, headers=self._access())


def _page(page: Field) -> dict[str, object]:
    return {"action": "view", "label": cut(one_line(page.label), LABEL_LIMIT), "url": page.value}


def payload(message: Message, topic: str, buttons: Sequence[object] = ()) -> dict[str, object]:
    """The JSON ntfy publishes; the id of the incident makes later steps replace earlier ones on the phone."""
    tags = ["badbuzz"]
    if isinstance(message.about, Alert):
        # with a prefix, so that a brand called `apple` does not turn into a picture
        tags.append(f"brand-{slug(message.about.brand)}")
    return {
        "topic": topic,
        "title": cut(one_line(message.title), TITLE_LIMIT, utf8),
        "message": cut(_body(message, asks=bool(buttons)), MESSAGE_LIMIT, utf8),
        "priority": message.priority,
        "tags": tags,
        "sequence_id": token(message.thread),
        **({"click": message.link} if message.link else {}),
        **({"actions": buttons} if buttons else {}),
    }


def _body(message: Message, *, asks: bool) -> str:
    """The line, with the question that buttons answer, or all that is listed, row by row."""
    if message.listed:
        return "\n".join(map(one_line, (message.lead, *message.listed)))
    return one_line(" ".join(filter(None, (message.below, message.asks if asks else ""))))


SPEC = ChannelSpec(
    kind="ntfy",
    summary="Notifies phones through an ntfy server; one notification an incident, updated in place.",
    options=NtfyOptions,
    example={"server": "https://ntfy.example", "topic": "acme-watch-7f3k", "answers": "acme-answers-9d2m"},
    build=NtfyChannel,
    thread=True,
    edit=True,
    ack=True,
    answerable=lambda options: options.answers is not None,
    wakes="depends",
)
