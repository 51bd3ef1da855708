"""Alerts in a Telegram chat by a bot: one message an incident, edited in place, with buttons that need no open port."""

import asyncio
import re
from typing import Annotated, Any

import msgspec
import structlog
from pydantic import AfterValidator, field_validator

from alerts.acts import Act, Acted, Press
from alerts.alert import Language
from alerts.channel import ChannelOptions, ChannelSpec, Identity, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import Answer, RefusedError, exchange_json, read, refusal
from alerts.channels._telegram import LINE, TOLD, fit, keyboard, payload, plain
from alerts.channels._text import cut, one_line, utf16
from alerts.message import Message
from config.model import Secret
from config.values import Text

PAUSE = 1.0
"""Seconds between two messages, as Telegram asks of who writes to one chat."""
WAIT = 50
"""Seconds that Telegram is to hold the question what was pressed."""
AT_ONCE, ANSWER_LIMIT = 20, 1_000_000
"""Presses that are read at once, each with the whole of its message, and bytes of such an answer."""

_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_HINTS = {
    "Not Found": "no bot has this token",
    "Unauthorized": "the token is not valid any more",
    "chat not found": "no such chat, or one that the bot was not added to; a person must write to the bot first",
    "message thread not found": "no such topic in this chat",
    "webhook is active": "the bot has a webhook; remove it, or set `buttons: false`",
    "getUpdates": "another program or channel reads what this bot is sent; give it a bot of its own, or set "
    "`buttons: false`",
}

log = structlog.get_logger("telegram")


def _server(value: str) -> str:
    return web_address(value, secure=True).rstrip("/")


def _chat(value: int | str) -> int | str:
    if isinstance(value, str) and not re.fullmatch(r"@\w+", value):
        raise ValueError("a chat is a number, such as -1001234567890, or the @name of a public one")
    return value


class TelegramOptions(ChannelOptions):
    token: Secret
    """The bot's token, as BotFather gives it: `123456:ABC...`."""
    chat: Annotated[int | Text, AfterValidator(_chat)]
    """The chat to write to: its number, such as -1001234567890, or the @name of a public one."""
    topic: int | None = None
    """The number of a topic, in a group that has topics."""
    buttons: bool = True
    """False when something else reads what this bot is sent: only one program can, and nobody heard the buttons."""
    server: Annotated[str, AfterValidator(_server)] = "https://api.telegram.org"
    """Address of the Bot API, for those who run their own."""

    @field_validator("token")
    @classmethod
    def _token_fits(cls, value: Secret) -> Secret:
        # it becomes a part of the address
        if not re.fullmatch(r"\d+:[\w-]+", value.get_secret_value(), re.ASCII):
            raise ValueError("a token is a number, a colon and letters, without the word `bot` before it")
        return value


class _Parameters(msgspec.Struct):
    migrate_to_chat_id: int | None = None
    retry_after: int | None = None


class _Said(msgspec.Struct):
    ok: bool = False
    result: Any = None
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class _Chat(msgspec.Struct):
    id: int


class _Shown(msgspec.Struct):
    message_id: int
    chat: _Chat


class _User(msgspec.Struct):
    id: int
    first_name: str = ""
    last_name: str = ""


class _Press(msgspec.Struct):
    id: str
    user: _User = msgspec.field(name="from")
    message: _Shown | None = None
    data: str = ""


class _Update(msgspec.Struct):
    update_id: int
    callback_query: Any = None


class _MovedError(SendError):
    """A group became the chat `to`."""

    def __init__(self, to: int) -> None:
        super().__init__(f"the group became the chat {to}", reason="clientError")
        self.to = to


