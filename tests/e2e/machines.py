"""Several machines with one PostgreSQL database, and what befalls them: deaths, freezes, a server that crashes."""

import asyncio
import os
import random
import signal
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

import aiohttp

from tests.e2e.world import is_told, talk
from tests.postgres import crash
from tests.servers import free_port

PROGRAM = str(Path(sys.executable).with_name("badbuzz"))
BLOWS = ("kill", "freeze", "stop", "crash")
TOKEN = "what-pages-elsewhere-ask-for"
_LOG_IN = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Machine:
    """One process of the program, which a service manager would start again when it dies."""

    world: object
    config: Path
    port: int
    process: asyncio.subprocess.Process | None = None
    role: str = ""
    name: str = ""
    host: str = "127.0.0.1"
    prefix: tuple = ()
    """What its command begins with, to run it elsewhere."""

    @property
    def log(self):
        return self.config.with_name(f"log-{self.port}.txt")

    async def start(self):
        listen = {"BADBUZZ_DAEMON__LISTEN": f"{self.host}:{self.port}", "BADBUZZ_DAEMON__LOG_LEVEL": "info"}
        elsewhere = {} if self.host == "127.0.0.1" else {"BADBUZZ_DAEMON__TOKEN": TOKEN}
        words = [PROGRAM, "run", str(self.config), *(["--role", self.role] if self.role else [])]
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.prefix, *words, stdout=log, stderr=log, env=os.environ | self.world.environ | listen | elsewhere
            )

    async def says(self, path):
        """(status, body), or None when nobody answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http,
                http.get(f"http://{self.host}:{self.port}{path}", headers=_LOG_IN) as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def is_active(self):
        return await self.says("/-/ready") == (200, "ready\n")

    async def stands_by(self):
        return await self.says("/-/ready") == (503, "standby: another badbuzz is active\n")

    def signal(self, number):
        assert self.process.returncode is None, f"{self.name} ended by itself:\n{self.log.read_text()[-3_000:]}"
        self.world.life += 1
        self.process.send_signal(number)

    async def end(self, number):
        self.signal(number)
        return await asyncio.wait_for(self.process.wait(), 30)


async def awaited(what, holds, machines, seconds=90.0, pause=0.02):
    """Seconds until it holds, looked at after each pause."""
    begun = time.monotonic()
    while not await holds():
        if time.monotonic() - begun > seconds:
            begun_logs = [machine.log for machine in machines if machine.log.exists()]
            logs = "\n\n".join(log.read_text(encoding="utf-8")[-3_000:] for log in begun_logs)
            raise AssertionError(f"not {what} within {seconds} s:\n{logs}")
        await asyncio.sleep(pause)
    return time.monotonic() - begun


@asynccontextmanager
async def machines(the_world, count=2):
    """So many machines: the first one that runs is active, the others stand by."""
    config = the_world.write_config()
    the_world.others = [free_port() for _ in range(count - 1)]
    found = [Machine(the_world, config, port) for port in (the_world.port, *the_world.others)]
    try:
        await found[0].start()
        await awaited("active", found[0].is_active, found)
        for machine in found[1:]:
            await machine.start()
            await awaited("standing by", machine.stands_by, found)
        yield found
    finally:
        for machine in found:
            if machine.process and machine.process.returncode is None:
                machine.process.kill()
                await machine.process.wait()


async def strike(blow, active, other, chance):
    """Let it befall the active machine; for how long nobody was active. Both run afterwards, one standing by."""
    if blow == "stop":
        return await _strike(blow, active, other, chance)
    # while the server is away, the same may be told and not be kept time and again
    with active.world.trouble(excused=inf if blow == "crash" else 1):
        return await _strike(blow, active, other, chance)


async def _strike(blow, active, other, chance):
    both = [active, other]
    if blow == "crash":
        await asyncio.to_thread(crash, active.world.database)
        return await awaited("active again", lambda: _any_active(both), both)
    if blow == "freeze":
        active.signal(signal.SIGSTOP)
        took = await awaited("taken over", other.is_active, both)
        await asyncio.sleep(chance.uniform(0, 1))
        active.signal(signal.SIGCONT)
    else:
        begun = time.monotonic()
        await active.end(signal.SIGKILL if blow == "kill" else signal.SIGTERM)
        await awaited("taken over", other.is_active, both)
        took = time.monotonic() - begun
        await active.start()
    await awaited("one active, one standing by", lambda: _one_each(*both), both)
    return took


async def _one_each(first, second):
    return await _any_active([first, second]) and (await first.stands_by() or await second.stands_by())


async def _any_active(both):
    return await both[0].is_active() or await both[1].is_active()


async def ended(both):
    """Stop both, first the one that stands by: it would take over, and be stopped amid its start."""
    for machine in both if await both[1].is_active() else both[::-1]:
        assert await machine.end(signal.SIGTERM) == 0


async def schedule(the_world, blows, chance):
    """Talk while blows fall, then let it all be heard; [(blow, seconds that nobody was active)]."""
    stop, took = asyncio.Event(), []
    async with machines(the_world) as both, asyncio.TaskGroup() as group:
        talking = group.create_task(talk(the_world, stop, limit=5_000))
        for blow in blows:
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            active, other = both if await both[0].is_active() else both[::-1]
            took.append((blow, await strike(blow, active, other, chance)))
        stop.set()
        await talking
        await awaited("all told", lambda: is_told(the_world), both)
        await ended(both)
    return took


def drawn(seed, count, blows=BLOWS):
    """So many blows, as chance would have it."""
    chance = random.Random(seed)
    return [chance.choice(blows) for _ in range(count)], chance
