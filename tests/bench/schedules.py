"""Schedules of what befalls processes, drawn at random one after the other, and what came of them."""

import json
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp
from traceback import print_exc

from listener.store.upkeep import migrate
from tests.postgres import emptied

_LONG = 25.0
"""A take-over of more seconds than this leaves its files: one wants to read why."""


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


class Kept:
    """What schedules of a seed came to, a line of JSON each. In a file, it is there after an interruption, and several
    processes can write to it.
    """

    def __init__(self, seed, path=None):
        self._seed, self._path, self._mine = seed, path, []

    def name(self, number):
        return f"{self._seed}-{number}"

    def all(self):
        lines = self._path.read_text().splitlines() if self._path and self._path.exists() else self._mine
        return [each for each in map(json.loads, lines) if each["schedule"].rpartition("-")[0] == self._seed]

    def has(self, number):
        return any(each["schedule"] == self.name(number) for each in self.all())

    def add(self, number, **came):
        line = json.dumps({"schedule": self.name(number), **came})
        self._mine.append(line)
        if self._path:
            with self._path.open("a") as file:
                file.write(f"{line}\n")

    def summed(self):
        """The seconds that each blow took, and how many schedules broke a promise; the rest is said."""
        took, all_ = defaultdict(list), self.all()
        for came in all_:
            for blow, seconds in came.get("took", ()):
                took[blow].append(seconds)
        broken = sum(came["broken"] for came in all_)
        counts = (f"{sum(came.get(what, 0) for came in all_)} {what}" for what in ("mentions", "steps", "repeats"))
        say(f"seed {self._seed}: {len(all_)} schedules, {', '.join(counts)}, {broken} broken")
        return took, broken


async def befallen(url, kept, numbers, draw, lived):
    """Live through the schedules of these numbers that are not kept yet. `draw` makes one of a seed; `lived` tells of
    its number, in an empty folder and database, what it came to: mentions, steps, repeats, and what each blow took.
    """
    for number in numbers:
        if kept.has(number):
            continue
        await migrate(await emptied(url))
        blows, chance = draw(kept.name(number))
        with TemporaryDirectory() as folder:
            try:
                came = await lived(Path(folder), number, blows, chance)
            except (AssertionError, ExceptionGroup):
                print_exc()
                kept.add(number, broken=True)
                _leave(folder, kept.name(number), blows)
            else:
                kept.add(number, broken=False, **came)
                if any(seconds > _LONG for _, seconds in came["took"]):
                    _leave(folder, kept.name(number), [f"{blow} {seconds:.1f} s" for blow, seconds in came["took"]])


def _leave(folder, name, blows):
    """Leave the files of a schedule to who wants to read them."""
    left = shutil.copytree(folder, mkdtemp(prefix=f"schedule-{name}-"), dirs_exist_ok=True)
    say(f"schedule {name}, {', '.join(blows)}: its files are in {left}")
