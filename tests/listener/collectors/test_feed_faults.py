"""Feeds of the mock press: told as they stand, whatever goes wrong on the way."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from itertools import cycle
from random import Random

import pytest

from listener.clock import Clock
from listener.mock.faults import Faults
from listener.mock.feeds import FORMATS
from listener.mock.press import FAULTS, Press
from listener.mock.server import serving
from listener.mock.world import Account, World
from listener.net.client import Limits
from rules.instant import SECOND
from tests.collecting import PATIENT, built, lending, tools
from tests.fresh import seeds

BEGIN = 1_794_690_000 * SECOND
HASTY = Limits(
    body=256 * 1024, connect=timedelta(seconds=1), headers=timedelta(seconds=0.1), whole=timedelta(seconds=0.15)
)
PEOPLE = [Account(handle=name, name=name.title()) for name in ("anna", "ben", "chloé martin")]


class Hands(Clock):
    """A clock that whoever sleeps turns."""

    at = BEGIN

    def now(self):
        return self.at

    async def sleep(self, span):
        self.at += max(0, span)
        await asyncio.sleep(0)


def happen(world, random, number):
    """One thing happens."""
    what, posts = random.random(), world.posts()
    if what < 0.7 or not posts:
        title = f"Title {number}" if random.random() < 0.5 else ""
        world.say(f"words {number}", random.choice(PEOPLE), title=title, language=random.choice([None, "fr", "en"]))
    elif what < 0.9:
        world.edit(random.choice(posts[-10:]).key, f"edited {number}")
    else:
        world.delete(random.choice(posts[-10:]).key)


class Reader:
    """Takes batches as the daemon does: a crash forgets what was not committed, and goes on after the cursor."""

    def __init__(self, options, clock, limits, random):
        self.options, self.clock, self.limits, self.random = options, clock, limits, random
        self.cursor, self.heard = None, {}

    async def read(self, most, crash=0.0):
        async with lending(self.limits, self.clock) as client:
            collector = built("feed", tools(client, once=False, clock=self.clock), **self.options)
            async with aclosing(collector.batches(self.cursor)) as batches:
                async for batch in batches:
                    most -= 1
                    if self.random.random() < crash:
                        return
                    self.cursor = batch.cursor or self.cursor
                    for mention in batch.mentions:
                        words = (mention.title, mention.text, mention.author.name, mention.language)
                        self.heard[mention.identity] = words
                    if not most:
                        return


def known(post):
    return f"feed:tag:press.example,2026:{post.key}"


@pytest.mark.parametrize(
    ("names", "kind", "seed"),
    [
        *((FAULTS, kind, seed) for kind in FORMATS for seed in (1, *seeds(1))),
        *(([name], kind, 1) for name, kind in zip(FAULTS, cycle(FORMATS), strict=False)),
    ],
)
async def test_whatever_goes_wrong_what_is_heard_is_what_was_said(names, kind, seed):
    random, clock = Random(seed), Hands()
    world = World(clock.now)
    faults = Faults(names, seed=seed, chance=0.4 if len(names) == 1 else 0.05)
    async with serving({"feed": Press(world, faults, clock=clock)}) as server:
        options = {"urls": [f"{server.of('feed')}/{kind}"], "every": "1m", "allow_private": True}
        reader = Reader(options, clock, HASTY if "slow" in names else PATIENT, random)
        for number in range(50):
            happen(world, random, number)
            if number % 5 == 0:
                await reader.read(1, crash=0.2)
        faults.names, reader.limits = frozenset(), PATIENT
        await reader.read(6)  # a row of refusals that has begun goes on to its end
    said = {known(post): (post.title or None, post.text, post.author.name, post.language) for post in world.posts()}
    assert sum(faults.struck.values()) > 0
    assert {name: reader.heard[name][:2] for name in said} == {name: words[:2] for name, words in said.items()}
    assert reader.heard.keys() <= {known(change.post) for change in world.since(0)}
    if "malformed" not in names:  # of a document that is cut off, the last entry may be read as far as it goes
        assert {name: reader.heard[name] for name in said} == said
