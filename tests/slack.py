"""A strict Slack: the Web API's limits and answers, and Socket Mode, as they are documented."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from listener.net.loopback import served
from tests.servers import Service, slack_problem

BOT, APP, ROOM = "xoxb-1-s3cret", "xapp-1-s3cret", "C0123456789"


@dataclass
class Slack(Service):
    """`shown` is what stands in the room: root messages by ts, `threads` what was told under them, `whispers` what one
    user was told. `refuse` are answers to give first, each (status, word, headers).
    """

    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    threads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    whispers: list[dict[str, Any]] = field(default_factory=list)
    refuse: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _counted: Any = field(default_factory=lambda: count(1))

    async def api(self, request: web.Request) -> web.Response:
        if self.refuse:
            status, word, headers = self.refuse.pop(0)
            return web.json_response({"ok": False, "error": word}, status=status, headers=headers)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        method = request.match_info["method"]
        if token != (APP if method == "apps.connections.open" else BOT):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        body = json.loads(await request.read() or b"{}") if request.content_type == "application/json" else {}
        answer = getattr(self, "_" + method.replace(".", "_"))(body)
        self.news.set()
        return web.json_response({"ok": "error" not in answer, **answer})

    def _auth_test(self, _body: Any) -> dict[str, Any]:
        return {"team": "T1"}

    def _apps_connections_open(self, _body: Any) -> dict[str, Any]:
        return {"url": self.url.replace("http:", "ws:") + "/socket?ticket=s3cret"}

    def _chat_postMessage(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - Slack's name
        if body["channel"] not in (ROOM, "#crisis"):
            return {"error": "channel_not_found"}
        if error := _problem(body):
            return {"error": error}
        ts = f"1700000000.{next(self._counted):06}"
        if root := body.get("thread_ts"):
            self.threads[root].append(body)
        else:
            self.shown[ts], self.threads[ts] = body, []
        return {"channel": ROOM, "ts": ts, "message": body}

    def _chat_update(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["ts"] not in self.shown:
            return {"error": "message_not_found"}
        if error := _problem(body):
            return {"error": error}
        self.shown[body["ts"]] = body
        return {"channel": ROOM, "ts": body["ts"]}

    def _chat_postEphemeral(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - Slack's name
        if error := _problem(body):
            return {"error": error}
        self.whispers.append(body)
        return {"message_ts": "1"}

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self.sockets.append(socket)
        self.news.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT and "envelope_id" in json.loads(message.data):
                self.news.set()
        return socket

    async def press(self, ts: str, act: str, by: str = "camille") -> None:
        """Somebody presses a button of a message that is shown, or of the last whisper where there is no `ts`; wait for
        `news` for what follows.
        """
        blocks = self.shown[ts]["blocks"] if ts else self.whispers[-1]["blocks"]
        (button,) = [each for block in blocks for each in block.get("elements", []) if each.get("action_id") == act]
        await self.send(
            "interactive",
            {
                "type": "block_actions",
                "user": {"id": "U1", "name": by, "username": by},
                "channel": {"id": ROOM, "name": "crisis"},
                "container": {"type": "message", "message_ts": ts or "1.1", "is_ephemeral": not ts},
                "actions": [{"action_id": act, "value": button.get("value", ""), "type": "button"}],
            },
        )

    async def send(self, kind: str, payload: Any) -> None:
        await self.until(lambda: bool(self.sockets))
        await self.sockets[-1].send_json({"type": kind, "envelope_id": "e1", "payload": payload})


def _problem(body: dict[str, Any]) -> str:
    if not body.get("text") and not body.get("blocks"):
        return "no_text"
    if len(body.get("text", "")) > 40_000:
        return "msg_too_long"
    actions = [block for block in body.get("blocks", []) if block["type"] == "actions"]
    buttons = [each for block in actions for each in block["elements"]]
    limits = {"value": 2_000, "url": 3_000, "action_id": 255}
    wrong = any(not 1 <= len(each["text"]["text"]) <= 75 for each in buttons)
    wrong |= any(len(each.get(part, "")) > most for each in buttons for part, most in limits.items())
    others = [block for block in body.get("blocks", []) if block["type"] != "actions"]
    return "invalid_blocks" if wrong or slack_problem({"blocks": others}) else ""


@asynccontextmanager
async def slack() -> AsyncIterator[Slack]:
    fake = Slack()
    app = web.Application()
    app.router.add_post("/api/{method}", fake.api)
    app.router.add_get("/socket", fake.socket)
    async with served(app) as fake.url:
        yield fake
        await asyncio.gather(*(socket.close() for socket in fake.sockets))
