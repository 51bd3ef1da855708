"""What a daemon that is killed listens to and reports to, and what must hold of it afterwards."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, pairwise

import aiohttp
from aiohttp import web

from alerts.outbox import delivery_id
from listener.backtest import replay_store
from listener.store.views import open_views
from rules.inputs import Heard
from tests.servers import free_port

KEY = "a key for the push source"
CONFIG = """
daemon: {{data: data, listen: 127.0.0.1:{port}, log_level: warning{database}}}
operator: {{to: [out]}}
brands:
{brands}sources:
  lines: {{kind: file, path: "{folder}/in.jsonl", follow: true}}
  press: {{kind: feed, urls: ["http://{host}:{fake}/feed"], every: {speed}s, allow_private: true}}
  push:  {{kind: push, secrets: [!secret env:PUSH_KEY], window: 24h}}
rules:
  many: {{kind: threshold, of: posts, window: 1d, at_least: {{posts: 5}}, critical_when: {{posts: 100}}}}
  leak: {{kind: keyword, any: [leak], window: 1d, at_least: {{posts: 3}}, severity: critical}}
  surge: {{kind: spike, of: posts, at_least: {{posts: 5, authors: 3}}}}
{probes}channels:
  out: {{kind: webhook, url: !secret env:HOOK_URL, secret: !secret env:HOOK_KEY, allow_private: true}}
routes:
  - {{to: [out]}}
