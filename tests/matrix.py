"""A strict Matrix homeserver: the client-server API's limits and answers as the specification has them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

from listener.net.loopback import served
from tests.servers import Service

TOKEN, ROOM, ALIAS, ME, SHE = "syt_s3cret", "!r:m.example", "#crisis:m.example", "@bot:m.example", "@camille:m.example"
TAGS = {"p", "strong", "em", "br", "ul", "ol", "li", "blockquote", "a"}
"""Of those that the specification lets apps show, what we may send."""


@dataclass
class Matrix(Service):
    """`events` are those of the room, ours and people's. `refuse` are answers to give first, each (status, code, more).
    `inside`: whether the account is in the room; `invited`: whether it may enter.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    refuse: list[tuple[int, str, dict[str, int]]] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    syncs: list[str] = field(default_factory=list)
    inside: bool = False
    invited: bool = True
    encrypted: bool = False
    _done: dict[str, str] = field(default_factory=dict)

    async def api(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal(401, "M_UNKNOWN_TOKEN")
        if self.refuse:
            return refusal(*self.refuse.pop(0))
        path = request.match_info["path"].split("/")
        body = await request.json() if request.can_read_body else None
        answer = await self._answered(request.method, path, body, dict(request.query))
        self.news.set()
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    async def _answered(self, method: str, path: list[str], body: Any, query: dict[str, str]) -> Any:
        answer: Any = refusal(404, "M_UNRECOGNIZED")
        match (method, *path):
            case ("GET", "account", "whoami"):
                answer = {"user_id": ME}
            case ("POST", "join", place) if place in (ROOM, ALIAS):
                self.inside = self.inside or self.invited
                answer = {"room_id": ROOM} if self.inside else refusal(403, "M_FORBIDDEN")
            case ("GET", "sync"):
                answer = await self._sync(query)
            case ("PUT", "user", user, "rooms", room, "account_data", kind) if (user, room) == (ME, ROOM):
                self.memory[kind], answer = body, {}
            case ("GET", "user", user, "rooms", room, "account_data", kind) if (user, room) == (ME, ROOM):
                answer = self.memory.get(kind) or refusal(404, "M_NOT_FOUND")
            case (_, "rooms", room, *rest):
                answer = self._in_room(method, rest, body) if room == ROOM and self.inside else None
        return refusal(403, "M_FORBIDDEN") if answer is None else answer

    def _in_room(self, method: str, path: list[str], body: Any) -> Any:
        match (method, *path):
            case ("GET", "state", "m.room.encryption"):
                return {"algorithm": "m.megolm.v1.aes-sha2"} if self.encrypted else refusal(404, "M_NOT_FOUND")
            case ("GET", "event", event):
                return self.event(event) or refusal(404, "M_NOT_FOUND")
            case ("PUT", "send", "m.room.message", name):
                return self._taken(name, body)
        return refusal(404, "M_UNRECOGNIZED")

    def _taken(self, name: str, body: dict[str, Any]) -> Any:
        if name not in self._done:
            if wrong := problem(body) or self._wrong_relation(body):
                return wrong
            self._done[name] = self.say("m.room.message", body, by=ME)
        return {"event_id": self._done[name]}

    def _wrong_relation(self, body: dict[str, Any]) -> web.Response | None:
        relation = body.get("m.relates_to", {})
        root = self.event(relation.get("event_id", "")) or {"content": {}, "sender": ME}
        nested = relation.get("rel_type") and "m.relates_to" in root["content"]
        edit = relation.get("rel_type") == "m.replace"
        wrong = nested or (edit and (root["sender"] != ME or problem(body["m.new_content"])))
        return refusal(400, "M_UNKNOWN") if wrong else None

    async def _sync(self, query: dict[str, str]) -> Any:
        since, asked = query.get("since", "s0"), json.loads(query["filter"])["room"]
        if not since.startswith("s") or asked["rooms"] != [ROOM]:
            return refusal(400, "M_UNKNOWN")
        self.syncs.append(since)
        self.news.set()
        start, timeline = int(since[1:]), asked["timeline"]

        def fresh() -> list[dict[str, Any]]:
            late = self.events[start:]
            return [e for e in late if e["type"] in timeline["types"] and e["sender"] not in timeline["not_senders"]]

        with suppress(TimeoutError):
            await self.until(lambda: bool(fresh()), int(query["timeout"]) / 1_000)
        told = {"events": fresh()[-timeline["limit"] :], "limited": len(fresh()) > timeline["limit"]}
        joined = {ROOM: {"timeline": told}} if told["events"] else {}
        return {"next_batch": f"s{len(self.events)}", "rooms": {"join": joined}}

    def say(self, kind: str, content: dict[str, Any], by: str = SHE) -> str:
        """Somebody says something; the id of it."""
        event = f"${len(self.events)}"
        self.events.append({"event_id": event, "type": kind, "sender": by, "content": content})
        self.news.set()
        return event

    def react(self, event: str, key: str) -> str:
        return self.say("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}})

    def reply(self, event: str, body: str, **relation: Any) -> str:
        relation = relation or {"m.in_reply_to": {"event_id": event}}
        return self.say("m.room.message", {"msgtype": "m.text", "body": body, "m.relates_to": relation})

    def event(self, event: str) -> dict[str, Any] | None:
        number = event.removeprefix("$")
        return self.events[int(number)] if number.isdecimal() and int(number) < len(self.events) else None

    def related(self, kind: str) -> list[dict[str, Any]]:
        """What we sent that relates so to another message, the latest last."""
        sent = [each["content"] for each in self.events if each["sender"] == ME]
        return [each for each in sent if each.get("m.relates_to", {}).get("rel_type") == kind]


def refusal(status: int, code: str, more: dict[str, int] | None = None) -> web.Response:
    return web.json_response({"errcode": code, "error": f"words of a server {TOKEN}", **(more or {})}, status=status)


class Markup(HTMLParser):
    """What an app would show of HTML: `wrong` is what it would not, `links` where it leads, `text` the words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = [f"{value}" for name, value in attrs if (tag, name) == ("a", "href")]
        self.links += known
        fits = tag in TAGS and len(known) == len(attrs) and all(each.startswith("http") for each in known)
        self.wrong += [] if fits else [tag]
        self.open += [] if tag == "br" else [tag]

    def handle_endtag(self, tag: str) -> None:
        self.wrong += [] if self.open and self.open.pop() == tag else [f"/{tag}"]

    def handle_data(self, data: str) -> None:
        self.text += data


def problem(body: dict[str, Any]) -> web.Response | None:
    """Which rule of the specification a message breaks; None when none."""
    if len(json.dumps(body, ensure_ascii=False).encode()) > 64_000:
        return refusal(413, "M_TOO_LARGE")
    formatted = body.get("formatted_body", "")
    fits = body.get("msgtype") in ("m.text", "m.notice") and body.get("body") and body.get("m.mentions") == {}
    if not fits or Markup(formatted).wrong or bool(formatted) != (body.get("format") == "org.matrix.custom.html"):
        return refusal(400, "M_BAD_JSON")
    return None


@asynccontextmanager
async def matrix() -> AsyncIterator[Matrix]:
    fake, app = Matrix(), web.Application()
    app.router.add_route("*", "/_matrix/client/v3/{path:.*}", fake.api)
    async with served(app) as fake.url:
        yield fake
