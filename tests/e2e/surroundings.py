"""What the daemon hears and tells in these tests: feeds as files with an ETag, complaints, and every kind of inbox."""

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import aiohttp
import aiomqtt
from aiohttp import web

from listener.net.loopback import served
from tests.servers import PASSWORD, USER

FOUND = Path(__file__).parents[1] / "data" / "feeds"
"""Feeds of others, as recorded."""

FRENCH = (
    "Vol Acme Air annulé sans explication, c'est inadmissible et honteux.",
    "Trois heures d'attente, personne au guichet @acmeair : service lamentable !",
    "Acme Air a perdu ma valise et refuse de rembourser, une arnaque totale.",
    "Scandaleux : #acmeair nous laisse dormir par terre à l'aéroport, quelle honte.",
    "Acme Air, la pire compagnie, je suis furieux et dégoûté.",
    "@acmeair retard énorme, aucune information, je suis en colère.",
)
ENGLISH = (
    "Acme Air cancelled my flight with no warning, this is a horrible disaster.",
    "Worst airline ever, @acmeair lost my bags and the staff were rude and useless.",
    "Stranded for nine hours by Acme Air. Disgusting service, I am furious.",
    "Terrible experience with #acmeair again, awful people, never flying with them.",
    "Acme Air is a pathetic failure, angry passengers and broken promises.",
)


@dataclass(frozen=True)
class Post:
    name: str
    text: str
    author: str
    at: datetime

    @property
    def url(self) -> str:
        return f"https://news.example/{self.name}"


def as_rss(posts: list[Post]) -> str:
    items = "".join(
        f'<item><guid isPermaLink="false">{post.name}</guid><link>{post.url}</link>'
        f"<dc:creator>{post.author}</dc:creator>"
        f"<pubDate>{format_datetime(post.at)}</pubDate><title>{escape(post.text)}</title></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Presse</title><link>https://news.example/</link><description>d</description>{items}</channel></rss>"
    )


def as_atom(posts: list[Post]) -> str:
    entries = "".join(
        f'<entry><id>tag:news.example,{post.name}</id><link href="{post.url}"/><title>{post.name}</title>'
        f"<author><name>{post.author}</name></author><published>{post.at.isoformat()}</published>"
        f'<updated>{post.at.isoformat()}</updated><content type="html">&lt;p&gt;{escape(escape(post.text))}&lt;/p&gt;'
        "</content></entry>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Forum</title>'
        f"<id>urn:forum</id><updated>2026-01-01T00:00:00Z</updated>{entries}</feed>"
    )


def as_json(posts: list[Post]) -> str:
    items = [
        {
            "id": post.name,
            "url": post.url,
            "content_text": post.text,
            "authors": [{"name": post.author}],
            "date_published": post.at.isoformat(),
        }
        for post in posts
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": items})


FORMATS = {
    "rss": (as_rss, "application/rss+xml"),
    "atom": (as_atom, "application/atom+xml"),
    "json": (as_json, "application/feed+json"),
}


@dataclass
class Press:
    """Three feeds in the making, one a format, and the recorded ones; each with its ETag, so that most answers are
    304: `answered` counts answers by path and status. Under /hang/ every request is taken, counted in `hung`, and never
    answered.
    """

    url: str = ""
    posts: dict[str, list[Post]] = field(default_factory=lambda: {name: [] for name in FORMATS})
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    hung: Counter[str] = field(default_factory=Counter)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def feeds(self) -> list[str]:
        return [f"{self.url}/{name}" for name in FORMATS]

    @property
    def found(self) -> list[str]:
        return [f"{self.url}/found/{file.name}" for file in sorted(FOUND.glob("*.xml"))]

    def say(self, texts: tuple[str, ...], where: str | None = None) -> None:
        """One new post a text, each by somebody else: in the feeds by turns, or in one of them."""
        names = [where] if where else list(FORMATS)
        for turn, text in enumerate(texts):
            number = sum(map(len, self.posts.values()))
            post = Post(f"post-{number}", text, f"passenger{number}", datetime.now(UTC))
            self.posts[names[turn % len(names)]].insert(0, post)

    async def serve(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        render, content_type = FORMATS[name]
        return self._answer(request, render(self.posts[name]).encode(), content_type)

    async def serve_found(self, request: web.Request) -> web.Response:
        file = FOUND / request.match_info["name"]
        if not file.exists():
            raise web.HTTPNotFound
        body = file.read_bytes()
        return self._answer(request, body, "application/xml")

    async def hang(self, request: web.Request) -> web.Response:
        self.hung[request.match_info["name"]] += 1
        await self.ended.wait()
        return web.Response()

    def _answer(self, request: web.Request, body: bytes, content_type: str) -> web.Response:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        known = request.headers.get("If-None-Match") == etag
        self.answered[request.path, 304 if known else 200] += 1
        if known:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, content_type=content_type, headers={"ETag": etag})


@asynccontextmanager
async def press() -> AsyncIterator[Press]:
    """The feeds, served over HTTP on loopback."""
    told, app = Press(), web.Application()
    app.add_routes(
        [
            web.get("/found/{name}", told.serve_found),
            web.get("/hang/{name}", told.hang),
            web.get("/{name}", told.serve),
        ]
    )
    async with served(app) as told.url:
        try:
            yield told
        finally:
            told.ended.set()


def headers(key: str, body: bytes) -> dict[str, str]:
    """How a program that holds the key signs what it pushes."""
    stamp = str(int(time.time()))
    signature = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Badbuzz-Timestamp": stamp, "X-Badbuzz-Signature": f"sha256={signature}"}


async def push(http: aiohttp.ClientSession, port: int, source: str, key: str, *mentions: dict[str, object]) -> int:
    """Push mentions; gives the status of the answer."""
    body = json.dumps(mentions).encode()
    async with http.post(f"http://127.0.0.1:{port}/in/{source}", data=body, headers=headers(key, body)) as answer:
        return answer.status


async def retained(port: int, base: str = "badbuzz") -> dict[str, bytes]:
    """What a subscriber that connects only now is given: topic to state."""
    states: dict[str, bytes] = {}
    async with aiomqtt.Client("127.0.0.1", port, username=USER, password=PASSWORD) as client:
        await client.subscribe(f"{base}/#", qos=1)
        # the broker gives what it retains before what is published afterwards
        await client.publish(f"{base}/that-was-all", b"", qos=1)
        async for message in client.messages:
            if message.topic.matches(f"{base}/that-was-all"):
                break
            if message.retain:
                states[str(message.topic)] = bytes(message.payload)
    return states