"""


@dataclass
class World:
    """What the daemon listens to and reports to; outlives it."""

    folder: object
    sent: set = field(default_factory=set)
    feed: list = field(default_factory=list)
    delivered: list = field(default_factory=list)
    life: int = 0
    excused: float = 0
    """How often the same may be told again now: who takes over cannot know what was told a moment ago."""
    repeats: dict = field(default_factory=dict)
    """How often it might be in each life."""
    port: int = 0
    fake: int = 0
    database: str = ""
    lease: str = "3s"
    kafka: str = ""
    """The brokers between its roles."""
    speed: int = 1
    others: list = field(default_factory=list)
    """Ports of machines beside the first."""
    doors: list = field(default_factory=list)
    """Addresses of all that take what is pushed, where they are not those."""
    host: str = "127.0.0.1"
    """Where the world itself is reached."""
    brands: tuple = ("acme",)
    query: str = "acme"
    """What all of them are after; each is after its own name where it is empty."""
    parts: int = 1
    probes: int = 0
    """How many rules there are that one word opens: to see how long it takes until it is told."""
    words: dict = field(default_factory=dict)
    """What certain mentions say, by their number."""
    dialled: str = ""
    """How processes reach the database, where not as the test does."""

    @contextmanager
    def trouble(self, excused):
        """What is on the wire when it begins arrives in the midst of it, and may be told once more."""
        self.life, self.excused = self.life + 1, excused
        yield
        self.life, self.excused = self.life + 1, 0

    @property
    def where(self):
        return self.database or self.folder / "data"

    @property
    def environ(self):
        hook, database = f"http://{self.host}:{self.fake}/hook", self.dialled or self.database
        return {"PUSH_KEY": KEY, "HOOK_URL": hook, "HOOK_KEY": "the webhook's own key", "DATABASE": database}

    def write_config(self):
        self.port = free_port()
        (self.folder / "in.jsonl").touch()
        config = self.folder / "badbuzz.yaml"
        config.write_text(
            CONFIG.format(
                folder=self.folder,
                port=self.port,
                host=self.host,
                fake=self.fake,
                speed=self.speed,
                brands="".join(
                    f"  {brand}: {{query: {self.query or brand}, languages: [en]}}\n" for brand in self.brands
                ),
                probes="".join(
                    f"  probe{number}: {{kind: keyword, any: [probe{number}], window: 1d, at_least: {{posts: 1}}}}\n"
                    for number in range(self.probes)
                ),
                database=(f", database: !secret env:DATABASE, lease: {self.lease}" if self.database else "")
                + (f", kafka: {{brokers: [{self.kafka}], {self._topics}}}" if self.kafka else ""),
            )
        )
        return config

    @property
    def _topics(self):
        return f"topics: {self.folder.name}, parts: {self.parts}"

    def number(self, name):
        return int(re.search(r"\d+$", name)[0])

    def text(self, number):
        return f"acme {self.words.get(number) or ('leak' if number % 7 == 0 else 'is slow')} {number}"

    def say_in_file(self, number):
        name = f"f{len(self.sent)}-{number}"
        self.sent.add(f"file:{name}")
        said = {"id": name, "text": self.text(number), "author": {"handle": f"u{number}"}}
        with (self.folder / "in.jsonl").open("a") as file:
            file.write(json.dumps(said) + "\n")

    def say_in_feed(self, number):
        url = f"http://acme.example/{number}"
        self.sent.add(f"feed:{url}")
        moment = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
        title = f"<title>{self.text(number)}</title><pubDate>{moment}</pubDate>"
        self.feed.append(f"<item><guid>{url}</guid><link>{url}</link>{title}</item>")

    async def push(self, session, *numbers):
        """One push of so many mentions, until it is taken."""
        names = {f"p{len(self.sent)}-{place}-{number}": number for place, number in enumerate(numbers)}
        said = [{"id": name, "text": self.text(n), "author": {"handle": f"u{n}"}} for name, n in names.items()]
        body = json.dumps(said).encode()
        self.sent.update(f"push:push {name}" for name in names)
        for address in cycle(self.doors or [f"127.0.0.1:{port}" for port in (self.port, *self.others)]):
            stamp = str(int(time.time()))
            signature = hmac.new(KEY.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            headers = {"X-Badbuzz-Timestamp": stamp, "X-Badbuzz-Signature": f"sha256={signature}"}
            try:
                async with session.post(f"http://{address}/in/push", data=body, headers=headers) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.02)

    async def serve_feed(self, _request):
        items = "".join(reversed(self.feed))
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml")

    async def take_hook(self, request):
        body = await request.json()
        self.repeats[self.life] = self.excused
        self.delivered.append((self.life, request.headers["Idempotency-Key"], body))
        return web.Response()


@asynccontextmanager
async def world(folder, host="127.0.0.1"):
    the_world = World(folder, host=host)
    app = web.Application()
    app.add_routes([web.get("/feed", the_world.serve_feed), web.post("/hook", the_world.take_hook)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0).start()
        the_world.fake = runner.addresses[0][1]
        yield the_world
    finally:
        await runner.cleanup()


class Lives:
    """The program that runs one daemon after the other."""

    def __init__(self, process, the_world):
        self.process, self.world = process, the_world

    async def order(self, **words):
        self.world.life += 1
        await self._tell(words)
        return (await self._hear())["pid"]

    async def die(self, **words):
        await self.order(**words)
        return (await self._hear())["exit"]

    async def stop(self):
        await self._tell({"stop": True})
        return (await self._hear())["exit"]

    async def _tell(self, words):
        self.process.stdin.write((json.dumps(words) + "\n").encode())
        await self.process.stdin.drain()

    async def _hear(self):
        line = await asyncio.wait_for(self.process.stdout.readline(), 60)
        return json.loads(line)


@asynccontextmanager
async def lives(the_world, config):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.lives",
        str(config),
        str(the_world.speed),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | the_world.environ,
        start_new_session=True,
    )
    try:
        yield Lives(process, the_world)
    finally:
        # with the daemon that it began, which would go on by itself
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def talk(the_world, stop, limit):
    """Post in all three places, steadily, until stopped; each push insists until it is taken."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        number = 0
        while not stop.is_set() and number < limit:
            number += 1
            the_world.say_in_file(number)
            if number % 3 == 0:
                the_world.say_in_feed(number)
            if number % 5 == 0:
                await the_world.push(session, number)
            await asyncio.sleep(0.02)


