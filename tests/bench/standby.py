"""`python -m tests.bench.standby --schedules 100 --seed 7`: two machines with one PostgreSQL database, what befalls the
active one drawn at random, and for how long nobody was active; exit 1 when a promise was broken.
"""

import argparse
import asyncio
import secrets
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from traceback import print_exc

from listener.store.upkeep import migrate
from tests.e2e.machines import BLOWS, drawn, schedule
from tests.e2e.world import check, readings, shape, uninterrupted, world
from tests.postgres import cluster, emptied

COMPARED = 10
"""Of so many schedules one is also compared with one process that hears the same and that nothing befalls."""


async def lived(folder, url, lease, blows, chance, *, is_compared):
    """What a schedule came to: its mentions, its steps, and the seconds that nobody was active."""
    async with world(folder) as the_world:
        the_world.database, the_world.lease = url, lease
        took = await schedule(the_world, blows, chance)
        steps = await check(the_world)
        if is_compared:
            calm = await uninterrupted(folder / "calm", await readings(the_world))
            assert all(shape(calm, rule) == shape(steps, rule) for rule in ("many", "leak"))
        return len(the_world.sent), len(steps), took


def say(words):
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def shown(took, blows, heading):
    """The table."""
    say(f"| {heading} | times | median | 95 of 100 | longest |\n|---|---|---|---|---|")
    for blow in blows:
        seconds = sorted(took[blow])
        if seconds:
            high = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
            say(f"| {blow} | {len(seconds)} | {median(seconds):.1f} s | {high:.1f} s | {seconds[-1]:.1f} s |")


async def main(schedules, blows, seed, lease):
    took, mentions, steps, broken = defaultdict(list), 0, 0, 0
    with cluster(lasting=True) as url:
        for number in range(schedules):
            await migrate(await emptied(url))
            drawn_blows, chance = drawn(f"{seed}-{number}", blows)
            with TemporaryDirectory() as folder:
                try:
                    came = await lived(
                        Path(folder), url, lease, drawn_blows, chance, is_compared=number % COMPARED == 0
                    )
                except (AssertionError, ExceptionGroup):
                    say(f"schedule {number} of seed {seed}, {' '.join(drawn_blows)}:")
                    print_exc()
                    broken += 1
                    continue
            mentions, steps = mentions + came[0], steps + came[1]
            for blow, seconds in came[2]:
                took[blow].append(seconds)
    say(f"seed {seed}, lease {lease}: {schedules} schedules, {mentions} mentions, {steps} steps, {broken} broken")
    shown(took, BLOWS, "what befell the active machine")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10)
    parser.add_argument("--blows", type=int, default=2)
    parser.add_argument("--seed", default=secrets.token_hex(3))
    parser.add_argument("--lease", default="3s")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.schedules, given.blows, given.seed, given.lease)))
