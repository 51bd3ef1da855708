"""Two of each role with one Kafka and one PostgreSQL, and what befalls them."""

import asyncio
import signal
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

import aiohttp

from listener.shares import part_of
from tests.e2e.machines import Machine, awaited
from tests.e2e.relays import Relays
from tests.e2e.world import is_told, talk
from tests.kafka import Place
from tests.postgres import crash
from tests.servers import lasting_port

ROLES = {"listener": "listen", "judge": "judge", "notifier": "notify"}
_EACH = ("is killed", "stands still", "is stopped", "is cut off")
BLOWS = (
    *(f"a {who} {what}" for who in ROLES for what in _EACH),
    "a broker is lost",
    "a broker stands still",
    "the database server crashes",
)
SOURCES = ("lines", "press", "push")
PARTS = 4
LONGER = 13.0
"""Seconds that somebody is away: longer than any session, lease or claim lasts."""
_TOLD = 120.0
"""Seconds within which all goes on after a blow."""


def spread(parts):
    """Names of brands, one in each part."""
    return tuple(sorted({part_of(name, parts): name for name in (f"acme{number}" for number in range(100))}.values()))


BRANDS = spread(PARTS)


@dataclass
class Stage:
    """Two of each role, what they talk through, and how they can be cut off from it."""

    world: object
    kafka: object
    network: object
    machines: list
    asked: int = 0

    def of(self, role):
        return [machine for machine in self.machines if machine.role == role]

    async def are_read(self):
        """Whether each source is read by somebody."""
        return set().union(*[await sources(each) for each in self.of("listen")]) == {*SOURCES}

    async def answer(self):
        return all([await machine.says("/-/healthy") for machine in self.machines])

    async def heard_of(self):
        """Say a new word in each place; seconds until people are told of each, by all brands."""
        begun, numbers = time.monotonic(), range(3 * self.asked, 3 * self.asked + 3)
        self.asked += 1
        for number in numbers:
            self.world.words[10**6 + number] = f"probe{number}"
        in_file, in_feed, in_push = (10**6 + number for number in numbers)
        self.world.say_in_file(in_file)
        self.world.say_in_feed(in_feed)
        wanted = {(f"probe{number}", brand) for number in numbers for brand in self.world.brands}

        async def are_told():
            return wanted <= {_about(body) for _, _, body in self.world.delivered}

        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            asyncio.TaskGroup() as all_,
        ):
            all_.create_task(self.world.push(session, in_push))
            await awaited("told of what is new", are_told, self.machines, seconds=_TOLD, pause=0.05)
        return time.monotonic() - begun


def _about(body):
    labels = body["commonLabels"]
    return labels["alertname"], labels.get("brand")


async def sources(listener, names=SOURCES):
    """What a listener reads of these."""
    said = await listener.says("/metrics")
    return {name for name in names if said and f'badbuzz_source_up{{source="{name}"}}' in said[1]}


@asynccontextmanager
async def running(*machines):
    """They run for the time of a block; what runs on at its end is stopped."""
    try:
        for machine in machines:
            await machine.start()
        yield machines
        for machine in machines:
            if machine.process.returncode is None:
                await machine.end(signal.SIGTERM)
    finally:
        for machine in machines:
            if machine.process and machine.process.returncode is None:
                machine.process.kill()
                await machine.process.wait()


def relayed_places(count=3):
    """Where brokers run that are reached by way of relays."""
    return [Place(relayed=lasting_port()) for _ in range(count)]


@asynccontextmanager
async def relays(the_world, kafka, machines):
    """The ways from these machines to the brokers, and to the database."""

    def processes():
        return {machine.process.pid: machine.name for machine in machines if machine.process}

    network = Relays(processes)
    async with AsyncExitStack() as stack:
        for broker in kafka.brokers:
            await stack.enter_async_context(network.to_port(broker.name, broker.port, broker.place.relayed))
        # short, as the path of a socket must be
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bb-")))
        there, name = Path(the_world.database.partition("host=")[2]), ".s.PGSQL.5432"
        await stack.enter_async_context(network.to_socket("database", there / name, folder / name))
        the_world.dialled = f"postgresql://postgres@/postgres?host={folder}"
        yield network


@asynccontextmanager
async def stage(the_world, kafka, probes, networked=relays):
    """All of them, ready; `networked` makes the network that machines are in."""
    the_world.kafka, the_world.brands, the_world.parts = kafka.servers.replace(",", ", "), BRANDS, PARTS
    the_world.probes = 3 * probes
    config = the_world.write_config()
    machines = [
        Machine(the_world, config, lasting_port(), role=role, name=f"{who} {number}")
        for who, role in ROLES.items()
        for number in (1, 2)
    ]
    async with networked(the_world, kafka, machines) as network:
        made = Stage(the_world, kafka, network, machines)
        the_world.doors = [f"{each.host}:{each.port}" for each in made.of("listen")]
        async with running(*machines):
            await awaited("read", made.are_read, machines)
            await awaited("well", made.answer, machines)
            yield made


async def strike(blow, made, chance):
    """Let it befall them; seconds until people are told of what is said afterwards. In the end all run again."""
    with made.world.trouble(excused=inf):
        match blow.split(" ", 2):
            case [_, "broker", what]:
                took = await _strike_broker(what, made, chance.choice(made.kafka.brokers))
            case [_, "database", _]:
                await asyncio.to_thread(crash, made.world.database)
                took = await made.heard_of()
            case [_, who, what]:
                took = await _strike(what, made, chance.choice(made.of(ROLES[who])))
        await awaited("well", made.answer, made.machines)
    return took


async def _strike(what, made, victim):
    begun = time.monotonic()
    match what:
        case "is killed":
            await victim.end(signal.SIGKILL)
        case "is stopped":
            assert await victim.end(signal.SIGTERM) == 0, victim.log.read_text()[-3_000:]
        case "stands still":
            victim.signal(signal.SIGSTOP)
        case "is cut off":
            made.network.cut(victim.name)
    took = await made.heard_of()
    if what in ("stands still", "is cut off"):
        await asyncio.sleep(max(0.0, begun + LONGER - time.monotonic()))
    match what:
        case "stands still":
            victim.signal(signal.SIGCONT)
        case "is cut off":
            made.network.heal()
        case _:
            await victim.start()
    return took


async def _strike_broker(what, made, broker):
    match what:
        case "stands still":
            with broker.frozen():
                return await made.heard_of()
        case "is cut off":
            made.network.cut(broker.name)
            took = await made.heard_of()
            made.network.heal()
        case _:
            broker.kill()
            took = await made.heard_of()
            broker.start()
            await asyncio.to_thread(broker.await_up)
    return took


async def schedule(the_world, kafka, blows, chance, networked=relays):
    """Talk while blows fall, then let it all be heard; [(blow, seconds)]."""
    stop, took = asyncio.Event(), []
    async with stage(the_world, kafka, len(blows), networked) as made, asyncio.TaskGroup() as group:
        talking = group.create_task(talk(the_world, stop, limit=5_000))
        for blow in blows:
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            took.append((blow, round(await strike(blow, made, chance), 1)))
        stop.set()
        await talking
        await awaited("all told", lambda: is_told(the_world), made.machines, pause=0.5)
        for machine in made.machines:
            assert await machine.end(signal.SIGTERM) == 0, machine.log.read_text()[-3_000:]
    return took
