"""A small ntfy: topics that keep what is said, and streams of it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, web

from listener.net.loopback import served
from tests.servers import ntfy_problem


class Ntfy:
    """Takes JSON at its root and any text at a topic; `/topic/json` says what came since, and goes on saying."""

    def __init__(self) -> None:
        self.url, self.shown, self.now = "", [], 1_800_000_000
        self.said: dict[str, list[dict[str, Any]]] = {}
        self.refuse: list[int] = []
        self.asked: list[tuple[str, str]] = []
        self.readers: set[asyncio.Task[Any]] = set()
        self.news = asyncio.Condition()

    async def publish(self, request: web.Request) -> web.Response:
        body = await request.json()
        if problem := ntfy_problem(body):
            return web.json_response({"code": 40_000, "http": 400, "error": problem}, status=400)
        self.shown.append(body)
        return await self._kept(body["topic"], body["message"])

    async def press(self, action: dict[str, Any]) -> None:
        """What a phone does when that button is tapped."""
        async with (
            ClientSession(headers=action["headers"]) as http,
            http.request(action["method"], action["url"], data=action["body"]) as answer,
        ):
            assert 200 == answer.status

    async def say(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, request.headers.get("Authorization", "")))
        return await self._kept(request.match_info["topic"], await request.text())

    async def account(self, _request: web.Request) -> web.Response:
        return web.json_response({"username": "*"})

    async def until(self, fits: Any) -> None:
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(fits)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        topic, since = request.match_info["topic"], request.query.get("since", "")
        self.asked.append((request.path_qs, request.headers.get("Authorization", "")))
        if self.refuse:
            return web.Response(status=self.refuse.pop())
        if not re.fullmatch(r"|all|[0-9]+[smh]|m[0-9]+", since):
            return web.json_response({"error": "since invalid"}, status=400)
        answer = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await answer.prepare(request)
        await _write(answer, {"id": "o", "time": self.now, "event": "open", "topic": topic})
        kept = self.said.setdefault(topic, [])
        told = next((n for n, event in enumerate(kept, 1) if event["id"] == since), self._before(kept, since))
        self.readers.add(asyncio.current_task())
        while "poll" not in request.query:
            for event in kept[told:]:
                await _write(answer, event)
            told = len(kept)
            async with self.news:
                await self.news.wait_for(lambda seen=told: len(kept) > seen)
        return answer

    def _before(self, kept: list[dict[str, Any]], since: str) -> int:
        """How many of what is kept are older than what is asked for."""
        ago = re.fullmatch(r"([0-9]+)([smh])", since)
        if not ago:
            return 0 if since else len(kept)
        oldest = self.now - int(ago[1]) * {"s": 1, "m": 60, "h": 3_600}[ago[2]]
        return sum(event["time"] < oldest for event in kept)

    async def cut(self) -> None:
        """End all streams, as a proxy does."""
        for reader in self.readers:
            reader.cancel()
        self.readers.clear()

    async def _kept(self, topic: str, message: str) -> web.Response:
        kept = self.said.setdefault(topic, [])
        event = {"id": f"m{len(kept)}", "time": self.now, "event": "message", "topic": topic, "message": message}
        async with self.news:
            kept.append(event)
            self.news.notify_all()
        return web.json_response(event)


async def _write(answer: web.StreamResponse, event: dict[str, Any]) -> None:
    await answer.write(json.dumps(event).encode() + b"\n")


@asynccontextmanager
async def ntfy_server() -> AsyncIterator[Ntfy]:
    fake, app = Ntfy(), web.Application()
    app.router.add_post("/", fake.publish)
    app.router.add_post("/{topic}", fake.say)
    app.router.add_get("/{topic}/json", fake.stream)
    app.router.add_get("/v1/account", fake.account)
    async with served(app) as fake.url:
        yield fake
        await fake.cut()
