"""Alerts in a Matrix room: one message an incident, edited in place, its story in its thread, answered by reactions."""

import asyncio
import re
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
import structlog
from pydantic import AfterValidator

from alerts.channel import ChannelOptions, ChannelSpec, Identity, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import Answer, RefusedError, exchange_json, read, refusal
from alerts.channels._matrix import OURS, Incident, answer, edited, may_ask, payload, question, told, wish
from alerts.channels._text import digest
from alerts.message import Message
from config.model import Secret
from config.values import Text

WAIT, AT_ONCE, ANSWER_LIMIT = 30, 50, 4_000_000
"""Seconds that the server is to hold the question what was said, events that are read at once, and bytes of them."""

_HINTS = {
    "M_UNKNOWN_TOKEN": "the access token is not valid any more",
    "M_FORBIDDEN": "invite the account to the room, and let it speak there",
    "M_NOT_FOUND": "no such room",
}

log = structlog.get_logger("matrix")


def _server(value: str) -> str:
    return web_address(value, secure=True).rstrip("/")


def _room(value: str) -> str:
    if not re.fullmatch(r"[!#]\S+", value):
        raise ValueError("a room is an id that begins with ! or an alias such as #crisis:matrix.example")
    return value


class MatrixOptions(ChannelOptions):
    server: Annotated[str, AfterValidator(_server)]
    """Address of the homeserver, such as https://matrix.example."""
    token: Secret
    """Access token of the account that writes."""
    room: Annotated[Text, AfterValidator(_room)]
    """The room, by its id, such as !abc:matrix.example, or its alias #crisis:matrix.example. It must not be encrypted;
    an invitation is accepted.
    """
    answers: bool = True
    """False when nobody may act from the room: then nothing that is said there is read."""


class _Said(msgspec.Struct):
    errcode: str = ""
    retry_after_ms: int | None = None


class _Room(msgspec.Struct):
    room_id: str


class _Self(msgspec.Struct):
    user_id: str


class _Sent(msgspec.Struct):
    event_id: str


class _Kept(msgspec.Struct):
    since: str = ""


class _Event(msgspec.Struct):
    event_id: str = ""
    sender: str = ""
    content: dict[str, Any] = {}


class _Timeline(msgspec.Struct):
    events: list[Any] = []
    limited: bool = False


class _Joined(msgspec.Struct):
    timeline: _Timeline = msgspec.field(default_factory=_Timeline)


class _Rooms(msgspec.Struct):
    join: dict[str, _Joined] = {}


class _Sync(msgspec.Struct):
    next_batch: str
    rooms: _Rooms = msgspec.field(default_factory=_Rooms)


