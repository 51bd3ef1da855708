"""`python -m tests.bench.lives --lives 1000 --seed 7`: random lives, and what each channel made of them; exit 1 when a
promise was broken.
"""

import argparse
import asyncio
import secrets
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from alerts.delivery import Delivery
from listener.store.port import IncidentRow
from rules.transition import Transition
from tests.listener.pipeline.world import World, opened
from tests.living import FIRST_ONLY, KINDS, LADDER, RULES, Network, Process, Services, Shown, services
from tests.servers import Posted, http_fake

TICK = 30
BRANDS = 24
REFUSAL = {
    "ok": False,
    "error": "ratelimited",
    "description": "Too Many Requests",
    "parameters": {"retry_after": 7},
    "retry_after": 7,
}


@dataclass
class Lives:
    """Random lives, as they came out. `acts` counts what was asked for in each channel, and `no` why it was refused."""

    random: Random
    process: Process
    services: Services
    network: Network
    taken_away: Counter[tuple[str, str]] = field(default_factory=Counter)
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    no: Counter[str] = field(default_factory=Counter)
    said: int = 0

    @property
    def world(self) -> World:
        return self.process.world

    async def go_on(self, lives: int) -> None:
        """Until so many incidents opened and all of them ended."""
        while len(rows := await self.incidents()) < lives or any(row.state != "resolved" for row in rows):
            busy = {row.brand: row for row in rows if row.state != "resolved"}
            if len(rows) < lives and (idle := [b for b in self.brands() if b not in busy]):
                await self.say(self.random.choice(idle), 3)
            for row in busy.values():
                await self.live(row)
            await self.something_else()
            await self.process.deliver()
            await self.pass_time()
        self.network.rate = 0
        while await self.world.views.deliveries(state="due"):
            await self.pass_time()
            await self.process.deliver()

    def brands(self) -> Sequence[str]:
        return list(self.world.ledger.setup.settings.brands)

    async def incidents(self) -> Sequence[IncidentRow]:
        return await self.world.views.incidents(limit=100_000)

    async def pass_time(self) -> None:
        await self.world.clock.sleep(TICK * 1_000_000)
        await self.process.writer.submit()

    async def say(self, brand: str, count: int) -> None:
        self.said += count
        texts = [self.world.said(str(self.said + n), f"{brand} is slow") for n in range(count)]
        await self.world.hear(*texts)

    async def live(self, row: IncidentRow) -> None:
        """The next step of an incident, if any."""
        drawn = self.random.random()
        rows = await self.world.views.deliveries(thread=row.id)
        told = sorted({each.channel for each in rows if each.state == "sent"})
        if drawn < 0.06:
            await self.say(row.brand, 7)
        elif drawn < 0.25 and told:
            wishes = ["unack", "resolve", "silence"] if row.acknowledged_by else ["ack", "ack", "ack", "silence"]
            await self.act(self.random.choice(told), self.random.choice(wishes), row.id)

    async def act(self, channel: str, verb: str, incident: str) -> None:
        ending = self.random.choice(["false-alarm", "real"]) if verb == "resolve" else None
        why = await self.process.act(channel, verb, incident, ending)
        self.acts[channel, verb] += 1
        self.no[why] += bool(why)

    async def something_else(self) -> None:
        """Somebody deletes a message, or the daemon is started anew."""
        if self.random.random() < 0.1 and (roots := [each for each in self.network.shown if removable(each)]):
            root = self.random.choice(roots[-20:])
            self.services.take_away(root)
            self.taken_away[root.channel, root.deliveries[0].thread] += 1
        if self.random.random() < 0.04:
            self.process = Process(await self.world.again(), self.process.http, self.network)


def removable(shown: Shown) -> bool:
    return shown.channel in {*FIRST_ONLY, "matrix"} and shown.verb == "open" and len(shown.deliveries) == 1


def refuse(posted: Posted) -> aiohttp.web.Response:
    return aiohttp.web.json_response(REFUSAL, status=int(posted.path[1:]), headers={"Retry-After": "7"})


def written(random: Random, channels: str) -> dict[str, str]:
    """A configuration in which each brand is told in a few channels, some of them with a ladder."""
    brands = [f"brand{number}" for number in range(BRANDS)]
    ways = [[*random.sample(KINDS, 3), *(["oncall"] if random.random() < 0.5 else [])] for _ in brands]
    routes = [f"{{brand: {name}, to: [{', '.join(way)}]}}" for name, way in zip(brands, ways, strict=True)]
    people = "people: {lea: {call_by: telegram}, chief: {call_by: ntfy}}"
    return {
        "brands": ", ".join(f"{name}: {{query: {name}, languages: [en]}}" for name in brands),
        "rules": RULES,
        "channels": f"{channels}, boss: {{kind: console}}",
        "routes": f"[{', '.join(routes)}]\n{people}\noncall: {{turns: [lea], ladder: {LADDER}}}",
    }


