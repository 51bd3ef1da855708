"""Everything that a hostile or broken world sends, to one daemon at once: it lives, hears the others, and says so."""

import asyncio
import json
import zlib
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web

from listener.net.loopback import served
from tests.e2e.daemon import PROGRAM, daemon, until
from tests.e2e.hostile import MIB, rows, said_all, speak, watch
from tests.e2e.surroundings import headers
from tests.servers import free_port, tcp_server

BOUND = 500 * MIB
"""What the daemon may take at most, with all below arriving at once: two thirds of it were seen."""
SECRETS = {"KEY": "the-key-of-the-pushing-program"}
ENTRIES = 2_000
CONFIG = """
daemon: {{data: data, listen: "127.0.0.1:{port}", log: json}}
brands: {{acme: {{query: acme, languages: [en]}}}}
sources:
  healthy: {{kind: file, path: {folder}/healthy.jsonl, follow: true}}
  pushed: {{kind: push, secrets: [!secret env:KEY], max_body: 33554432}}
  lines: {{kind: file, path: {folder}/hostile.jsonl, follow: true}}
  dead: {{kind: feed, urls: ["http://127.0.0.1:{dead}/"], every: 1s, allow_private: true}}
  private: {{kind: feed, urls: ["{site}/feed"], every: 1s}}
  bomb: {{kind: feed, urls: ["{bomb}/bomb"], every: 1s, allow_private: true}}
  long: {{kind: feed, urls: ["{long}/long"], every: 1s, allow_private: true}}
  bytes: {{kind: feed, urls: ["{site}/bytes"], every: 1s, allow_private: true}}
  laughs: {{kind: feed, urls: ["{site}/laughs"], every: 1s, allow_private: true}}
  entity: {{kind: feed, urls: ["{site}/entity"], every: 1s, allow_private: true}}
  names: {{kind: feed, urls: ["{names}/names"], every: 1s, allow_private: true}}
  year: {{kind: feed, urls: ["{year}/year"], every: 1s, allow_private: true}}
  slow: {{kind: feed, urls: ["http://127.0.0.1:{slow}/"], every: 1s, allow_private: true}}
rules: {{many: {{kind: threshold, of: posts, at_least: {{posts: 1000000}}}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


def rss(*items, before=""):
    return f'<?xml version="1.0" encoding="utf-8"?>{before}<rss version="2.0"><channel>{"".join(items)}</channel></rss>'


def item(name, title, more=""):
    return f'<item><guid isPermaLink="false">{name}</guid><title>{title}</title>{more}</item>'


def bomb():
    """300 MB of feed in 300 kB of gzip."""
    packer = zlib.compressobj(1, wbits=31)
    packed = [packer.compress(rss().encode()), *(packer.compress(b" " * MIB) for _ in range(300)), packer.flush()]
    return b"".join(packed)


LAUGHS = "<!DOCTYPE r [<!ENTITY l0 'acme '>" + "".join(
    f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 10)
)


class World:
    """A web site of which every page is an attack."""

    def __init__(self, folder):
        self.url, self.folder, self.asked, self.polls = "", folder, [], 0
        (folder / "private.txt").write_text("the-operator-s-own-words")
        self.pages = {
            "/feed": rss(item("f", "acme")).encode(),
            "/bomb": bomb(),
            "/long": b"<rss><channel><title>" + b"a" * 50 * MIB,
            "/bytes": rss(item("b1", "acme \udcff\udce9\udcc0 said"), item("b2", "acme again")).encode(
                "utf-8", "surrogateescape"
            ),
            "/laughs": rss(item("l", "acme &l9;"), before=LAUGHS + "]>").encode(),
            "/names": rss(item("n", "acme is named", f"<author>{'a' * 10 * MIB}</author>")).encode(),
        }

    async def serve(self, request):
        self.asked.append(request.path)
        if request.path == "/year":
            self.polls += 1
            items = [item(f"y{number}", f"acme entry {number}") for number in range(ENTRIES)]
            return web.Response(body=rss(*items, f"<!-- {self.polls} -->").encode(), content_type="text/xml")
        if request.path == "/entity":
            entities = (
                f'<!ENTITY file SYSTEM "file://{self.folder}/private.txt"><!ENTITY web SYSTEM "{self.url}/never">'
                f'<!ENTITY % dtd SYSTEM "{self.url}/never.dtd"> %dtd;'
            )
            body = rss(item("e", "acme &file; &web;"), before=f"<!DOCTYPE r [{entities}]>").encode()
            return web.Response(body=body, content_type="text/xml")
        packed = {"Content-Encoding": "gzip"} if request.path == "/bomb" else {}
        return web.Response(body=self.pages[request.path], content_type="text/xml", headers=packed)


@asynccontextmanager
async def site(world):
    app = web.Application()
    app.router.add_get("/{path:.*}", world.serve)
    async with served(app) as url:
        yield url


async def drip(reader, writer):
    """A header that never ends."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not reader.at_eof():
        writer.write(b"X-More: more\r\n")
        await writer.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.5)


