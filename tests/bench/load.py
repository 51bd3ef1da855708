"""A daemon under load: a firehose of the mock and `badbuzz run`, a process each, whose store a third one watches."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from listener.clock import Clock
from listener.mock.bluesky import Jetstream
from listener.mock.bluesky_firehose import Firehose, post
from listener.mock.server import serving
from listener.mock.world import World
from rules.instant import SECOND, Instant, Span
from tests.bench.daemon import Daemon, airline
from tests.bench.firehose import frames
from tests.bench.matching import said
from tests.bench.queries import brands
from tests.bench.stream import configured

HEAD: Span = 30 * SECOND
"""What a daemon has to start before something is said."""
OFTEN = 0.005
"""Seconds between two looks into the store."""
BRANDS, DIFFERENT, PEOPLE = 1_000, 50_000, 5_000
_DIGITS = {letter: number for number, letter in enumerate("234567abcdefghijklmnopqrstuvwxyz")}
_SKY = '  sky: {{kind: bluesky, server: "{}", version: 1, compress: false, allow_private: true}}'


class Load(NamedTuple):
    """What is said, and the configuration of who hears it: in a folder, of a server."""

    frames: Callable[[], list[bytes]]
    configured: Callable[[Path, str], Path]


def _strangers() -> list[bytes]:
    return frames(list(brands(BRANDS).values()), DIFFERENT)


def _many(folder: Path, server: str) -> Path:
    return configured(folder, brands(BRANDS), server)


def _naming(how: str) -> list[bytes]:
    return [post(text, "en" if at % 2 else "fr", at % PEOPLE) for at, text in enumerate(said(how, DIFFERENT))]


def _one(folder: Path, server: str) -> Path:
    return airline(folder, "fr, en", _SKY.format(server))


LOADS = {
    "firehose": Load(_strangers, _many),
    "natural": Load(partial(_naming, "natural"), _one),
    "passed-on": Load(partial(_naming, "passed-on"), _one),
}
"""One post in a hundred concerns one of 1,000 brands; every post another text about one brand; each text said twenty
times.
"""


class Seen(NamedTuple):
    """A mention that was committed: when it was to be sent, and when it could be read in the store."""

    sent: Instant
    committed: Instant


class Measured(NamedTuple):
    """What was seen, and how much of a core the daemon used meanwhile."""

    seen: Sequence[Seen]
    processor: float


def _talk(make: Callable[[], list[bytes]], rate: int, there: Connection) -> None:
    asyncio.run(_serve(make(), rate, there))


async def _serve(said: Sequence[bytes], rate: int, there: Connection) -> None:
    clock = Clock()
    begun = clock.now() + HEAD
    mock = Jetstream(World(clock.now), clock=clock, firehose=Firehose(said, rate, begun))
    async with serving({"bluesky": mock}) as server:
        there.send((server.of("bluesky"), begun))
        await asyncio.Event().wait()


@contextmanager
def talking(make: Callable[[], list[bytes]], rate: int) -> Iterator[tuple[str, Instant]]:
    """The address of a firehose in a process of its own, and when it begins."""
    here, there = Pipe()
    process = get_context("spawn").Process(target=_talk, args=(make, rate, there), daemon=True)
    process.start()
    yield here.recv()
    process.terminate()
    process.join()


@contextmanager
def listening(load: Load, rate: int, folder: Path) -> Iterator[tuple[Daemon, Instant]]:
    """A daemon that hears so many posts a second, and since when."""
    with talking(load.frames, rate) as (server, begun), Daemon(load.configured(folder, server)) as daemon:
        daemon.be_heard_by_nobody()
        left = (begun - Clock().now()) / SECOND
        assert left > 0, "the daemon took too long to start"
        sleep(left)
        yield daemon, begun


def measured(load: Load, rate: int, folder: Path, warm: float, seconds: float) -> Measured:
    """What a daemon commits that hears so many posts a second, once it is warm."""
    with listening(load, rate, folder) as (daemon, _):
        sleep(warm)
        used, begun = daemon.processor(), monotonic()
        seen = watched(folder / "data/badbuzz.db", seconds)
        return Measured(seen, (daemon.processor() - used) / (monotonic() - begun))


def watched(store: Path, seconds: float) -> list[Seen]:
    """What is committed from now on, as soon as it can be read."""
    clock, until, found = Clock(), monotonic() + seconds, list[Seen]()
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as reading:
        [(latest,)] = reading.execute("SELECT coalesce(max(rowid), 0) FROM mentions")
        while monotonic() < until:
            rows = reading.execute("SELECT rowid, identity FROM mentions WHERE rowid > ?", (latest,)).fetchall()
            now = clock.now()
            found += [Seen(sent(identity), now) for _, identity in rows]
            latest = max((row for row, _ in rows), default=latest)
            sleep(OFTEN)
    return found


def sent(identity: str) -> Instant:
    """When a firehose had a post to send, a millisecond too early at most: its record key says so."""
    value = 0
    for letter in identity[-13:]:
        value = value << 5 | _DIGITS[letter]
    return (value >> 10) - SECOND // 1_000


def pace(found: Measured, rate: int) -> float:
    """Posts a second that were dealt with while more were said than could be."""
    first, last = found.seen[0], found.seen[-1]
    return (last.sent - first.sent) / (last.committed - first.committed) * rate
