"""`python -m tests.bench.roles --schedules 10 --blows 4 --seed 17`: two listeners and two judges with one Kafka and one
PostgreSQL database, what befalls them drawn at random, and how long until all is read and judged again; exit 1 when a
promise was broken.
"""

import argparse
import asyncio
import secrets
import sys
from functools import partial

from tests.bench.schedules import befallen, shown
from tests.e2e.machines import drawn
from tests.e2e.roles import BLOWS, schedule
from tests.e2e.world import check, world
from tests.kafka import cluster as kafka_cluster
from tests.postgres import cluster


async def lived(folder, url, kafka, blows, chance):
    """What a schedule came to: its mentions, its steps, and the seconds that each blow took."""
    async with world(folder) as the_world:
        the_world.database = url
        took = await schedule(the_world, kafka, blows, chance)
        return len(the_world.sent), len(await check(the_world)), took


async def main(schedules, blows, seed):
    with cluster(lasting=True) as url, kafka_cluster(3) as kafka:

        async def lived_here(folder, _, these, chance):
            return await lived(folder, url, kafka, these, chance)

        took, broken = await befallen(url, seed, schedules, partial(drawn, count=blows, blows=BLOWS), lived_here)
    shown(took, BLOWS, "what befell them")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10)
    parser.add_argument("--blows", type=int, default=4)
    parser.add_argument("--seed", default=secrets.token_hex(3))
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.schedules, given.blows, given.seed)))
