"""Trying sources and channels for real: one read, one greeting, nothing stored and nothing delivered."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Any, Literal

import aiohttp

from alerts.channel import SendError
from alerts.channel import Tools as ChannelTools
from config.calendar import CalendarFile
from config.kafka import Kafka
from config.load import Catalogs, Loaded
from config.model import Model, secrets_in
from config.secrets import credentials_in, secrets_of
from config.settings import Component
from listener.agenda.copies import Copy, window
from listener.agenda.ics import contents
from listener.agenda.reading import Reading
from listener.clock import Clock
from listener.collector import Collector
from listener.collector import Tools as CollectorTools
from listener.errors import FetchError
from listener.net.client import Client, open_client
from listener.observe.masking import Masking

Role = Literal["source", "channel", "calendar", "kafka"]

PATIENCE = timedelta(seconds=60)
ENOUGH = 20


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of trying a component. `detail` is in words; those of `try_all` hold no secret."""

    role: Role
    name: str
    outcome: Literal["fine", "failed", "not tried"]
    detail: str


async def try_all(loaded: Loaded, catalogs: Catalogs, clock: Clock) -> list[Trial]:
    """Every source, channel, calendar that is kept elsewhere, and the Kafka between roles, all at once; in the order of
    the configuration.
    """
    settings, hide = loaded.settings, Masking(secrets_of(loaded.settings, loaded.document)).hide
    async with open_client(clock=clock) as client, aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(try_source(one, catalogs, client, clock), name=f"try source {one.name}")
            for one in settings.sources.values()
        ]
        tasks += [
            group.create_task(try_channel(one, catalogs, http, clock), name=f"try channel {one.name}")
            for one in settings.channels.values()
        ]
        tasks += [
            group.create_task(try_calendar(entry, client, clock), name=f"try calendar {entry.label}")
            for entry in settings.calendar
            if isinstance(entry, CalendarFile)
        ]
        if kafka := settings.daemon.kafka:
            tasks.append(group.create_task(try_kafka(kafka), name="try kafka"))
    trials = [task.result() for task in tasks]
    return [replace(trial, detail=hide(trial.detail)) for trial in trials]


async def try_source(source: Component, catalogs: Catalogs, client: Client, clock: Clock) -> Trial:
    """Read what a source has now, about 20 mentions at most."""
    tools = CollectorTools(name=source.name, client=client, clock=clock, random=Random(0), once=True)
    collector: Collector = catalogs.sources.spec(source.kind).build(source.options, tools)
    if collector.routes():
        return Trial(role="source", name=source.name, outcome="not tried", detail="it waits to be sent mentions")
    return await _tried("source", source.name, PATIENCE, lambda: _read(collector))


async def try_calendar(entry: CalendarFile, client: Client, clock: Clock) -> Trial:
    """Read a calendar once, and keep nothing of it."""

    async def read() -> str:
        copy = await Reading(entry, Path(), client, clock, _nothing).fresh(Copy())
        held = await asyncio.to_thread(contents, copy.body, *window(clock.now()))
        return f"{len(held.events)} events around now"

    return await _tried("calendar", entry.label, PATIENCE, read)


async def try_kafka(kafka: Kafka) -> Trial:
    """Log in to a cluster, and look which topics there are; none is made."""
    if find_spec("aiokafka") is None:
        return Trial(role="kafka", name=kafka.topics, outcome="failed", detail="install badbuzz[scale]")
    access = import_module("listener.kafka.access")  # whoever has none needs no library for it
    access.quieten()

    async def look() -> str:
        mine = [topic for topic in await access.known_topics(kafka) if topic.startswith(f"{kafka.topics}.")]
        return f"{len(mine)} topics of sources"

    return await _tried("kafka", kafka.topics, PATIENCE, look)


async def _nothing() -> None:
    """Nobody is told that a calendar was looked at."""


async def try_channel(channel: Component, catalogs: Catalogs, http: aiohttp.ClientSession, clock: Clock) -> Trial:
    """Connect and authenticate as a delivery would, without delivering; not every channel can."""
    tools = ChannelTools(http=http, now=clock.now, installation=token_hex(6), name=channel.name, passing=True)
    spec = catalogs.channels.spec(channel.kind)
    probe: Callable[[], Awaitable[Any]] | None = getattr(spec.build(channel.options, tools), "probe", None)
    if probe is None:
        detail = f"only a delivery can tell: badbuzz notify {channel.name}"
        return Trial(role="channel", name=channel.name, outcome="not tried", detail=detail)

    async def greet() -> str:
        await probe()
        return "reached"

    return await _tried("channel", channel.name, spec.deadline, greet)


async def _tried(role: Role, name: str, patience: timedelta, act: Callable[[], Awaitable[str]]) -> Trial:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return Trial(role=role, name=name, outcome="fine", detail=await act())
    except (FetchError, SendError) as error:
        return Trial(role=role, name=name, outcome="failed", detail=str(error))
    except TimeoutError:
        seconds = int(patience.total_seconds())
        return Trial(role=role, name=name, outcome="failed", detail=f"no answer within {seconds} s")


def masking_of(options: Model) -> Masking:
    """Hides the secrets of one component, where no configuration tells which of its plain values are secret too."""
    return Masking([*secrets_in(options), *credentials_in(options.model_dump(mode="json"))])


async def _read(collector: Collector) -> str:
    """How many mentions there are. Raises FetchError, also when parts of the source fail."""
    found = 0
    async with aclosing(collector.batches(None)) as batches:
        async for batch in batches:
            if batch.problems:
                raise batch.problems[0]
            found += len(batch.mentions)
            if found >= ENOUGH:
                return f"{found} mentions or more"
    return f"{found} mentions"
