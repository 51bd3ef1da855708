"""`python -m tests.bench.roles --schedules 10 --blows 4 --seed 17`: two listeners and two judges with one Kafka and one
PostgreSQL database, what befalls them drawn at random, and how long until all is read and judged again; exit 1 when a
promise was broken.
"""

import argparse
import asyncio
import secrets
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import print_exc

from listener.store.upkeep import migrate
from tests.bench.standby import say, shown
from tests.e2e.roles import BLOWS, drawn, schedule
from tests.e2e.world import check, world
from tests.kafka import cluster as kafka_cluster
from tests.postgres import cluster, emptied


async def lived(folder, url, kafka, blows, chance):
    """What a schedule came to: its mentions, its steps, and the seconds that each blow took."""
    async with world(folder) as the_world:
        the_world.database = url
        took = await schedule(the_world, kafka, blows, chance)
        return len(the_world.sent), len(await check(the_world)), took


async def main(schedules, blows, seed):
    took, mentions, steps, broken = defaultdict(list), 0, 0, 0
    with cluster(lasting=True) as url, kafka_cluster(3) as kafka:
        for number in range(schedules):
            await migrate(await emptied(url))
            drawn_blows, chance = drawn(f"{seed}-{number}", blows)
            with TemporaryDirectory() as folder:
                try:
                    came = await lived(Path(folder), url, kafka, drawn_blows, chance)
                except (AssertionError, ExceptionGroup):
                    say(f"schedule {number} of seed {seed}, {', '.join(drawn_blows)}:")
                    print_exc()
                    broken += 1
                    continue
            mentions, steps = mentions + came[0], steps + came[1]
            for blow, seconds in came[2]:
                took[blow].append(seconds)
    say(f"seed {seed}: {schedules} schedules, {mentions} mentions, {steps} steps, {broken} broken")
    shown(took, BLOWS, "what befell them")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10)
    parser.add_argument("--blows", type=int, default=4)
    parser.add_argument("--seed", default=secrets.token_hex(3))
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.schedules, given.blows, given.seed)))
