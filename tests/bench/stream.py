"""The firehose through the real program, in a process of its own: from memory, and over a WebSocket of the mock."""

import asyncio
import json
import logging
import os
import re
import socket
import struct
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from hashlib import sha1
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection as Connector
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, thread_time
from typing import Any, cast

import structlog

from config.settings import Settings
from listener.app import load_checked
from listener.bluesky.connect import Connection
from listener.bluesky.place import Place
from listener.clock import Clock
from listener.collector import COLLECTORS, Tools
from listener.garbage import settle
from listener.net.stream import Socket
from listener.observe.masking import Masking
from listener.observe.systemd import Supervisor as Systemd
from listener.parts import Opening, Parts, opened
from listener.pipeline.sifting import Afar
from listener.pipeline.supervise import Supervisor
from listener.pool.pool import Pool, workers
from listener.store.address import store_address
from listener.store.store import open_store
from rules.instant import SECOND
from tests.bench.firehose import frames
from tests.bench.queries import Brand
from tests.bench.texts import read_packs
from tests.processes import children

FIRST = 2_000
CONFIG = """
daemon: {{data: {folder}/data, listen: "127.0.0.1:0", log: json}}
operator: {{to: [screen]}}
sources:
  before: {{kind: bluesky, server: "ws://127.0.0.1:9", version: 1, allow_private: true}}
  sky: {{kind: bluesky, server: "{server}", version: 1, compress: false, allow_private: true}}
rules:
  bad-buzz: {{kind: spike, of: negative, at_least: {{posts: 8, authors: 5}}, critical_when: {{times_usual: 10}}}}
  recall: {{kind: keyword, any: [boycott*, "rappel produit", "fuite de données", "data breach"], severity: critical}}
  crowd: {{kind: threshold, of: posts, window: 15m, at_least: {{posts: 200, authors: 50}}, severity: info}}
channels:
  screen: {{kind: console}}
routes:
  - {{to: [screen]}}
brands:
"""


def configured(folder: Path, named: dict[str, Brand], server: str) -> Path:
    """A configuration with these brands and one stream."""
    brands = "".join(
        f"  {name}: {{query: {_quoted(brand.query)}, languages: [fr, en]}}\n" for name, brand in named.items()
    )
    file = folder / "badbuzz.yaml"
    file.write_text(CONFIG.format(folder=folder, server=server) + brands, encoding="utf-8")
    return file


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Memory:
    """Stands in for a socket: frames that are there already."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames, self._at = frames, 0

    async def receive_many(self, most: int, _room: int, _window: float) -> Sequence[bytes]:
        await asyncio.sleep(0)
        taken = self._frames[self._at : self._at + most]
        self._at += len(taken)
        if not taken:
            await asyncio.Event().wait()
        return taken


class Remembered:
    """Stands in for the network."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames = frames

    @asynccontextmanager
    async def open(self, *_: object, **__: object) -> AsyncGenerator[Connection, None]:
        socket = cast("Socket", Memory(self._frames))
        yield Connection(1, lost=False, socket=socket, inflater=None)


def serve(frames: Sequence[bytes], address: Connector) -> None:
    """A WebSocket server that says everything to each who comes, as fast as it is taken."""
    listening = socket.create_server(("127.0.0.1", 0))
    address.send(f"ws://127.0.0.1:{listening.getsockname()[1]}")
    said = b"".join(bytes((0x81, 126)) + struct.pack("!H", len(frame)) + frame for frame in frames)
    while True:
        client, _ = listening.accept()
        request = client.recv(65_536)
        [key] = re.findall(rb"(?i)sec-websocket-key: (\S+)", request)
        accepted = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        client.sendall(head + b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n")
        client.sendall(said)


@contextmanager
def served(frames: Sequence[bytes]) -> Iterator[str]:
    """The address of such a server, in a process of its own."""
    here, there = Pipe()
    process = get_context("spawn").Process(target=serve, args=(frames, there), daemon=True)
    process.start()
    yield here.recv()
    process.terminate()


async def all_there(pool: Pool, most: int) -> None:
    """Return once so many workers are ready."""
    pool.want()
    while pool.ready < most:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.01)


