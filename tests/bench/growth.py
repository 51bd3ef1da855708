"""What an engine holds while mentions keep coming: `python -m tests.bench.growth [--mentions N] [--minutes N]`.

Twenty engines of three rules, so many mentions a minute each by different people, or by one; bytes that Python counts,
told as what came on top of one engine within each ten minutes. Stamps are made up, so it takes a minute.
"""

import argparse
import gc
import sys
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
STEP, ENGINES = 10, 20
TEXTS = said("passed-on", 100)


def configured() -> Setup:
    with TemporaryDirectory() as folder:
        config = Path(folder) / "badbuzz.yaml"
        config.write_text(CONFIG.format(language="fr, en", sources=SOURCES), encoding="utf-8")
        return build_setup(load(config, CATALOGS).settings)


def mention(number: int, person: int, at: Instant) -> Mention:
    return Mention(
        id=f"m{number}",
        source="said",
        platform="file",
        author=Author(id=f"a{person}"),
        text=TEXTS[number % len(TEXTS)],
        created_at=moment(at),
        observed_at=moment(at),
        revision="1",
    )


def held(mentions: int, people: int, minutes: int) -> list[int]:
    """Bytes of an engine after each ten minutes."""
    setup, many, found = configured(), [Engines() for _ in range(ENGINES)], list[int]()
    for engines in many:
        engines.apply(engines.configure(setup.plans, BEGIN))
    tracemalloc.start()
    for minute in range(1, minutes + 1):
        at = BEGIN + minute * MINUTE
        for engines in many:
            some = [
                mention(number, number % people, at) for number in range(minute * mentions, (minute + 1) * mentions)
            ]
            engines.apply(Intake(setup, b"", {}, Commit(advanced=at, last=at), at).take(some, at))
            engines.advance(at + 1)
            del some
        if minute % STEP == 0:
            gc.collect()
            found.append(tracemalloc.get_traced_memory()[0] // ENGINES)
    return found


def main(arguments: argparse.Namespace) -> None:
    for people, by in ((sys.maxsize, "each by somebody else"), (1, "by one")):
        found = held(arguments.mentions, people, arguments.minutes)
        more = [after - before for before, after in pairwise(found)]
        rows = [
            (f"minute {STEP * number} to {STEP * number + STEP}", f"{each / 1024:+.0f} kB")
            for number, each in enumerate(more, 1)
        ]
        show(f"one brand, {arguments.mentions} mentions a minute, {by}", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=46)
    parser.add_argument("--minutes", type=int, default=100)
    main(parser.parse_args())
