"""Alerts in a Slack channel by a bot: one message an incident, edited in place, with its story in its thread."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

import msgspec
import structlog
from pydantic import AfterValidator
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from alerts.acts import Act, Acted, Choice, Press
from alerts.alert import Language
from alerts.channel import ChannelOptions, ChannelSpec, Identity, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import RefusedError, reaching, refusal
from alerts.channels._slack import WHOLE, Session, asked, button, escape, payload
from alerts.channels._text import cut, one_line
from alerts.message import Message
from config.model import Secret
from config.values import Text

PAUSE = 1.0
"""Seconds between two messages, as Slack asks of who posts to one channel."""
_LOGIN = frozenset(
    {
        *("access_denied", "account_inactive", "ekm_access_denied", "enterprise_is_restricted", "invalid_auth"),
        *("missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "org_login_required"),
        *("team_access_not_granted", "token_expired", "token_revoked"),
    }
)
_GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
_BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_LATER = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "rate_limited", "request_timeout", "service_unavailable"}
)
_HINTS = {
    "not_in_channel": "invite the bot to the channel",
    "channel_not_found": "no such channel, or a private one that the bot was not invited to",
    "missing_scope": "the bot needs the scopes chat:write and chat:write.public",
}

log = structlog.get_logger("slackbot")


def _server(value: str) -> str:
    return web_address(value, secure=True)


class SlackbotOptions(ChannelOptions):
    token: Secret
    """The bot's token, `xoxb-...`; it needs the scope `chat:write`."""
    channel: Text
    """The channel to post to: its id, such as C0123456789, or its #name."""
    app_token: Secret | None = None
    """The app's token for Socket Mode, `xapp-...`: with it the message has buttons, and no port need be open for them.
    """
    server: Annotated[str, AfterValidator(_server)] = "https://slack.com"
    """Address of Slack, for those who have their own."""


class _User(msgspec.Struct):
    id: str
    name: str = ""
    username: str = ""


class _Place(msgspec.Struct):
    id: str


class _Pressed(msgspec.Struct):
    """A button; of several that stand together and do the same, each has a name of its own behind a full stop."""

    action_id: str
    value: str = ""

    @property
    def press(self) -> Press:
        """Raises ValidationError when it is none of ours."""
        press: Press = msgspec.convert(self.action_id.partition(".")[0], Press)
        return press


class _Container(msgspec.Struct):
    message_ts: str = ""
    is_ephemeral: bool = False


class _Press(msgspec.Struct):
    user: _User
    channel: _Place
    actions: list[_Pressed]
    container: _Container = msgspec.field(default_factory=_Container)


class _Value(msgspec.Struct):
    """What a button carries."""

    incident: str
    language: Language


