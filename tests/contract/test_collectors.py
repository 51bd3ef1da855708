"""Every collector keeps every promise of its port. A new collector is added to `STAGES`."""

import asyncio
import gzip
import hmac
import inspect
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from listener.clock import Clock
from listener.collector import COLLECTORS, Batch, Collector
from listener.errors import FetchError, SourceState
from listener.mock.bluesky import Jetstream
from listener.mock.mastodon import Mastodon
from listener.mock.statuses import id_of
from listener.mock.world import Account, Said, World
from listener.net.client import Client
from listener.net.loopback import served
from rules.mention import Mention
from tests.collecting import Heard, built, hear, ids, item, lending, rss, serving, tools

KINDS = COLLECTORS.kinds()
KEY = "a-long-random-key"
STATES = set(SourceState.__args__)  # type: ignore[attr-defined]
RUBBISH = {
    "empty": b"",
    "blank": b"  \n\n",
    "not text": bytes(range(256)) * 10,
    "page": b"<!doctype html><html><body>Accept our cookies</body></html>",
    "cut": b'[{"id": "1", "text": "on',
    "wrong shape": b'{"id": ["1"], "text": {"a": 1}}',
    "deep": b"[" * 100_000,
    "long line": b"x" * 6_000_000,
    "bomb": gzip.compress(b"\0" * 50_000_000, 1),
    "nulls": b"\0" * 10_000,
}


class Stage:
    """A place to listen to, as one kind of source finds it: what it holds can be set, and the kind be built on it."""

    kind = ""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client, self.folder = client, folder

    async def show(self, entries: Sequence[tuple[str, str]]) -> None:
        """Everything there is now, oldest first, as (id, text)."""
        raise NotImplementedError

    async def show_raw(self, body: bytes) -> None:
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        raise NotImplementedError

    def collector(self, *, once: bool = True) -> Collector:
        return built(self.kind, tools(self.client, once=once), **self.options())

    async def hear(self, cursor: str | None = None, most: int = 1_000) -> Heard:
        return await hear(self.collector(), cursor, most=most)


class FeedStage(Stage):
    kind = "feed"

    async def show(self, entries):
        await self.show_raw(rss(*(item(name, f"Title {name}", text) for name, text in reversed(entries))).encode())

    async def show_raw(self, body):
        self.site.answers("/feed", body)

    def options(self):
        return {"urls": [self.site.url + "/feed"], "allow_private": True}


