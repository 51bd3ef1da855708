"""Schedules of what befalls processes, drawn at random one after the other, and what came of them."""

import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from traceback import print_exc

from listener.store.upkeep import migrate
from tests.postgres import emptied


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


async def befallen(url, seed, schedules, draw, lived):
    """The seconds that each blow took, and how many schedules broke a promise. `draw` makes one of a seed; `lived`
    tells of its number, in an empty folder and database, how many mentions and steps it came to, and what each took.
    """
    took, mentions, steps, broken = defaultdict(list), 0, 0, 0
    for number in range(schedules):
        await migrate(await emptied(url))
        blows, chance = draw(f"{seed}-{number}")
        with TemporaryDirectory() as folder:
            try:
                came = await lived(Path(folder), number, blows, chance)
            except (AssertionError, ExceptionGroup):
                say(f"schedule {number} of seed {seed}, {', '.join(blows)}:")
                print_exc()
                broken += 1
                continue
        mentions, steps = mentions + came[0], steps + came[1]
        for blow, seconds in came[2]:
            took[blow].append(seconds)
    say(f"seed {seed}: {schedules} schedules, {mentions} mentions, {steps} steps, {broken} broken")
    return took, broken
