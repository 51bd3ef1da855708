"""What tests of collectors share: the tools they are lent, and a web server that tells a story."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from aiohttp import web

from listener.clock import Clock
from listener.collector import COLLECTORS, Batch, Collector, Tools
from listener.errors import FetchError
from listener.net.client import Client, Limits, open_client
from listener.net.loopback import served
from rules.mention import Mention

PATIENT = Limits(body=2 * 1024 * 1024, connect=timedelta(seconds=20), headers=timedelta(seconds=20))
HASTY = replace(PATIENT, headers=timedelta(seconds=0.4), whole=timedelta(seconds=0.8))
"""For a test that waits for a server that is too slow; any other one would fail on a busy machine."""


def tools(client: Client, *, once: bool = True, name: str = "press", clock: Clock | None = None) -> Tools:
    return Tools(name=name, client=client, clock=clock or Clock(), random=Random(1), once=once)


def built(kind: str, lent: Tools, **options: Any) -> Collector:
    spec = COLLECTORS.spec(kind)
    return spec.build(spec.options.model_validate(options), lent)


@dataclass
class Heard:
    """What came of reading a source from `start` until it ended, failed or there were enough batches."""

    batches: list[Batch] = field(default_factory=list)
    error: FetchError | None = None
    start: str | None = None

    @property
    def mentions(self) -> list[Mention]:
        return [mention for batch in self.batches for mention in batch.mentions]

    @property
    def problems(self) -> list[FetchError]:
        return [problem for batch in self.batches for problem in batch.problems]

    @property
    def skipped(self) -> int:
        return sum(sum((batch.skipped or {}).values()) for batch in self.batches)

    @property
    def cursor(self) -> str | None:
        return next((batch.cursor for batch in reversed(self.batches) if batch.cursor), self.start)


async def hear(collector: Collector, cursor: str | None = None, *, most: int = 1_000) -> Heard:
    heard = Heard(start=cursor)
    async with aclosing(collector.batches(cursor)) as batches:
        try:
            async for batch in batches:
                heard.batches.append(batch)
                if len(heard.batches) >= most:
                    break
        except FetchError as error:
            heard.error = error
    return heard


Reply = web.StreamResponse | str | bytes | int


@dataclass
class Site:
    """A web server of which every path answers with the next of its replies, the last one for good."""

    url: str = ""
    replies: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)

    def answers(self, path: str, *replies: Any) -> str:
        self.replies[path] = list(replies)
        return self.url + path

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        waiting = self.replies.get(request.path, [404])
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        reply = await reply(request) if callable(reply) else reply
        if isinstance(reply, int):
            return web.Response(status=reply)
        if isinstance(reply, tuple):
            status, headers, body = reply
            return web.Response(status=status, headers=headers, body=body)
        if isinstance(reply, (str, bytes)):
            return web.Response(body=reply, content_type="application/xml")
        return reply


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    async with served(app) as site.url:
        yield site


@asynccontextmanager
async def lending(limits: Limits = PATIENT, clock: Clock | None = None) -> AsyncIterator[Client]:
    async with open_client(limits=limits, clock=clock) as client:
        yield client


def rss(*items: str, head: str = "") -> str:
    """An RSS 2.0 document around items."""
    namespaces = (
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {namespaces}><channel><title>Channel</title>'
        f"<link>https://example.org/</link><description>About</description>{head}{''.join(items)}</channel></rss>"
    )


def item(name: object, title: str = "", text: str = "", more: str = "") -> str:
    """An RSS item with a guid that is no address."""
    return (
        f'<item><guid isPermaLink="false">{name}</guid><title>{title}</title>'
        f"<description>{text}</description>{more}</item>"
    )


def atom(*entries: str, head: str = "") -> str:
    """An Atom 1.0 document around entries."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed</title>'
        f"<id>urn:feed</id><updated>2020-01-01T00:00:00Z</updated>{head}{''.join(entries)}</feed>"
    )


def ids(mentions: Sequence[Mention]) -> list[str]:
    return [mention.id for mention in mentions]