async def until(condition, seconds=60.0):
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


def views_of(the_world):
    return views_at(the_world.where)


@asynccontextmanager
async def views_at(where):
    views = open_views(where)
    try:
        yield views
    finally:
        await views.close()


async def counted(views, brand="acme"):
    """How often each mention was."""
    return Counter([entry.facts.mention async for _, entry in views.log(brand) if isinstance(entry, Heard)])


async def is_ready(the_world):
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"http://127.0.0.1:{the_world.port}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


async def is_told(the_world):
    """Whether all that was sent is counted, and all that follows is delivered."""
    async with views_of(the_world) as views:
        for brand in the_world.brands:
            if not set(await counted(views, brand)) >= the_world.sent:
                return False
        return not await views.deliveries(state="due")


async def settle(the_world, daemon, seconds=60.0, after=None):
    """Let the last daemon catch up with all that was sent and deliver all of it."""

    async def caught_up():
        return await is_ready(the_world) and await is_told(the_world)

    await daemon.order()
    if after:
        await after
    complete = await until(caught_up, seconds)
    assert 0 == await daemon.stop()
    return complete


async def check(the_world):
    """Every promise about crashes."""
    async with views_of(the_world) as views:
        heard = {brand: await counted(views, brand) for brand in the_world.brands}
        kept = {each.mention.identity for each in await views.mentions(limit=100_000)}
        steps = [step async for step in views.transitions()]
        replays = [replay async for replay in replay_store(views, the_world.parts if the_world.kafka else 0)]
    for brand, counts in heard.items():
        assert the_world.sent == set(counts), f"every mention is counted, no other is: {brand}"
        assert [] == [name for name, count in counts.items() if count > 1], f"none is counted twice: {brand}"
    assert the_world.sent == kept
    assert all(replay.equal for replay in replays), "the log explains every transition, byte for byte"
    told = Counter(key for _, key, _ in the_world.delivered)
    names = {step.id: delivery_id(step.id, "out") for step in steps}
    overtaken = {
        names[a.id] for a, b in pairwise(by_life_of_incident(steps)) if (a.incident, a.at) == (b.incident, b.at)
    }
    assert set(names.values()) - overtaken <= set(told), "every step is told, or the one it led to at the same instant"
    assert set(told) <= set(names.values()), "nothing else is told"
    by_life = Counter((life, key) for life, key, _ in the_world.delivered)
    repeated = [key for (life, key), count in by_life.items() if count > 1 + the_world.repeats[life]]
    assert [] == repeated, "repeats only after a crash"
    bodies = {key: body["groupKey"] for _, key, body in the_world.delivered}
    assert all(body["groupKey"] == bodies[key] for _, key, body in the_world.delivered)
    return steps


async def is_sound(the_world):
    try:
        await check(the_world)
    except AssertionError:
        return False
    return True


def by_life_of_incident(steps):
    return sorted(steps, key=lambda step: (step.incident, step.step))


def shape(steps, rule):
    return [(step.state, step.severity, step.evidence.count) for step in steps if step.rule == rule]


async def readings(the_world):
    """The numbers of the mentions that were counted, transaction by transaction."""
    grouped = {}
    async with views_of(the_world) as views:
        async for _, entry in views.log("acme"):
            if isinstance(entry, Heard):
                grouped.setdefault(entry.at, []).append(the_world.number(entry.facts.mention))
    return list(grouped.values())


async def uninterrupted(folder, groups):
    """The transitions of a daemon that hears the same in the same transactions and that nobody kills."""
    folder.mkdir()
    async with world(folder) as quiet:
        config = quiet.write_config()
        async with lives(quiet, config) as daemon, aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            talking = group.create_task(each_in_turn(quiet, session, groups))
            assert await settle(quiet, daemon, after=talking)
        return await check(quiet)


async def each_in_turn(the_world, session, groups):
    for numbers in groups:
        await the_world.push(session, *numbers)
