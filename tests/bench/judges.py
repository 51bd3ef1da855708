"""`python -m tests.bench.judges --days 3 --rate 20 --seed 5`: a made-up log of so many days, judged by a backtest, by
one process, and by 1, 2 and 4 judges that share the brands in one database; exit 1 when the transitions of two of them
differ in a byte. `rate` is how many mentions of a brand there are in a usual hour.
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rules.instant import DAY
from tests.e2e.judging import judged, printed, published, with_kafka
from tests.e2e.made_up import BRANDS, SOURCES, heard_alone, made_up, written
from tests.kafka import cluster as kafka_cluster
from tests.postgres import cluster

BEGIN = 20_700 * DAY


def say(words):
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


class Comparison:
    """Transitions are to be those of the first of all."""

    def __init__(self):
        self.steps, self.differs = None, False

    async def take(self, who, coming):
        begun = time.monotonic()
        steps = await coming
        self.steps = self.steps or steps
        same = "the same" if steps == self.steps else "DIFFERENT"
        self.differs |= steps != self.steps
        say(f"| {who} | {len(steps)} | {same} | {time.monotonic() - begun:.0f} s |")


async def first(coming):
    return (await coming)[0]


async def ordered(coming):
    return sorted(await coming)


async def main(folder, url, kafka, readings, counts):
    the_world, config = with_kafka(folder, kafka, url)
    environ, compared = os.environ | the_world.environ, Comparison()
    say(f"{sum(len(each.mentions) for each in readings):,} mentions")
    say("| judged by | transitions | | took |\n|---|---|---|---|")
    log = written(readings, folder / "log.jsonl")
    await compared.take("a backtest", first(printed(config, log, environ=environ)))
    await compared.take("one process", ordered(heard_alone(folder / "alone", readings)))
    await published(the_world, config, readings, SOURCES)
    for count in counts:
        await compared.take(f"{count} judges", judged(the_world, config, count, readings, BRANDS))
        _, summary = await printed(config, "--from-store", environ=environ)
        compared.differs |= not summary["equal"]
    return 1 if compared.differs else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=3)
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--judges", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    with cluster() as database, kafka_cluster(3, lasting=True) as brokers, TemporaryDirectory() as name:
        made = list(made_up(given.seed, int(given.days * DAY), BEGIN, given.rate))
        sys.exit(asyncio.run(main(Path(name), database, brokers, made, given.judges)))
