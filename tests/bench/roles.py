"""`python -m tests.bench.roles --schedules 100 --blows 4 --seed 17 --jobs 2 --kept FILE`: two listeners, two judges and
two notifiers with three brokers and one PostgreSQL database, each of them in a network namespace of its own; what
befalls them drawn at random, and how long until people are told again of what is said; exit 1 when a promise is broken.

Each job has servers of its own: about one core and 1.5 GB. With `--kept`, what was interrupted goes on where it was.
"""

import argparse
import asyncio
import secrets
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.bench.namespaces import HOST, Namespaces, enter
from tests.bench.schedules import Kept, befallen, shown
from tests.e2e.machines import drawn
from tests.e2e.roles import BLOWS, ROLES, schedule
from tests.e2e.world import check, world
from tests.kafka import cluster as kafka_cluster
from tests.postgres import cluster

ALL = (*BLOWS, "a broker is cut off")
BROKERS = [f"broker {number}" for number in (1, 2, 3)]
MACHINES = [f"{who} {number}" for who in ROLES for number in (1, 2)]


async def lived(url, kafka, network, folder, _number, blows, chance):
    """What a schedule came to."""

    @asynccontextmanager
    async def networked(the_world, _kafka, machines):
        the_world.dialled = f"postgresql://postgres@{HOST}/postgres"
        for machine in machines:
            place = network.place(machine.name)
            machine.host, machine.prefix = place.host, place.prefix
        yield network

    async with world(folder, HOST) as the_world:
        the_world.database = url
        took = await schedule(the_world, kafka, blows, chance, networked)
        steps, told = await check(the_world), [key for _, key, _ in the_world.delivered]
        counts = {"mentions": len(the_world.sent), "steps": len(steps), "repeats": len(told) - len(set(told))}
        return {"took": took, **counts}


async def share(numbers, kept, blows):
    """Live through these."""
    network = Namespaces([*BROKERS, *MACHINES])
    places = [network.place(name) for name in BROKERS]
    with cluster(lasting=True, host=HOST) as url, kafka_cluster(places=places, lasting=True) as kafka:
        draw = partial(drawn, count=blows, blows=ALL)
        await befallen(url, kept, numbers, draw, partial(lived, url, kafka, network))


def live_apart(jobs, words):
    """So many processes, each with its share."""
    command = [sys.executable, "-m", "tests.bench.roles", *words]
    processes = [subprocess.Popen([*command, "--share", f"{at}/{jobs}"]) for at in range(jobs)]
    for process in processes:
        process.wait()


def main(given):
    if given.share:
        enter()
        at, count = map(int, given.share.split("/"))
        asyncio.run(share(range(at, given.schedules, count), Kept(given.seed, given.kept), given.blows))
        return 0
    given.kept = given.kept or Path(tempfile.mkdtemp()) / "kept.jsonl"
    words = ["--schedules", f"{given.schedules}", "--blows", f"{given.blows}", "--seed", given.seed]
    live_apart(given.jobs, [*words, "--kept", f"{given.kept}"])
    kept = Kept(given.seed, given.kept)
    took, broken = kept.summed()
    shown(took, ALL, "what befell them")
    return 1 if broken or len(kept.all()) < given.schedules else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10)
    parser.add_argument("--blows", type=int, default=4)
    parser.add_argument("--seed", default=secrets.token_hex(3))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--kept", type=Path, default=None)
    parser.add_argument("--share", default="", help=argparse.SUPPRESS)
    sys.exit(main(parser.parse_args()))
