"""`python -m tests.faults --seeds 200`: random faults, seed by seed, on every way of listening; exit 1 when a promise
was broken.
"""

import argparse
import asyncio
import secrets
import sys
from collections import Counter
from random import Random

from listener.mock.faults import drawn_faults
from rules.instant import MINUTE
from tests.faults.play import Play, play
from tests.faults.virtual import run
from tests.faults.ways import WAYS, Way


async def drawn(way: Way, seed: int, minutes: float) -> Play:
    """A play whose faults are all drawn from the seed."""
    length = int(minutes * MINUTE)
    return await play(way, seed, drawn_faults(way.faults, Random(seed), length), length)


async def sweep(way: Way, seeds: list[int], *, minutes: float, at_once: int) -> bool:
    places, done = asyncio.Semaphore(at_once), list[Play]()

    async def one(seed: int) -> None:
        async with places:
            playing = await drawn(way, seed, minutes)
        done.append(playing)
        for words in playing.broken:
            print(f"{way.name}, seed {seed}: {words}", flush=True)

    async with asyncio.TaskGroup() as group:
        for seed in seeds:
            group.create_task(one(seed), name=f"seed {seed}")
    struck = sum((Counter(playing.way.drawn.struck) for playing in done), Counter())
    figures = {
        "seeds": len(done),
        "events": sum(playing.way.world.number for playing in done),
        "faults": sum(struck.values()),
        "lives": sum(playing.lives for playing in done),
        "gaps told": sum(len(playing.store.gaps) for playing in done),
        "lost in them": sum(len(playing.inside) for playing in done),
        "lost untold, as may be": sum(len(playing.untold) for playing in done),
        "unreadable and counted": sum(len(playing.unread) for playing in done),
        "seeds that broke a promise": sum(bool(playing.broken) for playing in done),
    }
    print(f"{way.name}: {', '.join(f'{count} {name}' for name, count in figures.items())}", flush=True)
    return not any(playing.broken for playing in done)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    first = secrets.randbelow(10**9)
    parser.add_argument("--first", type=int, default=first, help="the first seed; drawn when not given")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="one way of listening; all when not given")
    parser.add_argument("--minutes", type=float, default=2.0, help="of talk, on the platform's clock")
    parser.add_argument("--at-once", type=int, default=8)
    given = parser.parse_args()
    seeds = [given.first + number for number in range(given.seeds)]
    kept = [run(sweep(WAYS[name], seeds, minutes=given.minutes, at_once=given.at_once)) for name in given.way or WAYS]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
