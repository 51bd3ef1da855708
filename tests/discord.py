"""A strict Discord: a channel's webhook, its limits and its answers, as they are documented."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

from listener.net.loopback import served

PATH = "/api/webhooks/223704706495545344/s3cret-s3cret"
ROOM = "199737254929760256"


@dataclass
class Discord:
    """`shown` is what stands in each channel or thread, by message; `refuse` are answers to give first, each (status,
    body, headers), and `refuse_reopened` those to give once an archived thread was opened again.
    """

    url: str = ""
    forum: bool = False
    shown: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    refuse: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    refuse_reopened: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    _counted: Any = field(default_factory=lambda: count(1_100_000_000_000_000_000))

    @property
    def webhook(self) -> str:
        return self.url + PATH

    async def handle(self, request: web.Request) -> web.Response:
        if self.refuse:
            status, body, headers = self.refuse.pop(0)
            return web.json_response(body, status=status, headers=headers)
        path, _, root = request.path.partition("/messages/")
        if path != PATH:
            return _no(404, 10_015, "Unknown Webhook")
        if request.method == "GET":
            return web.json_response({"id": "223704706495545344", "type": 1, "channel_id": ROOM})
        body = json.loads(await request.read())
        if problem(body):
            return _no(400, 50_035, "Invalid Form Body")
        thread = request.query.get("thread_id", "")
        return self._edit(root, thread, body) if request.method == "PATCH" else self._post(request, thread, body)

    def _post(self, request: web.Request, thread: str, body: dict[str, Any]) -> web.Response:
        if self.forum and not thread and not body.get("thread_name"):
            return _no(400, 220_001, "Webhooks posted to forum channels must have a thread_name or thread_id")
        if not self.forum and body.get("thread_name"):
            return _no(400, 220_003, "Webhooks can only create threads in forum channels")
        if thread and thread not in self.shown:
            return _no(404, 10_003, "Unknown Channel")
        made = str(next(self._counted))
        place = thread or (made if self.forum else ROOM)
        self.refuse += self.refuse_reopened if place in self.archived else []
        self.archived.discard(place)
        self.shown.setdefault(place, {})[made] = body
        if request.query.get("wait") != "true":
            return web.Response(status=204)
        return web.json_response({**body, "id": made, "channel_id": place, "type": 0})

    def _edit(self, root: str, thread: str, body: dict[str, Any]) -> web.Response:
        place = thread or ROOM
        if place in self.archived:
            return _no(400, 50_083, "Thread is archived")
        if root not in self.shown.get(place, {}):
            return _no(404, 10_008, "Unknown Message")
        self.shown[place][root] = body
        return web.json_response({**body, "id": root, "channel_id": place})


def _no(status: int, code: int, words: str) -> web.Response:
    return web.json_response({"message": words, "code": code}, status=status)


def problem(body: dict[str, Any]) -> str:
    """Which documented limit a message breaks, or whom it could ping; empty when none."""
    content, embeds = body.get("content") or "", body.get("embeds", [])
    if body.get("allowed_mentions") != {"parse": []}:
        return "somebody could be pinged"
    if not content.strip() and not embeds:
        return "Cannot send an empty message"
    limits = [(content, 0, 2_000), (body.get("thread_name", "x"), 1, 100)]
    for embed in embeds:
        limits += [(embed.get("title", ""), 0, 256), (embed.get("description", ""), 0, 4_096)]
        limits += [(embed.get("footer", {"text": "x"})["text"], 1, 2_048)]
        for part in embed.get("fields", []):
            limits += [(part["name"].strip(), 1, 256), (part["value"].strip(), 1, 1_024)]
    if [text for text, least, most in limits if not least <= units(text) <= most]:
        return "Must be of another length"
    counted = sum(units(text) for text, _, _ in limits[2:])
    if any(len(embed.get("fields", [])) > 25 for embed in embeds) or len(embeds) > 10 or counted > 6_000:
        return "Too much"
    links = [embed["url"] for embed in embeds if "url" in embed]
    return "" if all(re.fullmatch(r"https?://\S+", link) for link in links) else "Not a well formed URL"


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@asynccontextmanager
async def discord(port: int = 0, **how: Any) -> AsyncIterator[Discord]:
    fake = Discord(**how)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    async with served(app, port=port) as fake.url:
        yield fake
