"""What a second core is worth: `python -m tests.bench.cores [--path PATH]`.

The matching path (`tests.bench.matching`, through the writer, four sources at once) and the firehose from memory
(`tests.bench.stream`), each by turns with one core and with two, each in a process of its own that may use no other. On
one core everything is done in the daemon, as `daemon.workers: auto` has it. By the clock on the wall, once workers are
there, which says little on a machine that does anything else; and by processor time, with what that comes to on two
cores that do nothing else. Medians of the rounds, and of the ratios of neighbours.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, thread_time, time

import structlog

from config.load import load
from listener.catalogs import CATALOGS
from listener.clock import Clock
from listener.collector import MENTIONS_AT_ONCE
from listener.garbage import settle
from listener.observe.metrics import Metrics
from listener.pipeline import classifying
from listener.pipeline.classifying import Classifying
from listener.pipeline.ledger import Ledger
from listener.pipeline.setup import build_setup
from listener.pipeline.work import Read
from listener.pipeline.writer import Writer
from listener.pool.pool import Pool, workers
from listener.pool.texts import TARGET
from listener.store.store import open_store
from listener.store.views import open_views
from rules.instant import SECOND
from rules.mention import Mention
from tests.bench import matching, parts
from tests.bench.daemon import CONFIG, ROOT, show
from tests.bench.firehose import frames
from tests.bench.queries import brands
from tests.bench.stream import all_there, measured, workers_time
from tests.bench.texts import read_packs

PATHS = ("natural", "passed-on", "firehose")
SOURCES = ("one", "two", "three", "four")
COUNTS = {"natural": 6_000, "passed-on": 20_000, "firehose": 300_000}


async def watched(turns: list[float]) -> None:
    """The processor time of this thread between looks that a turn of the loop lets happen, a millisecond at least."""
    while True:
        before = thread_time()
        await asyncio.sleep(0.001)
        turns.append(thread_time() - before)


async def matched(folder: Path, how: str) -> dict[str, float]:
    """Seconds for all of them: of the wall, of the processor, and of that of workers; and the longest turn."""
    sources = "\n".join(f"  {name}: {{kind: file, path: /nowhere.jsonl}}" for name in SOURCES)
    config = folder / "badbuzz.yaml"
    config.write_text(CONFIG.format(language="fr, en", sources=sources), encoding="utf-8")
    store, views, clock = open_store(folder / "data"), open_views(folder / "data"), Clock()
    await store.open("a bench")
    most, metrics = workers("auto"), Metrics(version="bench", now=clock.now)
    pool = Pool(TARGET, most)
    setup = build_setup(load(config, CATALOGS).settings)
    ledger = Ledger(store, views, clock, metrics, setup, Classifying(clock, pool))
    await ledger.start()
    read_packs()
    writer = Writer(ledger, metrics)
    count = COUNTS[how]
    mentions = matching.mentions(matching.said(how, count + 2 * matching.WARM), 0, clock)
    settle()

    async def submit(source: str, batches: Iterable[list[Mention]]) -> None:
        for batch in batches:
            await writer.submit(Read(source=source, mentions=batch))

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(pool.run()), group.create_task(writer.run())]
        await submit("one", [mentions[: matching.WARM]])
        await all_there(pool, most)
        await submit("one", [mentions[matching.WARM : 2 * matching.WARM]])
        turns = list[float]()
        running.append(group.create_task(watched(turns)))
        begun, used, theirs = perf_counter(), process_time(), workers_time()
        starts = range(2 * matching.WARM, len(mentions), MENTIONS_AT_ONCE)
        batches = iter([mentions[start : start + MENTIONS_AT_ONCE] for start in starts])
        async with asyncio.TaskGroup() as several:
            for source in SOURCES:
                several.create_task(submit(source, batches))
        found = {"wall": perf_counter() - begun, "processor": process_time() - used}
        found |= {"workers": workers_time() - theirs, "turn": max(turns) * COUNTS[how]}
        for task in running:
            task.cancel()
    await views.close()
    await store.close()
    return found


def once(path: str, folder: Path) -> dict[str, float]:
    """What one process comes to, on the cores that it has."""
    classifying.PAYS = 0.0
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if path != "firehose":
        return asyncio.run(matched(folder, path))
    named = brands(parts.BRANDS)
    said = frames(list(named.values()), COUNTS[path], begun=int(time() - 10) * SECOND)
    return measured(named, said, staffed=workers("auto") > 0)


def on(cores: int, path: str, folder: Path) -> dict[str, float]:
    """The same in a process that may use so many cores, in µs for each mention or frame."""
    with TemporaryDirectory(dir=folder) as name:
        program = [sys.executable, "-m", "tests.bench.cores", "--path", path, "--once", name]
        allowed = sorted(os.sched_getaffinity(0))[:cores]
        narrow = partial(os.sched_setaffinity, 0, allowed)
        done = subprocess.run(program, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=narrow)
        return {name: spent / COUNTS[path] * 1e6 for name, spent in json.loads(done.stdout).items()}


def main(arguments: argparse.Namespace) -> None:
    rows = []
    for path in [arguments.path] if arguments.path else PATHS:
        rounds = [[on(cores, path, arguments.folder) for cores in (1, 2)] for _ in range(arguments.rounds)]
        one, two = ({name: median(each[n][name] for each in rounds) for name in rounds[0][0]} for n in (0, 1))
        alone, daemon, theirs = one["processor"], two["processor"], two["workers"]
        faster = median(each[0]["wall"] / each[1]["wall"] for each in rounds)
        wall = f"{1e6 / one['wall']:,.0f} a second, {1e6 / two['wall']:,.0f} on two cores: {faster:.2f} times"
        spent = f"{alone:.1f} µs, on two cores {daemon:.1f} in the daemon and {theirs:.1f} in workers"
        if "turn" in one:
            turns = f"{one['turn'] / 1e3:.0f} ms, on two cores {two['turn'] / 1e3:.0f}"
            rows.append((f"{path}: the longest turn of the loop", turns))
        rows += [(path, wall), ("... processor", f"{spent}: {alone / max(daemon, (daemon + theirs) / 2):.2f} times")]
    show("one core and two", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", choices=PATHS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where stores are made: on the disk that is meant")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        print(json.dumps(once(arguments.path, arguments.once)))  # noqa: T201
    else:
        main(arguments)