class TelegramChannel:
    """One message an incident. Later steps edit it, and those that ask somebody to act are also told in a reply to it.
    Who takes it by its button takes it everywhere.

    Telegram cannot tell a repeated message from a new one: after a crash in the middle of a delivery an opening or a
    reply may show twice.
    """

    def __init__(self, options: TelegramOptions, tools: Tools, *, pause: float = PAUSE) -> None:
        self._options, self._tools, self._pause = options, tools, pause
        self._chat: int | str = options.chat
        # the number of the chat, once it is known: only there is anybody heard
        self._here: int | None = None
        self._next = 0
        self._turn, self._free_at = asyncio.Lock(), 0.0

    async def send(self, message: Message, receipt: str = "", /) -> str | None:
        place, _, root = receipt.partition(":")
        body = payload(message, buttons=self._options.buttons)
        if root and await self._edited(int(place), int(root), body):
            # 2 is silent: a step that asks nobody to act only changes what is there
            if message.priority > 2:
                await self._tell(message, int(place), int(root))
            return None
        posted = await self._post(body | {"disable_notification": message.priority <= 2})
        return f"{posted.chat.id}:{posted.message_id}"

    async def probe(self) -> None:
        """Let Telegram check the token and the chat. Raises SendError. Nothing is posted."""
        await self._find()

    async def serve(self) -> None:
        """Listen for buttons while there are any."""
        if not self._options.buttons or self._tools.passing:
            return
        try:
            self._here = await self._find()
            while True:
                await self._listen()
        except SendError as error:
            log.warning("telegram_buttons_off", channel=self._tools.name, error=str(error))
            await asyncio.sleep(error.retry_after.total_seconds() if error.retry_after else 0)
            raise

    async def _find(self) -> int:
        try:
            return read("Telegram", await self._call("getChat", {"chat_id": self._chat}), _Chat).id
        except _MovedError as moved:
            return self._move(moved.to)

    def _move(self, chat: int) -> int:
        log.warning("telegram_group_moved", channel=self._tools.name, hint=f"write `chat: {chat}`")
        self._chat = self._here = chat
        return chat

    async def _edited(self, place: int, root: int, body: dict[str, Any]) -> bool:
        """False when somebody took the message away, or the group became another chat."""
        try:
            await self._in_turn("editMessageText", {"chat_id": place, "message_id": root, **body})
        except _MovedError:
            return False
        except RefusedError as error:
            word = error.word.lower()
            if any(gone in word for gone in _GONE):
                return False
            if "message is not modified" not in word:
                raise
        return True

    async def _tell(self, message: Message, place: int, root: int) -> None:
        reply = {"message_id": root, "allow_sending_without_reply": True}
        words = {"text": fit(message.line, LINE), "link_preview_options": {"is_disabled": True}}
        await self._in_turn("sendMessage", {"chat_id": place, "reply_parameters": reply, **self._topic(), **words})

    async def _post(self, body: dict[str, Any]) -> _Shown:
        sent = {**self._topic(), **body}
        try:
            posted = await self._in_turn("sendMessage", {"chat_id": self._chat, **sent})
        except _MovedError as moved:
            posted = await self._in_turn("sendMessage", {"chat_id": self._move(moved.to), **sent})
        return read("Telegram", posted, _Shown)

    def _topic(self) -> dict[str, int]:
        return {} if self._options.topic is None else {"message_thread_id": self._options.topic}

    async def _listen(self) -> None:
        asked = {"offset": self._next, "timeout": WAIT, "limit": AT_ONCE, "allowed_updates": ["callback_query"]}
        told = await self._call("getUpdates", asked, limit=ANSWER_LIMIT, patience=WAIT + 15.0)
        for update in read("Telegram", told, list[_Update]):
            await self._heard(update.callback_query)
            # Telegram forgets it with the next question: what was not carried out is told again after a restart
            self._next = update.update_id + 1

    async def _heard(self, told: Any) -> None:
        try:
            press = msgspec.convert(told, _Press)
        except msgspec.ValidationError:
            # not what was asked for
            return
        language, wish = _wish(press)
        here = press.message is not None and press.message.chat.id == self._here
        known = {"once": press.id, "identity": str(press.user.id)}
        acted = await self._tools.act(msgspec.structs.replace(wish, **known)) if wish and here else Acted()
        # a refusal is told to who pressed alone
        alert = {"text": cut(one_line(acted.words), TOLD, utf16), "show_alert": True} if acted.why else {}
        try:
            await self._call("answerCallbackQuery", {"callback_query_id": press.id, **alert})
        except SendError as error:
            # who pressed while nobody listened does not wait for it any more
            log.info("press_not_answered", channel=self._tools.name, error=str(error))
        if wish and press.message and acted.words and not acted.why:
            said = plain(acted.words) | keyboard(acted.choices, language, wish.incident)
            await self._answer(press.message, wish, said)

    async def _answer(self, pressed: _Shown, wish: Act, said: dict[str, Any]) -> None:
        """The reason is asked for below the incident, and its answer stands in place of the question."""
        place = {"chat_id": pressed.chat.id}
        try:
            if wish.because:
                await self._in_turn("editMessageText", {**place, "message_id": pressed.message_id, **said})
            else:
                reply = {"message_id": pressed.message_id, "allow_sending_without_reply": True}
                quiet = {"reply_parameters": reply, "disable_notification": True, **self._topic()}
                await self._in_turn("sendMessage", {**place, **quiet, **said})
        except SendError as error:
            log.warning("answer_not_told", channel=self._tools.name, error=str(error))

    async def _in_turn(self, method: str, body: dict[str, Any]) -> Any:
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(max(0.0, self._free_at - loop.time()))
            answer = await self._call(method, body)
            self._free_at = loop.time() + self._pause
        return answer

    async def _call(
        self, method: str, body: dict[str, Any], *, limit: int = 64 * 1024, patience: float | None = None
    ) -> Any:
        token = self._options.token.get_secret_value()
        url = f"{self._options.server}/bot{token}/{method}"
        answer = await exchange_json(
            self._tools.http, "POST", url, service="Telegram", body=body, limit=limit, patience=patience
        )
        said = answer.in_form(_Said)
        if said.parameters.migrate_to_chat_id is not None:
            raise _MovedError(said.parameters.migrate_to_chat_id)
        if not (said.ok and answer.is_yes):
            raise _judged(answer, said, token)
        return said.result


def _judged(answer: Answer, said: _Said, token: str) -> RefusedError:
    """What Telegram's refusal means for a delivery, with its own word and, where it is known, the way out."""
    # a token is in every address that is asked, so a server might repeat it
    word = cut(one_line(said.description.replace(token, "…")), 120)
    hint = next((way for part, way in _HINTS.items() if part in word), "")
    return refusal("Telegram", answer.status, answer.headers, word, hint=hint, wait=said.parameters.retry_after)


def _wish(press: _Press) -> tuple[Language, Act | None]:
    """The language of a button and what it asks for; nothing when it is none of ours."""
    act, language, incident = (*press.data.split(" "), "", "", "")[:3]
    spoken: Language = "fr" if language == "fr" else "en"
    by = " ".join(filter(None, (press.user.first_name, press.user.last_name)))
    try:
        return spoken, Act.pressed(msgspec.convert(act, Press), incident, by, spoken)
    except msgspec.ValidationError:
        return spoken, None


SPEC = ChannelSpec(
    kind="telegram",
    summary="Writes to a Telegram chat as a bot: one message an incident, edited in place, with buttons.",
    options=TelegramOptions,
    example={"token": "123456:ABC-0000", "chat": -1001234567890},
    build=TelegramChannel,
    thread=True,
    edit=True,
    ack=True,
    knows=Identity("123456789", "[0-9]+"),
    answerable=lambda options: options.buttons,
    wakes="depends",
)