class MatrixChannel:
    """One message an incident. Later steps edit it and are told in its thread; the server itself drops what is sent
    twice. Who takes it by a reaction or a reply takes it everywhere.

    How far the room was read is kept with the account, on the server: what was said while nobody listened is heard
    later, and nothing is acted on twice.
    """

    def __init__(self, options: MatrixOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._room = self._me = ""

    async def send(self, message: Message, receipt: str = "", /) -> str | None:
        room, (place, _, root) = await self._enter(), receipt.partition(" ")
        if root and place == room and await self._incident(root):
            await self._put(f"{message.id}.edit", edited(message, root))
            await self._put(f"{message.id}.told", told(message, root))
            return None
        # somebody took it away: an edit of it would be taken, and shown to nobody
        sent = await self._put(message.id, payload(message))
        return f"{self._room} {sent.event_id}"

    async def probe(self) -> None:
        """Let the server check the token and the room, which is entered. Raises SendError. Nothing is posted."""
        room = await self._enter()
        try:
            await self._call("GET", f"/rooms/{_part(room)}/state/m.room.encryption")
        except RefusedError as error:
            if error.word == "M_NOT_FOUND":
                return
            raise
        said = "the room is encrypted: what badbuzz writes would stand there in the clear, and replies stay unread"
        raise SendError(said, reason="clientError", permanent=True)

    async def serve(self) -> None:
        """Listen to the room while anybody may act from there."""
        if not self._options.answers or self._tools.passing:
            return
        try:
            self._me = read("Matrix", await self._call("GET", "/account/whoami"), _Self).user_id
            room = await self._enter()
            since = await self._resumed(room) or await self._listened(room, "")
            while True:
                since = await self._listened(room, since)
        except SendError as error:
            log.warning("matrix_answers_off", channel=self._tools.name, error=str(error))
            await asyncio.sleep(error.retry_after.total_seconds() if error.retry_after else 0)
            raise

    async def _enter(self) -> str:
        """The id of the room. Entering again changes nothing, so an alias or an invitation needs no look first."""
        if not self._room:
            entered = await self._call("POST", f"/join/{_part(self._options.room)}", {})
            self._room = read("Matrix", entered, _Room).room_id
        return self._room

    async def _put(self, name: str, content: dict[str, Any]) -> _Sent:
        try:
            return await self._send(name, content)
        except RefusedError as error:
            if error.word != "M_FORBIDDEN":
                raise
        # it may have been sent away and invited again
        self._room = ""
        return await self._send(name, content)

    async def _send(self, name: str, content: dict[str, Any]) -> _Sent:
        room = await self._enter()
        sent = await self._call("PUT", f"/rooms/{_part(room)}/send/m.room.message/{_part(name)}", content)
        return read("Matrix", sent, _Sent)

    async def _incident(self, event: str) -> Incident | None:
        """What one of our events is about; None for one of somebody else, or that is gone."""
        try:
            found = read("Matrix", await self._call("GET", f"/rooms/{_part(self._room)}/event/{_part(event)}"), _Event)
            ours = msgspec.convert(found.content.get(OURS), Incident)
        except msgspec.ValidationError:
            return None
        except RefusedError as error:
            if error.word == "M_NOT_FOUND":
                return None
            raise
        return ours if not self._me or found.sender == self._me else None

    # --- hearing ---

    async def _resumed(self, room: str) -> str:
        """Where the reading of the room ended; "" when it was never read, or nobody knows any more."""
        try:
            return read("Matrix", await self._call("GET", self._memory(room)), _Kept).since
        except RefusedError as error:
            if error.word == "M_NOT_FOUND":
                return ""
            raise

    def _memory(self, room: str) -> str:
        return f"/user/{_part(self._me)}/rooms/{_part(room)}/account_data/badbuzz.read.{self._tools.installation}"

    async def _listened(self, room: str, since: str) -> str:
        """Hear what was said since; nothing when nothing was read yet. Gives where to go on."""
        asked = {"filter": _filter(room, self._me), "set_presence": "offline", "timeout": WAIT * 1_000 if since else 0}
        path = f"/sync?{urlencode(asked | ({'since': since} if since else {}))}"
        try:
            said = read("Matrix", await self._call("GET", path, limit=ANSWER_LIMIT, patience=WAIT + 15.0), _Sync)
        except RefusedError as error:
            if not since or error.reason != "clientError":
                raise
            # a server that was set up anew does not know where that was
            log.warning("room_read_from_now", channel=self._tools.name, error=str(error))
            return await self._listened(room, "")
        timeline = said.rooms.join.get(room, _Joined()).timeline
        if since and timeline.limited and timeline.events:
            log.warning("room_read_in_part", channel=self._tools.name)
        for each in timeline.events if since else ():
            await self._heard(each)
        if timeline.events or not since:
            await self._call("PUT", self._memory(room), {"since": said.next_batch})
        return said.next_batch

    async def _heard(self, said: Any) -> None:
        try:
            event = msgspec.convert(said, _Event)
            target, word = answer(event.content)
        except (msgspec.ValidationError, LookupError, TypeError, AttributeError):
            # strangers' events may hold anything
            return
        if not may_ask(word) or event.sender == self._me:
            return
        incident = await self._incident(target)
        asked = wish(word, incident, event.sender) if incident else None
        if incident is None or asked is None:
            return
        acted = await self._tools.act(msgspec.structs.replace(asked, once=event.event_id, identity=event.sender))
        if acted.words:
            try:
                await self._put(f"answer.{digest(event.event_id)}", question(acted, incident, target))
            except SendError as error:
                log.warning("answer_not_told", channel=self._tools.name, error=str(error))

    async def _call(
        self, method: str, path: str, body: object = None, *, limit: int = 256 * 1024, patience: float | None = None
    ) -> Any:
        answer = await exchange_json(
            self._tools.http,
            method,
            f"{self._options.server}/_matrix/client/v3{path}",
            service="Matrix",
            body=body,
            headers={"Authorization": f"Bearer {self._options.token.get_secret_value()}"},
            limit=limit,
            patience=patience,
        )
        if not 200 <= answer.status < 300:
            raise _judged(answer)
        return answer.said


def _judged(answer: Answer) -> RefusedError:
    """What a refusal means for a delivery, with the server's code and, where it is known, the way out."""
    said = answer.in_form(_Said)
    code = said.errcode if re.fullmatch(r"[A-Z_]{1,60}", said.errcode) else ""
    wait = None if said.retry_after_ms is None else said.retry_after_ms / 1_000
    return refusal("Matrix", answer.status, answer.headers, code, hint=_HINTS.get(code, ""), wait=wait)


def _part(name: str) -> str:
    return quote(name, safe="")


def _filter(room: str, me: str) -> str:
    """Only what people say and how they react, in this room."""
    nothing: dict[str, Any] = {"types": []}
    timeline = {"types": ["m.room.message", "m.reaction"], "not_senders": [me], "limit": AT_ONCE}
    inside = {"rooms": [room], "timeline": timeline, "state": nothing, "ephemeral": nothing, "account_data": nothing}
    return msgspec.json.encode({"room": inside, "presence": nothing, "account_data": nothing}).decode()


SPEC = ChannelSpec(
    kind="matrix",
    summary="Writes to a Matrix room: one message an incident, edited in place, answered by a reaction or a reply.",
    options=MatrixOptions,
    example={"server": "https://matrix.example", "token": "syt_0000", "room": "#crisis:matrix.example"},
    build=MatrixChannel,
    thread=True,
    edit=True,
    ack=True,
    knows=Identity("@ann:matrix.example", "@?[^@:]+:.+"),
    answerable=lambda options: options.answers,
    wakes="depends",
)
