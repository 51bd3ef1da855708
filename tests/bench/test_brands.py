"""What a daemon of ten thousand brands takes to start and holds, and that nothing stands still while it is reloaded."""

import asyncio
import gc
import hmac
import json
import os
import signal
import time
import tracemalloc
import urllib.request
from collections.abc import Awaitable
from contextlib import suppress
from hashlib import sha256
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import pytest

from listener.agenda.reading import setup_at
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.observe.metrics import Metrics
from listener.pipeline.engines import Engines
from listener.service import run
from tests.bench.daemon import show
from tests.bench.queries import Brand, brands
from tests.bench.texts import afresh, resident
from tests.servers import free_port

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SIZES, PAUSE, QUIET = (1, 1_000, 10_000), 0.05, 12.0
CHANGED = 1_000
READERS, FOLLOWED = 10, 5.0
"""Open pages, and seconds."""
MOST_STALL = 0.05
"""Seconds of processor time, of all threads together."""
HELD, MOST_HELD, AT = 2_000, 4.0, 1_800_000_000_000_000
TITLES = {
    "idle": "nothing but mentions: took, longest stall, longest wait of a mention",
    "scraped": "Prometheus asks",
    "page": "somebody opens the page, looks for a brand, opens an incident",
    "live": f"{READERS} open pages, each of which looks for something else, hear of each mention",
    "same": "a reload of the same",
    "one": "a reload with one changed brand",
    "many": f"a reload with {CHANGED:,} changed brands",
    "all": "a reload with all brands changed",
}
CONFIGURATION = """
daemon: {{data: {data}, listen: "127.0.0.1:{port}", time_zone: Europe/Paris, log_level: error}}
operator: {{to: [screen]}}
brands:
{brands}
sources: {{said: {{kind: push, secrets: [bench]}}}}
rules:
  bad-buzz: {{kind: spike, of: negative}}
  recall: {{kind: keyword, any: [boycott*], watch_only: until 2099-12-31}}
channels: {{screen: {{kind: console}}}}
routes: [{{to: [screen]}}]
"""


def written(folder: Path, drawn: dict[str, Brand], port: int, *, changed: int = 0) -> Path:
    lines = []
    for number, (name, brand) in enumerate(drawn.items()):
        query = json.dumps(f"{brand.query} -unheard" if number < changed else brand.query, ensure_ascii=False)
        lines.append(f"  {name}: {{query: {query}, own_accounts: ['@{name}']}}")
    config = folder / "badbuzz.yaml"
    config.write_text(CONFIGURATION.format(data=folder / "data", port=port, brands="\n".join(lines)), encoding="utf-8")
    return config


def push(port: int, text: str, waits: Connection) -> None:
    """Says one mention after the other, and how long each waited for its answer: it is then judged and stored."""
    number = 0
    while True:
        number += 1
        begun = time.monotonic()
        say(port, str(number), text)
        waits.send(time.monotonic() - begun)
        time.sleep(PAUSE)


def say(port: int, name: str, text: str) -> None:
    stamp, body = str(int(time.time())), json.dumps({"id": name, "text": text}).encode()
    sign = hmac.new(b"bench", f"{stamp}.".encode() + body, sha256).hexdigest()
    asked(port, "/in/said", body, {"X-Badbuzz-Timestamp": stamp, "X-Badbuzz-Signature": f"sha256={sign}"})


def asked(port: int, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers or {})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return answer.read()