async def lived(folder: Path, lives: int, seed: int, rate: float = 0.12) -> tuple[Lives, list[str]]:
    """So many lives, and which promises were broken."""
    random = Random(seed)
    async with services() as (fakes, channels), http_fake(refuse) as refuser, aiohttp.ClientSession() as plain:
        network = Network(random, rate, lambda status: plain.get(f"{refuser.url}/{status}"))
        parts = written(random, channels)
        async with aiohttp.ClientSession(middlewares=(network,)) as http, opened(folder, **parts) as world:
            await world.source_is("live")
            drawn = Lives(random, Process(world, http, network), fakes, network)
            await drawn.go_on(lives)
            rows = await world.views.deliveries(limit=10_000_000)
            steps = [step async for step in world.views.transitions()]
    return drawn, [*broken(drawn, rows, steps)]


def broken(drawn: Lives, rows: Sequence[Delivery], steps: Sequence[Transition]) -> Iterator[str]:
    """What was promised, and did not come out so."""
    yield from (
        f"{each.channel}: {each.id} is {each.state}: {each.detail}" for each in rows if each.state in ("due", "parked")
    )
    seen = {each.id for shown in drawn.network.shown for each in shown.deliveries}
    lost = [
        row for row in rows if row.state == "sent" and row.id not in seen and row.channel not in ("pagerduty", "boss")
    ]
    yield from (f"{row.channel}: {row.transition} was lost" for row in lost)
    yield from _twice(drawn)
    yield from _disturbed(rows, steps)
    ends = {step.incident: step.id for step in steps}
    told = {(row.channel, row.thread) for row in rows if row.state == "sent" and row.transition}
    ended = {
        (row.channel, row.thread) for row in rows if row.state == "sent" and row.transition == ends.get(row.thread)
    }
    yield from (f"{channel}: the end of {incident} was not told" for channel, incident in told - ended)


def _twice(drawn: Lives) -> Iterator[str]:
    roots, told = defaultdict[Any, set[str]](set), defaultdict[Any, set[str]](set)
    doubt = Counter[Any]()
    for each in drawn.network.shown:
        alone, ids = len(each.deliveries) == 1, tuple(one.id for one in each.deliveries)
        about = each.deliveries[0].thread if alone else ids
        if each.verb == "open":
            roots[each.channel, about].add(each.key)
            doubt[each.channel, about] += each.lost
        elif each.verb == "tell":
            told[each.channel, ids].add(each.key)
            doubt[each.channel, ids] += each.lost
    for (channel, about), keys in (*roots.items(), *told.items()):
        may = 1 + drawn.taken_away[channel, about] + (doubt[channel, about] if channel in FIRST_ONLY else 0)
        if len(keys) > may:
            yield f"{channel}: {about} was told {len(keys)} times, and {may} at most was promised"


def _disturbed(rows: Sequence[Delivery], steps: Sequence[Transition]) -> Iterator[str]:
    for row in rows:
        if row.state == "sent" and row.call and row.call.why != "told":
            life = [s.state for s in steps if s.incident == row.thread and s.at <= row.created]
            taken = next((s for s in reversed(life) if s in ("acknowledged", "released", "reopened")), "")
            if taken == "acknowledged" or life[-1:] == ["resolved"]:
                yield f"{row.channel}: called for {row.thread}, which somebody had"


def table(drawn: Lives) -> str:
    """What each channel took, a line each."""
    lines = [
        "| Channel | Messages taken | Answers lost | Deleted by somebody | Acts | Sent again |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        shown = [each for each in drawn.network.shown if each.channel == kind]
        first = {(each.verb, *(one.id for one in each.deliveries)) for each in shown}
        acts = sum(count for (channel, _), count in drawn.acts.items() if channel == kind)
        gone = sum(count for (channel, _), count in drawn.taken_away.items() if channel == kind)
        again = len(shown) - len(first)
        lines.append(f"| `{kind}` | {len(shown)} | {sum(s.lost for s in shown)} | {gone} | {acts} | {again} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        drawn, wrong = asyncio.run(lived(Path(folder), asked.lives, asked.seed))
    met = ", ".join(f"{fault} {count}" for fault, count in drawn.network.met.items() if fault)
    sys.stdout.write("\n".join([f"seed {asked.seed}: {met}", table(drawn), *wrong, ""]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