def hostile_lines():
    """Lines of which four are mentions."""
    yield b'{"id": "' + b"a" * 50 * MIB + b'"}'
    yield b'{"id": "1", "text": "acme", "author": {"handle": "' + b"h" * 10 * MIB + b'"}}'
    yield b'{"id": "2", "text": "acme \xff\xfe"}'
    yield rb'{"id": "3", "text": "acme \ud83d"}'
    yield b"[" * 100_000
    yield b"nothing like JSON"
    yield b'{"id": "4", "text": "acme", "created_at": "0000-01-01T00:00:00Z"}'
    yield json.dumps({"id": "e", "text": "acme " + "💥" * 5_000}).encode()
    yield b'{"id": "1970", "text": "acme", "created_at": "1970-01-01T00:00:00Z"}'
    yield b'{"id": "2099", "text": "acme", "created_at": "2099-01-01T00:00:00Z"}'
    yield b'{"id": "0001", "text": "acme", "created_at": "0001-01-01T00:00:00+14:00"}'


def pushes():
    """Bodies that are all mentions once they are read, but for the first, which holds halves of characters."""
    yield r'[{"id": "s1", "text": "acme \ud83d is here", "author": {"handle": "\udfff", "followers": 7}}]'
    yield r'[{"id": "s2", "text": "acme\u0000 is \u0000 here", "title": "\u0000", "author": {"handle": "\u0000"}}]'
    yield json.dumps([{"id": "s3", "text": "acme", "author": {"handle": "h" * 10 * MIB, "name": "n" * 10 * MIB}}])
    yield json.dumps([{"id": "s4", "text": "acme", "counts": {"likes": 2**62}, "author": {"followers": 2**62}}])
    yield json.dumps([{"id": "s5", "text": "acme", "platform": "p" * MIB, "key": "k" * MIB, "revision": "r" * MIB}])


async def push(running, body):
    data = body.encode()
    url = f"http://127.0.0.1:{running.port}/in/pushed"
    async with running.http.post(url, data=BytesIO(data), headers=headers(SECRETS["KEY"], data)) as answer:
        return answer.status


async def sources(running):
    return {row["source"]: row for row in (await running.run("sources", "--json")).lines}