class SlackbotChannel:
    """One message an incident. Later steps edit it, are told in its thread, and in the channel too where they ask
    somebody to act. Who takes it by its button takes it everywhere.

    Slack cannot tell a repeated message from a new one: after a crash in the middle of a delivery a step may show twice
    in the thread, or an opening twice in the channel.
    """

    def __init__(self, options: SlackbotOptions, tools: Tools, *, pause: float = PAUSE) -> None:
        self._options, self._tools, self._pause = options, tools, pause
        self._client = self._made(options.token)
        self._turn, self._free_at = asyncio.Lock(), 0.0

    def _made(self, token: Secret) -> AsyncWebClient:
        client = AsyncWebClient(
            token.get_secret_value(),
            base_url=f"{self._options.server}/api/",
            session=Session(self._tools.http).as_session(),
            logger=_silent(),
            # waiting and trying again is the dispatcher's work
            retry_handlers=[],
        )
        # through a proxy of the environment no address could be checked
        client.proxy = None
        return client

    async def send(self, message: Message, receipt: str = "", /) -> str | None:
        place, _, root = receipt.partition(":")
        body = payload(message, *self._buttons(message))
        if root and await self._edited(place, root, body):
            await self._tell(message, place, root)
            return None
        posted = await self._in_words("chat.postMessage", {"channel": self._options.channel, **body})
        return f"{posted['channel']}:{posted['ts']}"

    async def probe(self) -> None:
        """Let Slack check the tokens. Raises SendError. Nothing is posted."""
        await self._call("auth.test", {})
        if self._options.app_token:
            async with _reaching():
                await self._made(self._options.app_token).api_call("apps.connections.open")

    async def serve(self) -> None:
        """Listen for buttons while there is an app token."""
        if self._options.app_token is None or self._tools.passing:
            return
        try:
            await self.probe()
        except SendError as error:
            log.warning("slack_buttons_off", channel=self._tools.name, error=str(error))
            raise
        # what it says of its types is not all true
        listener: Any = SocketModeClient(
            self._options.app_token.get_secret_value(), _silent(), self._made(self._options.app_token)
        )
        listener.proxy = None
        listener.socket_mode_request_listeners.append(self._heard)
        try:
            await listener.connect()
            await asyncio.Event().wait()
        finally:
            await listener.close()
            await listener.aiohttp_client_session.close()

    def _buttons(self, message: Message) -> list[dict[str, Any]]:
        if self._options.app_token is None:
            return []
        return _made(message.choices, _Value(message.thread, message.language))

    async def _edited(self, place: str, root: str, body: dict[str, Any]) -> bool:
        """False when somebody took the message away."""
        try:
            await self._in_words("chat.update", {"channel": place, "ts": root, **body})
        except RefusedError as error:
            if error.word not in _GONE:
                raise
            return False
        return True

    async def _tell(self, message: Message, place: str, root: str) -> None:
        words = escape(cut(one_line(message.line), WHOLE))
        told = {"channel": place, "thread_ts": root, "text": words, "unfurl_links": False, "unfurl_media": False}
        # 2 is silent: a step that asks nobody to act stays in the thread
        await self._call("chat.postMessage", told | {"reply_broadcast": message.priority > 2})

    async def _heard(self, listener: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        await listener.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        try:
            press = msgspec.convert(request.payload, _Press)
            value, act = msgspec.json.decode(press.actions[0].value, type=_Value), press.actions[0].press
        except (msgspec.MsgspecError, IndexError):
            # another app's button, or a form
            return
        by = press.user.name or press.user.username or press.user.id
        wish = Act.pressed(act, value.incident, by, value.language)
        acted = await self._tools.act(msgspec.structs.replace(wish, identity=press.user.id))
        if acted.words:
            try:
                await self._answer(press, acted, value)
            except SendError as error:
                log.warning("answer_not_told", channel=self._tools.name, error=str(error))

    async def _answer(self, press: _Press, acted: Acted, value: _Value) -> None:
        """What was done is told in the thread; a question or a refusal to nobody but who pressed."""
        words = escape(cut(one_line(acted.words), WHOLE, _escaped))
        said: dict[str, Any] = {"channel": press.channel.id, "text": words}
        if acted.choices:
            said["blocks"] = asked(acted.words, _made(acted.choices, value))
        if acted.done and press.container.message_ts and not press.container.is_ephemeral:
            await self._call("chat.postMessage", {**said, "thread_ts": press.container.message_ts})
        else:
            await self._call("chat.postEphemeral", {**said, "user": press.user.id})

    async def _in_words(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to `body`, or to its plain words when Slack does not take its blocks."""
        try:
            return await self._call(method, body)
        except RefusedError as error:
            if error.word not in _BAD_BLOCKS:
                raise
            return await self._call(method, body | {"blocks": []})

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(max(0.0, self._free_at - loop.time()))
            async with _reaching():
                answer = await self._client.api_call(method, json=body)
            self._free_at = loop.time() + self._pause
        return cast("dict[str, Any]", answer.data)


@asynccontextmanager
async def _reaching() -> AsyncIterator[None]:
    async with reaching("Slack"):
        try:
            yield
        except SlackApiError as error:
            raise _judged(error) from None


def _judged(error: SlackApiError) -> SendError:
    """What Slack's refusal means for a delivery; its own word is shown where it is one."""
    answer = error.response
    status, data = getattr(answer, "status_code", 0), getattr(answer, "data", None)
    word = data.get("error", "") if isinstance(data, dict) else ""
    word = word if isinstance(word, str) and word.replace("_", "").isalnum() and word.isascii() else ""
    # under a status of yes the word alone tells what is wrong
    if word in _LOGIN:
        status = 401
    elif status == 200 and word and word not in _LATER:
        status = 400
    headers = getattr(answer, "headers", None) or {}
    return refusal("Slack", status or 500, headers, word[:40], hint=_HINTS.get(word, ""))


def _made(choices: Sequence[Choice], value: _Value) -> list[dict[str, Any]]:
    made = []
    for choice in choices:
        carried = msgspec.json.encode(_Value(choice.incident or value.incident, value.language)).decode()
        name = f"{choice.act}.{choice.incident}" if choice.incident else choice.act
        made.append(button(choice.label, name, carried))
    return [each | {"style": "primary"} if each["action_id"] == "ack" else each for each in made]


def _escaped(text: str) -> int:
    return len(escape(text))


def _silent() -> logging.Logger:
    """At DEBUG the client logs what it sends, and a failed connection with an address that lets in whoever has it."""
    return logging.Logger("slack", logging.CRITICAL + 1)  # noqa: LOG001 - unregistered, so that nobody lowers it


SPEC = ChannelSpec(
    kind="slackbot",
    summary="Posts to a Slack channel as a bot: one message an incident, edited in place, with buttons.",
    options=SlackbotOptions,
    example={"token": "xoxb-0000-0000-xxxx", "channel": "#crisis", "app_token": "xapp-1-A000-0000-xxxx"},
    build=SlackbotChannel,
    thread=True,
    edit=True,
    ack=True,
    knows=Identity("U012AB34CD", "[UW][A-Z0-9]{5,}"),
    answerable=lambda options: options.app_token is not None,
)
