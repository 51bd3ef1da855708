"""A strict PagerDuty: the Events API v2, and one question of the REST API, with the limits and answers documented."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from listener.net.loopback import served
from tests.servers import Service

KEY, TOKEN = "s3cret0123456789abcdef0123456789", "u+s3cret"
ENTRIES = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
PERSON = {"id": "P1", "type": "user_reference", "summary": "Camille"}
PROGRAM = {"id": "P2", "type": "service_reference", "summary": "badbuzz"}


@dataclass
class PagerDuty(Service):
    """`alerts` is what is there by its key, with the `status` and who acknowledged; `rung` counts what notified people,
    `taken` presses; `refuse` are answers to give first, each (status, body, headers); `asked` counts questions about
    each key.
    """

    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rung: int = 0
    taken: int = 0
    refuse: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        if self.refuse:
            status, body, headers = self.refuse.pop(0)
            return web.json_response(body, status=status, headers=headers)
        if request.method == "GET" and request.path == "/incidents":
            return self._list(request)
        if (request.method, request.path) != ("POST", "/v2/enqueue"):
            return web.Response(status=404)
        event = json.loads(await request.read())
        if errors := problems(event):
            answer = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return web.json_response(answer, status=400)
        self._take(event)
        answer = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return web.json_response(answer, status=202)

    async def asked_again(self, key: str) -> None:
        """Until a question about it was answered, and the next one asked."""
        known = self.asked.get(key, 0)
        await self.until(lambda: self.asked.get(key, 0) >= known + 2)

    def _take(self, event: dict[str, Any]) -> None:
        known = self.alerts.get(event["dedup_key"], {"status": "resolved"})
        match event["event_action"]:
            case "trigger" if known["status"] == "resolved":
                self.rung += 1
                self.alerts[event["dedup_key"]] = {"status": "triggered", "by": [], "said": [event]}
            case "trigger":
                known["said"].append(event)
            case "acknowledge" if known["status"] == "triggered":
                self.acknowledge(event["dedup_key"], PROGRAM)
            case "resolve":
                known["status"] = "resolved"

    def acknowledge(self, key: str, who: dict[str, str]) -> None:
        self.alerts[key]["status"] = "acknowledged"
        self.taken += 1
        at = f"2026-11-14T{self.taken // 3_600:02}:{self.taken // 60 % 60:02}:{self.taken % 60:02}Z"
        self.alerts[key]["by"].append({"at": at, "acknowledger": who})

    def _list(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Token token={TOKEN}":
            return web.json_response({"error": {"message": "Unauthorized", "code": 2006}}, status=401)
        key, wanted = request.query["incident_key"], request.query.getall("statuses[]")
        self.asked[key] = self.asked.get(key, 0) + 1
        self.news.set()
        found = [self.alerts[key]] if key in self.alerts else []
        shown = [
            {"id": "Q1", "incident_key": None, "status": each["status"], "acknowledgements": each["by"]}
            for each in found
            if each["status"] in wanted
        ]
        return web.json_response({"incidents": shown, "limit": 5, "offset": 0, "total": None, "more": False})


def problems(event: dict[str, Any]) -> list[str]:
    """What the Events API finds wrong with an event."""
    found = [f"'{name}' is unknown" for name in event.keys() - ENTRIES]
    if len(event.get("routing_key", "")) != 32:
        found.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if not 1 <= len(event["dedup_key"]) <= 255 or len(json.dumps(event)) > 512_000:
        found.append("too long")
    if event["event_action"] != "trigger":
        return found
    told = event["payload"]
    if not 1 <= len(told["summary"]) <= 1_024 or not told["source"]:
        found.append("'payload.summary' is missing or too long")
    if told["severity"] not in {"critical", "error", "warning", "info"}:
        found.append("'payload.severity' is invalid")
    links = [event["client_url"]] if "client_url" in event else []
    links += [link["href"] for link in event.get("links", [])]
    return found + [f"'{link}' is no URL" for link in links if not link.startswith(("http://", "https://"))]


@asynccontextmanager
async def pagerduty() -> AsyncIterator[PagerDuty]:
    fake = PagerDuty()
    app = web.Application(client_max_size=10**6)
    app.router.add_route("*", "/{path:.*}", fake.handle)
    async with served(app) as fake.url:
        yield fake