TROUBLES = {
    "dead": ("reconnecting", "unreachable"),
    "private": ("reconnecting", "forbidden_address"),
    "bomb": ("reconnecting", "too_large"),
    "long": ("reconnecting", "too_large"),
    "slow": ("reconnecting", "timeout"),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc: run it on Linux")
async def test_a_hostile_world_harms_nobody_but_itself(tmp_path):
    (tmp_path / "healthy.jsonl").touch()
    (tmp_path / "hostile.jsonl").write_bytes(b"\n".join(hostile_lines()) + b"\n")
    world, port, heard, peaks, stop = World(tmp_path), free_port(), [], [], asyncio.Event()
    config = tmp_path / "badbuzz.yaml"
    # a site each for what is slow to read: a host is asked for one thing at a time
    async with (
        site(world) as world.url,
        site(world) as bombs,
        site(world) as longs,
        site(world) as names,
        site(world) as year,
        tcp_server(drip) as slow,
    ):
        sites = {"site": world.url, "bomb": bombs, "long": longs, "names": names, "year": year}
        config.write_text(CONFIG.format(folder=tmp_path, port=port, dead=free_port(), slow=slow, **sites))
        async with daemon(config, port, SECRETS) as running:
            async with asyncio.TaskGroup() as group:
                group.create_task(speak(tmp_path, heard, stop))
                group.create_task(watch(running, peaks, stop))
                assert [400, 200, 200, 200, 200] == [await push(running, body) for body in pushes()]
                await until("the feed of the year is read", lambda: world.polls >= 3)
                cursor = len(rows(tmp_path, "select cursor from sources where name = 'year'")[0][0])

                async def told():
                    found = await sources(running)
                    states = {name: (found[name]["state"], found[name]["code"]) for name in TROUBLES}
                    return found if states == TROUBLES else None

                found = await until("every trouble is shown", told, seconds=45)
                await until("the year goes on", lambda: world.polls >= 12, seconds=45)
                stop.set()
            identities = {name for (name,) in rows(tmp_path, "select identity from mentions")}
            later = len(rows(tmp_path, "select cursor from sources where name = 'year'")[0][0])
            await until("the last line is heard", lambda: said_all(tmp_path, heard))
            assert 0 == await running.stop()
            said = running.log
    assert ("live", 7) == (found["lines"]["state"], found["lines"]["unreadable"])
    assert "longer than 1024 KiB" in found["lines"]["detail"] + said
    assert all(found[name]["detail"] for name in TROUBLES)
    assert not [path for path in world.asked if path.startswith("/never")], "no entity is ever fetched"
    assert "the-operator-s-own-words" not in str(rows(tmp_path, "select body from mentions")) + said
    pushed = {f"push:pushed {name}" for name in ("s2", "s3", "s4")}
    assert pushed | {"file:e", "file:1970", "file:2099", "file:0001"} <= identities
    assert later <= cursor * 1.1, "what is remembered of a feed does not grow with the readings"
    assert [(ENTRIES,)] == rows(tmp_path, "select count(*) from seen where source = 'year'")
    assert [(ENTRIES,)] == rows(tmp_path, "select count(*) from mentions where source = 'year'")
    assert "Traceback" not in said
    assert max(peaks) < BOUND, f"{max(peaks) // MIB} MiB at most"


# --- a configuration that cannot be -----------------------------------------------------------------------------------

GOOD = """
daemon: {data: data}
brands: {acme: {query: acme}}
sources: {press: {kind: feed, urls: [http://127.0.0.1:1/feed]}}
rules: {many: {kind: spike}}
channels: {here: {kind: webhook, url: !secret env:HOOK}}
routes: [{to: [here]}]
"""


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (GOOD.replace("{data: data}", "{data: data"), "badbuzz.yaml:3"),
        (GOOD, "HOOK"),
        (GOOD.replace("env:HOOK", "file:/nowhere/at/all"), "/nowhere/at/all"),
        (GOOD.replace("spike", "spyke"), "did you mean"),
        (GOOD.replace("acme}}", "'((('}}"), "query"),
        ("\0\xff\ud83d", "badbuzz.yaml"),
        ("a: &a [*a, *a]\n" * 3, "badbuzz.yaml"),
        ("[" * 20_000, "badbuzz.yaml"),
        ("", "badbuzz.yaml"),
    ],
    ids=["unclosed", "secret", "file", "kind", "query", "bytes", "itself", "deep", "empty"],
)
async def test_a_configuration_that_cannot_be_is_refused_in_plain_words(tmp_path, written, words):
    config = tmp_path / "badbuzz.yaml"
    config.write_bytes(written.encode("utf-8", "surrogatepass"))
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "run", str(config), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 20)
    said = err.decode()
    assert (1, b"") == (process.returncode, out)
    assert "Traceback" not in said
    assert words in said
    assert len(said) < 10_000
