"""What an engine holds while mentions keep coming: `python -m tests.bench.growth [--mentions N] [--minutes N]`.

One brand of three rules, so many mentions a minute by different people; bytes that Python counts, told as what came on
top within each ten minutes. Stamps are made up, so it takes seconds.
"""

import argparse
import gc
import tracemalloc
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from config.load import load
from listener.catalogs import CATALOGS
from listener.pipeline.engines import Engines
from listener.pipeline.intake import Intake
from listener.pipeline.setup import Setup, build_setup
from listener.store.port import Commit
from rules.instant import MINUTE, Instant, moment
from rules.mention import Author, Mention
from tests.bench.daemon import CONFIG, show
from tests.bench.matching import SOURCES, said

BEGIN: Instant = 1_800_000_000_000_000
STEP = 10
TEXTS = said("passed-on", 100)


def configured() -> Setup:
    with TemporaryDirectory() as folder:
        config = Path(folder) / "badbuzz.yaml"
        config.write_text(CONFIG.format(language="fr, en", sources=SOURCES), encoding="utf-8")
        return build_setup(load(config, CATALOGS).settings)


def mention(number: int, at: Instant) -> Mention:
    return Mention(
        id=f"m{number}",
        source="said",
        platform="file",
        author=Author(id=f"a{number}"),
        text=TEXTS[number % len(TEXTS)],
        created_at=moment(at),
        observed_at=moment(at),
        revision="1",
    )


def held(mentions: int, minutes: int) -> list[int]:
    """Bytes after each ten minutes."""
    setup, engines, found = configured(), Engines(), list[int]()
    engines.apply(engines.configure(setup.plans, BEGIN))
    tracemalloc.start()
    for minute in range(1, minutes + 1):
        at = BEGIN + minute * MINUTE
        some = [mention(number, at) for number in range(minute * mentions, (minute + 1) * mentions)]
        engines.apply(Intake(setup, b"", {}, Commit(advanced=at, last=at), at).take(some, at))
        engines.advance(at + 1)
        del some
        if minute % STEP == 0:
            gc.collect()
            found.append(tracemalloc.get_traced_memory()[0])
    return found


def main(arguments: argparse.Namespace) -> None:
    found = held(arguments.mentions, arguments.minutes)
    more = [after - before for before, after in pairwise(found)]
    rows = [
        (f"minute {STEP * number} to {STEP * number + STEP}", f"{each / 1024:+.0f} kB")
        for number, each in enumerate(more, 1)
    ]
    show(f"one brand, {arguments.mentions} mentions a minute", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=46)
    parser.add_argument("--minutes", type=int, default=100)
    main(parser.parse_args())
