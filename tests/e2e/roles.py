"""Listeners and judges with one Kafka and one PostgreSQL, and what befalls them."""

import asyncio
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.e2e.machines import Machine, awaited, ended
from tests.e2e.world import is_told, talk
from tests.postgres import crash
from tests.servers import lasting_port

BLOWS = (
    "a listener is killed",
    "a listener stands still",
    "a listener is stopped",
    "the judge is killed",
    "the judge stands still",
    "a broker is lost",
    "the database server crashes",
)
SOURCES = ("lines", "press", "push")


@dataclass
class Stage:
    """Two of each role, and what they talk through."""

    world: object
    kafka: object
    listeners: list
    judges: list

    @property
    def all(self):
        return [*self.listeners, *self.judges]

    async def are_judged(self):
        return any([await judge.is_active() for judge in self.judges])

    async def are_read(self):
        """Whether each source is read by somebody."""
        return set().union(*[await sources(each) for each in self.listeners]) == {*SOURCES}


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


@asynccontextmanager
async def stage(the_world, kafka):
    the_world.kafka = kafka.servers.replace(",", ", ")
    config = the_world.write_config()
    judges = [Machine(the_world, config, lasting_port(), role="judge") for _ in range(2)]
    the_world.port, the_world.others = lasting_port(), [lasting_port()]
    listeners = [Machine(the_world, config, port, role="listen") for port in (the_world.port, *the_world.others)]
    made = Stage(the_world, kafka, listeners, judges)
    async with running(*made.all):
        await awaited("judged", made.are_judged, made.all)
        await awaited("read", made.are_read, made.all)
        yield made


async def strike(blow, made, chance):
    """Let it befall them; seconds until all sources are read and judged again. Afterwards all run."""
    begun, listener = time.monotonic(), chance.choice(made.listeners)
    active, standby = made.judges if await made.judges[0].is_active() else made.judges[::-1]
    others = [each for each in made.listeners if each is not listener]
    match blow:
        case "a listener is killed" | "a listener is stopped":
            await listener.end(signal.SIGKILL if blow == "a listener is killed" else signal.SIGTERM)
            await awaited("read by the other", lambda: reads_all(others[0]), made.all)
            took = time.monotonic() - begun
            await listener.start()
            await awaited("listening again", listener.is_active, made.all)
            return took
        case "a listener stands still":
            listener.signal(signal.SIGSTOP)
            took = await awaited("read by the other", lambda: reads_all(others[0]), made.all)
            listener.signal(signal.SIGCONT)
            return took
        case "the judge is killed":
            await active.end(signal.SIGKILL)
            await active.start()
        case "the judge stands still":
            active.signal(signal.SIGSTOP)
            took = await awaited("judged by the other", standby.is_active, made.all)
            active.signal(signal.SIGCONT)
            return took
        case "a broker is lost":
            broker = chance.choice(made.kafka.brokers)
            broker.kill()
            await asyncio.sleep(chance.uniform(0, 3))
            broker.start()
            await asyncio.to_thread(broker.await_up)
        case "the database server crashes":
            made.world.life += 1
            await asyncio.to_thread(crash, made.world.database)
    await awaited("judged", made.are_judged, made.all)
    await awaited("read", made.are_read, made.all)
    return time.monotonic() - begun


async def reads_all(listener):
    return await sources(listener) == {*SOURCES}


async def schedule(the_world, kafka, blows, chance):
    """Talk while blows fall, then let it all be heard; [(blow, seconds)]."""
    stop, took = asyncio.Event(), []
    async with stage(the_world, kafka) as made, asyncio.TaskGroup() as group:
        talking = group.create_task(talk(the_world, stop, limit=5_000))
        for blow in blows:
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            took.append((blow, round(await strike(blow, made, chance), 1)))
        stop.set()
        await talking
        await awaited("all told", lambda: is_told(the_world), made.all)
        for listener in made.listeners:
            assert await listener.end(signal.SIGTERM) == 0, listener.log.read_text()[-3_000:]
        await ended(made.judges)
    return took
