"""What a matching mention costs from memory to its commit: `python -m tests.bench.matching [--said HOW]`.

The real writer's turn, 500 mentions each, all about one brand of three rules: seen, matched, told in language and tone,
counted, judged, committed to SQLite on disk with `synchronous=FULL`. `natural`: no two texts are the same;
`passed-on`: each is said twenty times. Beside it, in the same run, the bare rows of `tests.bench.parts` and
vaderSentiment alone over the same texts. Processor time in µs a mention, which other work changes least, and mentions
a second as the clock on the wall says; medians of the rounds. What the daemon says is on stderr.
"""

import argparse
import asyncio
import cProfile
import pstats
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import structlog
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from config.load import load
from listener.catalogs import CATALOGS
from listener.clock import Clock
from listener.collector import MENTIONS_AT_ONCE
from listener.garbage import settle
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.setup import build_setup
from listener.pipeline.work import Read
from listener.store.store import open_store
from listener.store.views import open_views
from rules.instant import moment
from rules.mention import Author, Mention
from tests.bench import parts
from tests.bench.backtest import texts
from tests.bench.daemon import CONFIG, show
from tests.bench.texts import read_packs

ROUNDS, WARM, COPIES = 3, 2_000, 20
SOURCES = "  said: {kind: file, path: /nowhere.jsonl}"


def said(how: str, count: int) -> list[str]:
    copies = COPIES if how == "passed-on" else 1
    made = [text for _, text in islice(texts("natural", named=True), -(-count // copies))]
    return [made[number // copies] for number in range(count)]


def mentions(said: Sequence[str], first: int, clock: Clock) -> list[Mention]:
    now = moment(clock.now())
    return [
        Mention(
            id=f"m{number}",
            source="said",
            platform="file",
            author=Author(id=f"author-{number % 5_000}", handle=f"@author{number % 5_000}", followers=number % 997),
            text=text,
            created_at=now,
            observed_at=now,
            revision="1",
        )
        for number, text in enumerate(said, first)
    ]


async def written(folder: Path, said: Sequence[str], profile: cProfile.Profile | None = None) -> tuple[float, float]:
    """Seconds on the wall and of the processor for all but the first WARM."""
    config = folder / "badbuzz.yaml"
    config.write_text(CONFIG.format(language="fr, en", sources=SOURCES), encoding="utf-8")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    store, views, clock = open_store(folder / "data"), open_views(folder / "data"), Clock()
    await store.open("a bench")
    ledger = Ledger(
        store, views, clock, Metrics(version="bench", now=clock.now), build_setup(load(config, CATALOGS).settings)
    )
    await ledger.start()
    read_packs()
    settle()
    begun = used = 0.0
    for start in range(0, len(said), MENTIONS_AT_ONCE):
        if start == WARM:
            begun, used = perf_counter(), process_time()
            if profile:
                profile.enable()
        some = mentions(said[start : start + MENTIONS_AT_ONCE], start, clock)
        await ledger.write([Read(source="said", mentions=some)])
    if profile:
        profile.disable()
    took = perf_counter() - begun, process_time() - used
    await views.close()
    await store.close()
    return took


def bare(folder: Path, said: Sequence[str]) -> float:
    store = parts.Store(folder / "bare.sqlite")
    spent = parts.spent(lambda: parts.matching(said, store, 0), len(said))
    store.close()
    return spent


def main(arguments: argparse.Namespace) -> None:
    spoken, analyzer = said(arguments.said, arguments.mentions + WARM), SentimentIntensityAnalyzer()
    rounds = list[tuple[float, float, float, float]]()
    profile = cProfile.Profile() if arguments.profile else None
    for _ in range(1 if profile else ROUNDS):
        with TemporaryDirectory(dir=arguments.folder) as name:
            wall, used = asyncio.run(written(Path(name), spoken, profile))
            rows, vader = (
                bare(Path(name), spoken),
                parts.spent(lambda: [*map(analyzer.polarity_scores, spoken)], len(spoken)),
            )
        rounds.append((used / arguments.mentions * 1e6, arguments.mentions / wall, rows, vader))
    if profile:
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(60)
    cost, speed, rows, vader = (median(each) for each in zip(*rounds, strict=True))
    table = [
        ("a mention, from memory to its commit", f"{cost:.0f} µs of the processor, {1e6 / cost:,.0f} a second"),
        ("... by the clock on the wall", f"{speed:,.0f} a second"),
        ("rows alone", f"{rows:.1f} µs"),
        ("vaderSentiment alone", f"{vader:.1f} µs"),
    ]
    show(f"{arguments.mentions:,} mentions, {arguments.said}", table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=20_000)
    parser.add_argument("--said", choices=("natural", "passed-on"), default="natural")
    parser.add_argument("--folder", type=Path, help="where the store is made: on the disk that is meant")
    parser.add_argument("--profile", action="store_true")
    main(parser.parse_args())