async def heard(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as answer:
        with suppress(TimeoutError):
            async with asyncio.timeout(FOLLOWED):
                async for _ in answer.content.iter_any():
                    pass


class Watched:
    """A daemon in this process, of which the loop is looked at every millisecond, while another process says things."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._port, self._drawn = folder, free_port(), brands(count)
        self._longest, self.found = 0.0, dict[str, float]()

    async def measure(self) -> dict[str, float]:
        config = written(self._folder, self._drawn, self._port)
        begun = time.process_time()
        examine(config, CATALOGS)
        self.found["check"], self.found["before"] = time.process_time() - begun, resident()
        begun = time.process_time()
        daemon = asyncio.create_task(run(config))
        await self._started()
        self.found["start"], self.found["ready"] = time.process_time() - begun, resident()
        looking = asyncio.create_task(self._look())
        self._waits, theirs = Pipe(duplex=False)
        text = next(iter(self._drawn.values())).named[0]
        sender = get_context("spawn").Process(target=push, args=(self._port, text, theirs))
        sender.start()
        await asyncio.to_thread(self._waits.recv)  # words of tones are read with the first mention
        await self._during("idle", asyncio.sleep(QUIET))
        await self._during("scraped", self._scrape())
        await asyncio.to_thread(say, self._port, "incident", f"{text} boycott")
        await self._during("page", self._look_in())
        await self._during("live", self._follow())
        await self._during("same", self._reload())
        written(self._folder, self._drawn, self._port, changed=1)
        await self._during("one", self._reload())
        written(self._folder, self._drawn, self._port, changed=CHANGED)
        await self._during("many", self._reload())
        written(self._folder, self._drawn, self._port, changed=len(self._drawn))
        await self._during("all", self._reload())
        self.found["held"] = resident()
        sender.kill()
        looking.cancel()
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon
        return self.found

    async def _started(self) -> None:
        while True:
            with suppress(OSError):
                await asyncio.to_thread(asked, self._port, "/readyz")
                return
            await asyncio.sleep(0.05)

    async def _scrape(self) -> None:
        await asyncio.to_thread(asked, self._port, "/metrics")

    async def _look_in(self) -> None:
        for path in ("/", "/?lang=en&page=7", "/?brand=brand-99", "/i/1"):
            await asyncio.to_thread(asked, self._port, path)

    async def _follow(self) -> None:
        """Chunks come for as long as mentions do."""
        urls = [f"http://127.0.0.1:{self._port}/events?brand=brand-{number}" for number in range(READERS)]
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(heard(session, url))

    async def _reload(self) -> None:
        await asyncio.to_thread(asked, self._port, "/-/reload", b"")
        await asyncio.sleep(1)  # what of it is still to be brought to the brands

    async def _during(self, what: str, work: Awaitable[None]) -> None:
        self._longest, begun = 0.0, time.monotonic()
        await work
        self.found[f"{what} stall"], self.found[f"{what} took"] = self._longest, time.monotonic() - begun
        waits = [self._waits.recv() for _ in iter(self._waits.poll, False)]
        self.found[f"{what} wait"] = max(waits, default=0)

    async def _look(self) -> None:
        """In processor time of the whole process, since what else goes on in the machine is no fault of it."""
        while True:
            begun = time.process_time()
            await asyncio.sleep(0.001)
            self._longest = max(self._longest, time.process_time() - begun)


def measure(folder: Path, count: int) -> dict[str, float]:
    folder.mkdir()
    return asyncio.run(Watched(folder, count).measure())


def in_words(found: dict[str, float], what: str) -> str:
    stall, wait = (found[f"{what} {each}"] * 1e3 for each in ("stall", "wait"))
    return f"{found[f'{what} took']:.1f} s, {stall:.0f} ms, {wait:.0f} ms"


def test_what_a_daemon_of_ten_thousand_brands_costs(tmp_path):
    found = {count: afresh(measure, tmp_path / str(count), count) for count in SIZES}
    alone = found[SIZES[0]]
    for count, each in found.items():
        show(
            f"a daemon of {count:,} brands",
            (
                ("to check, to start (processor time)", f"{each['check']:.1f}, {each['start']:.1f} s"),
                ("resident once ready, and after four reloads", f"{each['ready']:.0f}, {each['held']:.0f} MiB"),
                ("... more than with one brand, a brand", f"{(each['ready'] - alone['ready']) * 1024 / count:.1f} kB"),
                *((title, in_words(each, what)) for what, title in TITLES.items()),
            ),
        )
    assert max(found[SIZES[-1]][f"{what} stall"] for what in TITLES) <= MOST_STALL


def held(folder: Path, count: int) -> dict[str, float]:
    """kB a brand, as Python counts them, of one thing after the other."""
    folder.mkdir()
    examine(written(folder, brands(60), 1), CATALOGS)  # what is read once
    config, found = written(folder, brands(count), 1), dict[str, float]()
    tracemalloc.start()

    def note(what: str) -> None:
        gc.collect()
        found[what] = tracemalloc.get_traced_memory()[0] / count / 1000 - sum(found.values())

    note("before")
    loaded, _ = examine(config, CATALOGS)
    assert loaded
    settings, loaded = loaded.settings, None
    note("settings")
    setup = setup_at(AT, settings)
    note("queries, index, plans")
    engines, metrics = Engines(), Metrics(version="", now=lambda: AT)
    engines.apply(engines.configure(setup.plans, AT))
    note("engines")
    metrics.brands.watch(setup.plans.keys())
    for brand in setup.plans:
        metrics.mentions_taken("said", brand, [("negative", 0)])
    note("metrics, once each was heard")
    return found


def test_what_is_held_of_each_brand(tmp_path):
    found = afresh(held, tmp_path / "held", HELD)
    show(f"kB a brand, of {HELD:,}", ((what, f"{each:.1f}") for what, each in found.items() if what != "before"))
    assert found["settings"] + found["queries, index, plans"] <= 2 * MOST_HELD