def workers_time() -> float:
    """Seconds of the processor that processes of this one have used which still run."""
    spent = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in children()]
    return sum(int(ticks) for each in spent for ticks in each) / os.sysconf("SC_CLK_TCK")


def reading(
    name: str, parts: Parts, settings: Settings, connecting: object = None, *, sieve: bool = True
) -> Supervisor:
    """Who keeps a source read."""
    tools = Tools(
        name=name,
        client=parts.client,
        clock=parts.clock,
        random=Random(1),
        index=lambda: parts.ledger.setup.classifier.index if sieve else None,
        afar=Afar(parts.ledger.classifying, lambda: parts.ledger.setup),
    )
    collector: Any = COLLECTORS.spec("bluesky").build(settings.sources[name].options, tools)
    collector._connecting = connecting or collector._connecting
    return Supervisor(name, collector, parts.writer, parts.ledger, parts.clock)


async def committed(parts: Parts, reader: Supervisor, last: bytes) -> None:
    """Read until all up to a frame is committed."""
    until = json.loads(last)["time_us"]
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(reader.run())
        while Place.load(parts.ledger.source(reader.name).cursor, "", "").at < until:
            await parts.ledger.committed.wait(1.0)
        reading.cancel()


async def hear(
    settings: Settings,
    first: Sequence[bytes],
    frames: Sequence[bytes],
    connecting: object,
    begin: Callable[[], object],
    *,
    sieve: bool,
    staffed: bool,
) -> dict[str, float]:
    """Seconds until all is committed, of the wall, of the processor, of that in this thread and of that of workers, and
    how many mentions are kept. What is done once only, or once an hour, is done with the `first`.
    """
    async with AsyncExitStack() as stack:
        store = open_store(store_address(settings))
        stack.push_async_callback(store.close)
        tenure = await store.open("a bench")
        parts = await opened(Opening(stack, store, tenure, settings, Clock(), Masking([]), Systemd({})))
        read_packs()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(parts.writer.run())]
            if staffed:
                tasks.append(group.create_task(parts.pool.run()))
                parts.ledger.classifying.follow(parts.ledger.setup)
                await all_there(parts.pool, workers(settings.daemon.workers))
            await committed(parts, reading("before", parts, settings, Remembered(first)), first[-1])
            settle()
            before, reader = await kept(parts), reading("sky", parts, settings, connecting, sieve=sieve)
            begin()
            begun, used, mine, theirs = perf_counter(), process_time(), thread_time(), workers_time()
            await committed(parts, reader, frames[-1])
            found = {"wall": perf_counter() - begun, "processor": process_time() - used, "thread": thread_time() - mine}
            found["workers"] = workers_time() - theirs
            for task in tasks:
                task.cancel()
        return {**found, "kept": await kept(parts) - before}


async def kept(parts: Parts) -> int:
    return len(await parts.views.mentions(limit=1_000_000))


def measured(
    named: dict[str, Brand],
    said: Sequence[bytes],
    server: str = "",
    *,
    sieve: bool = True,
    staffed: bool = False,
    begin: Callable[[], object] = bool,
) -> dict[str, float]:
    """From memory, or from a server; without the sieve every post becomes a mention first. With workers where it is
    `staffed`. `begin` is called when all is ready.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    first = frames(list(named.values()), FIRST, seed=8, begun=json.loads(said[0])["time_us"] - SECOND)
    with TemporaryDirectory() as folder:
        settings = load_checked(configured(Path(folder), named, server or "ws://127.0.0.1:9")).settings
        return asyncio.run(
            hear(settings, first, said, None if server else Remembered(said), begin, sieve=sieve, staffed=staffed)
        )
