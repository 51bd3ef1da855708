"""`python -m tests.bench.standby --schedules 100 --seed 7`: two machines with one PostgreSQL database, what befalls the
active one drawn at random, and for how long nobody was active; exit 1 when a promise was broken.
"""

import argparse
import asyncio
import secrets
import sys
from functools import partial

from tests.bench.schedules import Kept, befallen, shown
from tests.e2e.machines import BLOWS, drawn, schedule
from tests.e2e.world import check, readings, shape, uninterrupted, world
from tests.postgres import cluster

COMPARED = 10
"""Of so many schedules one is also compared with one process that hears the same and that nothing befalls."""


async def lived(folder, url, lease, blows, chance, *, is_compared):
    """What a schedule came to: its mentions, its steps, and for how long nobody was active after each blow."""
    async with world(folder) as the_world:
        the_world.database, the_world.lease = url, lease
        took = await schedule(the_world, blows, chance)
        steps = await check(the_world)
        if is_compared:
            calm = await uninterrupted(folder / "calm", await readings(the_world))
            assert all(shape(calm, rule) == shape(steps, rule) for rule in ("many", "leak"))
        return {"mentions": len(the_world.sent), "steps": len(steps), "took": took}


async def main(schedules, blows, seed, lease):
    with cluster(lasting=True) as url:

        async def lived_here(folder, number, these, chance):
            return await lived(folder, url, lease, these, chance, is_compared=number % COMPARED == 0)

        kept = Kept(seed)
        await befallen(url, kept, range(schedules), partial(drawn, count=blows), lived_here)
    took, broken = kept.summed()
    shown(took, BLOWS, f"what befell the active machine, with a lease of {lease}")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10)
    parser.add_argument("--blows", type=int, default=2)
    parser.add_argument("--seed", default=secrets.token_hex(3))
    parser.add_argument("--lease", default="3s")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.schedules, given.blows, given.seed, given.lease)))
