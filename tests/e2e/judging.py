"""A log in the topics of Kafka, and what so many judges make of it."""

import asyncio
import json
import os
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import groupby

from config.load import load
from listener.catalogs import CATALOGS
from listener.kafka.access import make_topics
from listener.kafka.publishing import Publisher
from listener.observe.sources import SourceMetrics
from listener.pipeline.setup import build_setup
from listener.pipeline.work import Read, SourceChange
from listener.store.upkeep import migrate
from rules.inputs import Heard
from rules.instant import SECOND
from tests.e2e.machines import PROGRAM, Machine, awaited
from tests.e2e.made_up import Reading, configured, stepped
from tests.e2e.roles import BRANDS, PARTS, running
from tests.e2e.world import World, counted, views_at
from tests.listener.pipeline.world import Hands
from tests.postgres import emptied
from tests.servers import lasting_port

BEAT = 28 * SECOND
"""So often something is heard of each source: of one that is silent for longer nobody knows whether it is heard."""


def with_kafka(folder, kafka, url):
    """A configuration of all that the log is about, for judges, and what they are told besides."""
    brokers = f"{{brokers: [{kafka.servers.replace(',', ', ')}], topics: {folder.name}, parts: {PARTS}}}"
    config = configured(folder, more=f", database: !secret env:DATABASE, lease: 3s, kafka: {brokers}")
    return World(folder, database=url), config


async def printed(config, *words, environ=os.environ):
    """What a backtest prints: the transitions in an order that does not depend on who took them, and the summary."""
    command = [PROGRAM, "backtest", str(config), *map(str, words)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environ)
    *steps, summary = (await process.communicate())[0].splitlines(keepends=True)
    assert process.returncode == 0, summary
    return sorted(steps), json.loads(summary)


@asynccontextmanager
async def publishing(the_world, config, sources):
    """The ends of the topics of these sources, had; and their clock."""
    setup, clock = build_setup(load(config, CATALOGS, os.environ | the_world.environ).settings), Hands()
    metrics = SourceMetrics(version="1", now=clock.now)
    kafka = setup.settings.daemon.kafka
    await make_topics(kafka, sources)
    async with AsyncExitStack() as stack:
        ends = {}
        for name in sources:
            source = setup.settings.sources[name]
            ends[name] = Publisher(source, kafka, clock, metrics, setup.classifier.may_concern)
            stack.push_async_callback(ends[name].close)
            await ends[name].opened()
        yield ends, clock


async def published(the_world, config, readings, sources, begin=None):
    """Put a log into the topics, each reading with its own stamp, and say how the sources are in between."""
    async with publishing(the_world, config, sources) as (ends, clock):

        async def each(work):
            async with asyncio.TaskGroup() as group:
                for name, end in ends.items():
                    group.create_task(end.submit(work(name)))

        clock.set(beat := begin or readings[0].at)
        await each(lambda name: Read(source=name))
        await each(lambda name: SourceChange(source=name, state="live"))
        for reading in readings:
            while reading.at - beat > BEAT:
                clock.set(beat := beat + BEAT)
                await each(lambda name: SourceChange(source=name, state="live"))
            clock.set(reading.at)
            await ends[reading.source].submit(Read(source=reading.source, mentions=reading.mentions))


async def judged(the_world, config, count, readings, brands=BRANDS):
    """The transitions that so many judges take of what is in the topics, in an empty database, in the same order."""
    await migrate(await emptied(the_world.database))
    judges = [Machine(the_world, config, lasting_port(), role="judge") for _ in range(count)]
    until, last = readings[-1].at, readings[-1].mentions[-1].identity

    async def is_all_counted():
        return all([last in await counted(views, brand) for brand in brands])

    async with views_at(the_world.database) as views:
        async with running(*judges):
            await awaited("all judged", is_all_counted, judges, seconds=240, pause=0.5)
        return sorted(await stepped(views, until))


async def heard_in(views):
    """What a process that did all of it heard, with the stamps that it gave, from the moment on that it began."""
    kept = {each.mention.identity: each.mention for each in await views.mentions(limit=100_000)}
    entries = [entry async for _, entry in views.log(BRANDS[0])]
    heard = [entry for entry in entries if isinstance(entry, Heard)]
    return entries[0].at, [
        Reading(at, source, tuple(kept[each.facts.mention] for each in group))
        for (at, source), group in groupby(heard, key=lambda entry: (entry.at, entry.facts.source))
    ]
