"""A strict Telegram: the Bot API's limits and answers as they are documented, and what its apps make links of."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

from listener.net.loopback import served
from tests.servers import Service

TOKEN, CHAT, NEW_CHAT = "123456:s3cret-0123456789", -100123, -100456
KNOWN = {
    "sendMessage": {
        *("chat_id", "text", "entities", "link_preview_options", "reply_markup", "reply_parameters"),
        *("message_thread_id", "disable_notification"),
    },
    "editMessageText": {"chat_id", "message_id", "text", "entities", "link_preview_options", "reply_markup"},
    "getChat": {"chat_id"},
    "getUpdates": {"offset", "timeout", "limit", "allowed_updates"},
    "answerCallbackQuery": {"callback_query_id", "text", "show_alert"},
}
LINKED = re.compile(r"(?<!\w)@\w{2,}|(?<![\w/<>])/\w+|(?:tg|ton)://[\w-]+|[^\s@/.]+\.[^\s\u2000-\u206f]{2,}|#\w+")


@dataclass
class Telegram(Service):
    """`shown` is what stands in the chat by number, replies too. `refuse` are answers to give first to a method, each
    (status, description, parameters). `updates` wait to be confirmed; `answers` is what was told to who pressed.
    """

    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    refuse: list[tuple[int, str, dict[str, int]]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    moved: bool = False
    polls: int = 0
    _counted: Any = field(default_factory=lambda: count(1))

    async def api(self, request: web.Request) -> web.Response:
        method, body = request.match_info["method"], await request.json()
        if request.match_info["token"] != TOKEN:
            return _refusal(401, "Unauthorized")
        if method not in KNOWN or set(body) - KNOWN[method]:
            return _refusal(404, "Not Found: method or parameter")
        if self.refuse:
            return _refusal(*self.refuse.pop(0))
        answer = await getattr(self, "_" + method)(body)
        self.news.set()
        return answer if isinstance(answer, web.Response) else web.json_response({"ok": True, "result": answer})

    async def _getChat(self, body: Any) -> Any:  # noqa: N802 - Telegram's name
        return self._wrong_chat(body) or {"id": NEW_CHAT if self.moved else CHAT, "type": "supergroup"}

    async def _sendMessage(self, body: Any) -> Any:  # noqa: N802 - Telegram's name
        if wrong := self._wrong_chat(body) or problem(body):
            return wrong
        number = next(self._counted)
        self.shown[number] = body
        return {"message_id": number, "chat": {"id": NEW_CHAT if self.moved else CHAT}, "text": body["text"]}

    async def _editMessageText(self, body: Any) -> Any:  # noqa: N802 - Telegram's name
        if wrong := self._wrong_chat(body) or problem(body):
            return wrong
        there = self.shown.get(body["message_id"])
        if there is None:
            return _refusal(400, "Bad Request: message to edit not found")
        if [there.get(part) for part in ("text", "reply_markup")] == [body.get(p) for p in ("text", "reply_markup")]:
            return _refusal(400, "Bad Request: message is not modified: it is exactly the same")
        self.shown[body["message_id"]] = body
        return {"message_id": body["message_id"], "chat": {"id": CHAT}}

    async def _getUpdates(self, body: Any) -> Any:  # noqa: N802 - Telegram's name
        if body["allowed_updates"] != ["callback_query"] or not 1 <= body["limit"] <= 100:
            return _refusal(400, "Bad Request: asked for what nobody reads")
        self.updates = [each for each in self.updates if each["update_id"] >= body["offset"]]
        self.polls += 1
        self.news.set()
        await self.until(lambda: bool(self.updates), body["timeout"])
        return self.updates[: body["limit"]]

    async def _answerCallbackQuery(self, body: Any) -> Any:  # noqa: N802 - Telegram's name
        if len(body.get("text", "")) > 200:
            return _refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        self.answers.append(body)
        return True

    def press(self, number: int, act: str, chat: int = CHAT) -> None:
        """Somebody presses the first button of a message that begins with `act`."""
        rows = self.shown[number]["reply_markup"]["inline_keyboard"]
        data, *_ = [each["callback_data"] for row in rows for each in row if each["callback_data"].startswith(act)]
        self.tell({"message": {"message_id": number, "chat": {"id": chat}}, "data": data})

    def tell(self, press: dict[str, Any]) -> None:
        user = {"id": 7, "is_bot": False, "first_name": "Camille", "last_name": "Martin"}
        number = next(self._counted)
        self.updates.append({"update_id": number, "callback_query": {"id": f"q{number}", "from": user, **press}})
        self.news.set()

    def _wrong_chat(self, body: Any) -> web.Response | None:
        if body["chat_id"] == (NEW_CHAT if self.moved else CHAT) or body["chat_id"] == "@crisis":
            return None
        if self.moved and body["chat_id"] == CHAT:
            moved = {"migrate_to_chat_id": NEW_CHAT}
            return _refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
        return _refusal(400, "Bad Request: chat not found")


def _refusal(status: int, description: str, parameters: dict[str, int] | None = None) -> web.Response:
    said = {"ok": False, "error_code": status, "description": description}
    return web.json_response(said | ({"parameters": parameters} if parameters else {}), status=status)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def linked(body: dict[str, Any]) -> list[str]:
    """What an app makes a link of by itself in a message, hashtags aside."""
    raw = body["text"].encode("utf-16-le")
    ours = [each for each in body.get("entities", []) if each["type"] == "text_link"]
    for each in ours:
        start, end = 2 * each["offset"], 2 * (each["offset"] + each["length"])
        raw = raw[:start] + " ".encode("utf-16-le") * each["length"] + raw[end:]
    return [found for found in LINKED.findall(raw.decode("utf-16-le")) if not found.startswith("#")]


def problem(body: dict[str, Any]) -> web.Response | None:
    """Which documented limit a message breaks; None when none."""
    size = units(body["text"])
    if not body["text"].strip() or size > 4_096:
        return _refusal(400, "Bad Request: message is too long" if size else "Bad Request: message text is empty")
    for each in body.get("entities", []):
        if each["length"] < 1 or each["offset"] + each["length"] > size:
            return _refusal(400, "Bad Request: entity out of its text")
    buttons = [each for row in body.get("reply_markup", {}).get("inline_keyboard", []) for each in row]
    if any(not 1 <= len(each["callback_data"].encode()) <= 64 or not each["text"] for each in buttons):
        return _refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return None


@asynccontextmanager
async def telegram() -> AsyncIterator[Telegram]:
    fake, app = Telegram(), web.Application()
    app.router.add_post("/bot{token}/{method}", fake.api)
    async with served(app) as fake.url:
        yield fake