class FileStage(Stage):
    kind = "file"

    async def show(self, entries):
        # a file is a log: what was written stays, and an edit is one more line
        lines = [{"id": name, "text": text, "revision": text} for name, text in entries]
        known = getattr(self, "written", [])
        self.written = known + [line for line in lines if line not in known]
        (self.folder / "m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.written))

    async def show_raw(self, body):
        (self.folder / "m.jsonl").write_bytes(body)

    def options(self):
        return {"path": str(self.folder / "m.jsonl")}


class PushStage(Stage):
    """Whoever pushes repeats what was not answered with 200, so what is shown is pushed until it was taken."""

    kind = "push"
    body = b"[]"

    async def show(self, entries):
        new = [entry for entry in entries if entry not in getattr(self, "taken", [])]
        self.pending = new
        self.body = json.dumps([{"id": name, "text": text, "revision": text} for name, text in new]).encode()

    async def show_raw(self, body):
        self.body = body

    def options(self):
        return {"secrets": [KEY]}

    async def hear(self, cursor=None, most=1):
        del cursor, most  # a push has no past
        collector, heard = self.collector(once=False), Heard()
        async with pushing(collector, self.body) as answer:
            listening = asyncio.ensure_future(self._listen(collector, heard))
            status = await answer()
            if status == 200:
                self.taken = [*getattr(self, "taken", []), *getattr(self, "pending", [])]
            else:
                heard.error = FetchError(f"refused with {status}", code=str(status))
            listening.cancel()
            await asyncio.wait([listening])
        return heard

    async def _listen(self, collector, heard):
        async with aclosing(collector.batches(None)) as batches:
            async for batch in batches:
                heard.batches.append(batch)


class HackerNewsStage(Stage):
    """Every entry is a comment; its number there is the order in which it was first shown."""

    kind = "hackernews"

    async def show(self, entries):
        before, self.shown = getattr(self, "shown", {}), dict(entries)
        self.numbers = {name: place for place, name in enumerate({**before, **self.shown}, 1)}
        for name, text in entries:
            said = {"id": self.numbers[name], "type": "comment", "text": text}
            self.site.answers(f"/item/{self.numbers[name]}.json", json.dumps(said))
        changed = [self.numbers[name] for name, text in entries if before.get(name, text) != text]
        self.site.answers("/maxitem.json", str(len(self.numbers)))
        self.site.answers("/updates.json", json.dumps({"items": changed, "profiles": []}))

    async def show_raw(self, body):
        for path in ("/maxitem.json", "/updates.json", "/item/1.json"):
            self.site.answers(path, body)

    def options(self):
        return {"items_url": self.site.url, "recent": 1_000, "allow_private": True}

    async def hear(self, cursor=None, most=1_000):
        heard = await super().hear(cursor, most)
        names = {str(number): name for name, number in getattr(self, "numbers", {}).items()}
        for place, batch in enumerate(heard.batches):
            named = [msgspec.structs.replace(mention, id=names[mention.id]) for mention in batch.mentions]
            heard.batches[place] = replace(batch, mentions=named)
        return heard


@asynccontextmanager
async def pushing(collector: Collector, body: bytes) -> AsyncIterator[Any]:
    app = web.Application()
    app.add_routes([web.route(route.method, "/in", route.handler) for route in collector.routes()])
    async with served(app) as url:
        stamp = str(Clock().now() // 1_000_000)
        digest = hmac.new(KEY.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
        headers = {"X-Badbuzz-Timestamp": stamp, "X-Badbuzz-Signature": f"sha256={digest}"}

        async def answer() -> int:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{url}/in", data=BytesIO(body), headers=headers) as response,
            ):
                return response.status

        yield answer


class MastodonStage(Stage):
    """The names of the contract stand for the ids that the server gives."""

    kind = "mastodon"

    def __init__(self, client, folder):
        super().__init__(client, folder)
        self.world, self.made = World(Clock().now), {}
        self.mock = Mastodon(world=self.world)

    async def show(self, entries):
        self.site.answers("/api/v1/timelines/tag/acmeair", self.mock.tag)
        for name, text in entries:
            if name not in self.made:
                self.made[name] = self.world.say(f"{text} #acmeair", Account(handle="anna")).key
            elif self.world.post(self.made[name]).text != f"{text} #acmeair":
                self.world.edit(self.made[name], f"{text} #acmeair")

    async def show_raw(self, body):
        self.site.answers("/api/v1/timelines/tag/acmeair", body)

    def options(self):
        return {"server": self.site.url, "tags": ["acmeair"], "allow_private": True}

    async def hear(self, cursor=None, most=1_000):
        heard = await super().hear(cursor, most)
        names = {id_of(self.world.post(key)): name for name, key in self.made.items()}
        heard.batches = [
            replace(batch, mentions=[self._named(each, names) for each in batch.mentions]) for batch in heard.batches
        ]
        return heard

    def _named(self, mention, names):
        text = mention.text.removesuffix(" #acmeair")
        return msgspec.structs.replace(mention, id=names[mention.id], text=text)


class BlueskyStage(Stage):
    """The mock Jetstream; addresses of posts are translated back to the names they were shown under."""

    kind = "bluesky"

    def __init__(self, client, folder):
        super().__init__(client, folder)
        now = Clock().now()
        self.clock = Clock(origin=now, started=now, speed=10)
        self.world = World(self.clock.now)
        self.jetstream = Jetstream(self.world, clock=self.clock)
        self.posts: dict[str, Said] = {}

    async def show(self, entries):
        for name, text in entries:
            if name not in self.posts:
                self.posts[name] = self.world.say(text, Account(handle="anna.example"))
            elif self.posts[name].text != text:
                self.posts[name] = self.world.edit(self.posts[name].key, text)
        self.site.answers("/subscribe", self.jetstream.subscribe)

    async def show_raw(self, body):
        async def say(request):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.send_bytes(body)
            async for _ in socket:
                pass
            return socket

        self.site.answers("/subscribe", say)

    def options(self):
        return {"server": self.site.url, "version": "1", "allow_private": True}

    def collector(self, *, once=True):
        return built(self.kind, tools(self.client, once=once, clock=self.clock), **self.options())

    async def hear(self, cursor=None, most=1_000):
        heard = await hear(self.collector(), cursor, most=most)
        names = {self.jetstream.log.uri(post): name for name, post in self.posts.items()}
        heard.batches = [
            replace(batch, mentions=[msgspec.structs.replace(each, id=names[each.id]) for each in batch.mentions])
            for batch in heard.batches
        ]
        return heard


STAGES = {
    "bluesky": BlueskyStage,
    "feed": FeedStage,
    "file": FileStage,
    "hackernews": HackerNewsStage,
    "mastodon": MastodonStage,
    "push": PushStage,
}


@pytest.fixture(params=KINDS)
async def stage(request, tmp_path):
    async with lending() as client, serving() as site:
        made = STAGES[request.param](client, tmp_path)
        made.site = site
        yield made


def entries(*numbers: int, text: str = "text") -> list[tuple[str, str]]:
    return [(f"n{number}", f"{text} {number}") for number in numbers]


def open_files() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def latest(mentions: Sequence[Mention]) -> dict[str, str]:
    """What a store holds after these: one text an identity, each revision taken once."""
    held, seen = {}, set()
    for mention in mentions:
        if (mention.identity, mention.revision) not in seen:
            seen.add((mention.identity, mention.revision))
            held[mention.id] = mention.text
    return held


@pytest.mark.parametrize("kind", KINDS)
def test_its_example_is_valid_and_it_describes_itself(kind):
    spec = COLLECTORS.spec(kind)
    assert spec.kind == kind
    assert spec.options.model_validate(spec.example)
    assert spec.summary
    assert inspect.getdoc(spec.build)
    assert hasattr(spec.options.model_validate(spec.example), "every") == spec.polled


async def test_it_is_built_without_io_and_routes_need_no_listening(stage):
    before = len(open_files())
    assert isinstance(stage.collector().routes(), Sequence)
    assert len(open_files()) == before


async def test_everything_is_heard_once_with_the_sources_name_and_whole_times(stage):
    await stage.show(entries(*range(700)))
    heard = await stage.hear()
    assert sorted(ids(heard.mentions)) == sorted(name for name, _ in entries(*range(700)))
    assert {mention.source for mention in heard.mentions} == {"press"}
    assert all(mention.observed_at.tzinfo for mention in heard.mentions)
    assert heard.error is None


async def test_after_its_cursor_there_is_neither_loss_nor_repeat(stage):
    await stage.show(entries(1, 2, 3))
    first = await stage.hear()
    await stage.show(entries(1, 2, 3, 4, 5))
    second = await stage.hear(first.cursor)
    assert sorted(ids(first.mentions)) == ["n1", "n2", "n3"]
    assert sorted(ids(second.mentions)) == ["n4", "n5"]


async def test_what_was_not_committed_is_heard_again_under_the_same_identity(stage):
    await stage.show(entries(1, 2))
    before = (await stage.hear()).cursor
    await stage.show(entries(1, 2, 3))
    lost = await stage.hear(before)
    if stage.kind == "push":  # the sender repeats it
        stage.taken = entries(1, 2)
        await stage.show(entries(1, 2, 3))
    again = await stage.hear(before)
    names = [[(mention.identity, mention.revision) for mention in heard.mentions] for heard in (lost, again)]
    assert names[0] == names[1]
    assert ids(again.mentions) == ["n3"]


async def test_edits_converge(stage):
    cursor, mentions = None, []
    for text in ("first", "second", "third"):
        await stage.show(entries(1, 2, text=text))
        heard = await stage.hear(cursor)
        cursor, mentions = heard.cursor or cursor, mentions + heard.mentions
    assert latest(mentions) == {"n1": "third 1", "n2": "third 2"}


@pytest.mark.parametrize("body", RUBBISH.values(), ids=RUBBISH.keys())
async def test_rubbish_is_a_typed_error_or_a_counted_skip(stage, body):
    await stage.show_raw(body)
    heard = await stage.hear()
    assert heard.mentions == []
    for problem in [*heard.problems, *([heard.error] if heard.error else [])]:
        assert problem.state in STATES
        assert len(str(problem)) < 1_000


async def test_after_rubbish_it_goes_on_from_the_same_cursor(stage):
    await stage.show(entries(1))
    first = await stage.hear()
    if stage.kind == "feed":
        await stage.show_raw(RUBBISH["page"])
        first = Heard([*(await stage.hear(first.cursor)).batches])
    await stage.show(entries(1, 2))
    assert ids((await stage.hear(first.cursor)).mentions) == ["n2"]


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_ending_it_releases_everything(stage, how):
    await stage.show(entries(1))
    files, tasks = open_files(), asyncio.all_tasks()
    started: asyncio.Queue[Batch] = asyncio.Queue()

    async def listen():
        async with aclosing(stage.collector(once=False).batches(None)) as batches:
            async for batch in batches:
                started.put_nowait(batch)
                if how == "close":
                    break
            await asyncio.sleep(0)

    listening = asyncio.ensure_future(listen())
    if stage.kind != "push":
        await asyncio.wait_for(started.get(), 5)
    if how == "cancel" or stage.kind == "push":
        await asyncio.sleep(0)
        listening.cancel()
    await asyncio.wait([listening], timeout=5)
    assert listening.done()
    assert {task for task in asyncio.all_tasks() - tasks if task.get_coro().__qualname__.startswith("Fe")} == set()
    if stage.kind == "file":
        assert open_files() <= files
