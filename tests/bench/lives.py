"""`python -m tests.bench.lives --lives 1000 --seed 7`: random lives, and what each channel made of them; exit 1 when a
promise was broken.
"""

import argparse
import asyncio
import logging
import secrets
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import aiohttp
import structlog

from listener.store.port import IncidentRow
from rules.instant import MINUTE, SECOND, Instant
from rules.transition import Transition
from tests.bench.promises import Outcome, broken
from tests.listener.pipeline.world import World, opened
from tests.living import Network, Process, Shown
from tests.pressing import Hand, Services, hands, services
from tests.servers import Posted, http_fake

TICK = 30
BRANDS = 96
STORM = 40
BACK = 0.2
REST = 61 * MINUTE
"""After so long what comes is another incident."""
RULES = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 9}, calm_for: 5m}"
LADDER = "[{after: 3m, remind: first}, {after: 6m, call: chief}]"
REFUSAL = {
    "ok": False,
    "error": "ratelimited",
    "description": "Too Many Requests",
    "parameters": {"retry_after": 7},
    "retry_after": 7,
}


@dataclass
class Lives:
    """Random lives, as they came out. `acts` counts what was pressed in each channel, and `no` why it was refused."""

    random: Random
    stack: AsyncExitStack
    process: Process
    services: Services
    network: Network
    hands: dict[str, Hand]
    taken_away: Counter[tuple[str, str]] = field(default_factory=Counter)
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    no: Counter[str] = field(default_factory=Counter)
    together: set[str] = field(default_factory=set)
    unheard: list[str] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    said: int = 0
    steps: Sequence[Transition] = ()
    later: list[tuple[Instant, str]] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.process.world

    async def go_on(self, lives: int) -> None:
        """Until so many incidents opened and all of them ended."""
        while (opened := await self._opened()) < lives or await self._open():
            rows = await self._open()
            await self.begin({row.brand for row in rows}, fresh=opened < lives)
            for row in (*rows, *await self._over()):
                await self.live(row)
            await self.something_else()
            self.services.fakes["ntfy"].now = self.world.clock.now() // SECOND
            await self.process.deliver()
            await self.pass_time()
        self.network.rate = 0
        while await self.world.views.deliveries(state="due"):
            await self.pass_time()
            await self.process.deliver()

    async def begin(self, busy: Collection[str], *, fresh: bool) -> None:
        """Something happens to a brand that is calm, to which something may have happened not long ago."""
        now = self.world.clock.now()
        rows = await self.world.views.incidents(limit=10_000)
        lately = {row.brand for row in rows if row.brand not in busy and now - row.changed_at < REST}
        rested = [brand for brand in self.process.settings.brands if brand not in {*busy, *lately}]
        if fresh and lately and self.random.random() < BACK:
            await self.say(self.random.choice(sorted(lately)), 3)
        elif fresh and rested:
            await self.say(self.random.choice(rested), 3)
        due, self.later = ([each for each in self.later if (each[0] <= now) == is_due] for is_due in (True, False))
        for _, brand in due:
            await self.say(brand, 3)

    async def _opened(self) -> int:
        return next((row.number for row in await self.world.views.incidents(limit=1)), 0)

    async def _open(self) -> Sequence[IncidentRow]:
        return await self.world.views.incidents(open_only=True, limit=1_000)

    async def _over(self) -> Sequence[IncidentRow]:
        """Of what is over, one that somebody may still say something of."""
        rows = [row for row in await self.world.views.incidents(limit=10) if row.state == "resolved" and not row.ending]
        return [self.random.choice(rows)] if rows and self.random.random() < 0.2 else []

    async def pass_time(self) -> None:
        await self.world.clock.sleep(TICK * SECOND)
        await self.process.writer.submit()

    async def say(self, brand: str, count: int) -> None:
        self.said += count
        texts = [self.world.said(str(self.said + n), f"{brand} is slow") for n in range(count)]
        await self.world.hear(*texts)

    async def live(self, row: IncidentRow) -> None:
        """The next step of an incident, if any."""
        drawn = self.random.random()
        if drawn < 0.02 and row.state != "resolved":
            await self.say(row.brand, 7)
        elif drawn < 0.03 and row.state != "resolved":
            # a few are said after most of a storm is over: it eases, and does not end yet
            await self.say(row.brand, STORM)
            self.later.append((self.world.clock.now() + 13 * MINUTE, row.brand))
        elif drawn < 0.12:
            rows = await self.world.views.deliveries(thread=row.id)
            told = sorted({each.channel for each in rows if each.state == "sent" and each.channel in self.hands})
            fresh = await self.world.views.incident(row.id)
            if told and fresh:
                await self.press(self.random.choice(told), fresh)

    async def press(self, channel: str, row: IncidentRow) -> None:
        """Somebody presses what they see there."""
        hand = self.hands[channel]
        hand.process = self.process
        offers = hand.offers(row)
        # nobody ends what is real so often that it never gets far
        wanted = [each for each in offers if each != "false-alarm" or self.random.random() < 0.4]
        if not wanted:
            return
        what = self.random.choice(wanted)
        self.acts[channel, what] += 1
        try:
            why = await hand.asked(row, what)
        except TimeoutError:
            self.unheard.append(f"{channel}: {what} of {row.id} was not heard")
            return
        self.no[why] += bool(why)
        verb, _, one = what.partition(".")
        if verb == "ack" and not why:
            self.taken.update([one] if one else await self._meant(channel, row))

    async def _meant(self, channel: str, row: IncidentRow) -> Sequence[str]:
        """What was taken: all that the message told of where it told of several."""
        asked = next((wish.incident for name, wish, _ in reversed(self.process.acts) if name == channel), row.id)
        told = await self.world.views.told_in(asked) if asked not in (row.id, str(row.number)) else []
        self.together.update(told)
        return told or [row.id]

    async def something_else(self) -> None:
        """Somebody deletes a message, or the daemon is started anew."""
        if self.random.random() < 0.1 and (roots := [e for e in self.network.shown[-200:] if removable(e)]):
            root = self.random.choice(roots[-20:])
            self.services.take_away(root)
            self.taken_away[root.channel, root.deliveries[0].thread] += 1
        if self.random.random() < 0.02:
            await self.process.stop()
            self.process = Process(await self.world.again(), self.process.http, self.network)
            await self.process.start(self.stack)


def removable(shown: Shown) -> bool:
    return shown.channel in {"slackbot", "telegram", "discord", "matrix"} and (
        shown.verb == "open" and len(shown.deliveries) == 1
    )


def refuse(posted: Posted) -> aiohttp.web.Response:
    if posted.path == "/502":
        return aiohttp.web.Response(status=502)
    return aiohttp.web.json_response(REFUSAL, status=int(posted.path[1:]), headers={"Retry-After": "7"})


def written(random: Random, services: Services) -> dict[str, Any]:
    """A configuration in which each brand is told in a few channels, some of them with a ladder."""
    brands, kinds = [f"brand{number}" for number in range(BRANDS)], list(services.written)
    ways = [[*random.sample(kinds, 2), *(["oncall"] if random.random() < 0.25 else [])] for _ in brands]
    routes = [f"{{brand: {name}, to: [{', '.join(way)}]}}" for name, way in zip(brands, ways, strict=True)]
    people = "people: {lea: {call_by: telegram}, chief: {call_by: ntfy}}"
    return {
        "brands": ", ".join(f"{name}: {{query: {name}, languages: [en]}}" for name in brands),
        "rules": RULES,
        "channels": f"{services.channels}, boss: {{kind: console}}",
        "routes": f"[{', '.join(routes)}]\n{people}\noncall: {{turns: [lea], ladder: {LADDER}}}",
    }


async def lived(folder: Path, lives: int, seed: int, rate: float = 0.12) -> tuple[Lives, list[str]]:
    """So many lives, and which promises were broken."""
    random = Random(seed)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        there, plain = await enter(services(folder)), await enter(aiohttp.ClientSession())
        refuser = await enter(http_fake(refuse))
        network = Network(random, rate, lambda status: plain.get(f"{refuser.url}/{status}"), deaf=Random(seed))
        http = await enter(aiohttp.ClientSession(middlewares=(network,)))
        world = await enter(opened(folder, **written(random, there)))
        await world.source_is("live")
        process = Process(world, http, network)
        await process.start(stack)
        drawn = Lives(random, stack, process, there, network, hands(there, random))
        await drawn.go_on(lives)
        await there.settled()
        drawn.steps = [step async for step in world.views.transitions()]
        outcome = Outcome(
            rows=await world.views.deliveries(limit=10_000_000),
            steps=drawn.steps,
            shown=network.shown,
            taken_away=drawn.taken_away,
            taken=drawn.taken,
            together=drawn.together,
            services=there,
            at=world.clock.now(),
        )
        await drawn.process.stop()
        return drawn, [*drawn.unheard, *broken(outcome)]


def table(drawn: Lives) -> str:
    """What each channel took, a line each."""
    lines = [
        "| channel | messages taken | answers lost | sent again | deleted by somebody | pressed | of these taken |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in sorted(drawn.services.written):
        shown = [each for each in drawn.network.shown if each.channel == kind]
        first = {(each.verb, *(one.id for one in each.deliveries)) for each in shown}
        acts = {what: count for (channel, what), count in drawn.acts.items() if channel == kind}
        gone = sum(count for (channel, _), count in drawn.taken_away.items() if channel == kind)
        lost, again = sum(s.lost for s in shown), len(shown) - len(first)
        pressed = f"{sum(acts.values())} | {acts.get('ack', 0)}" if kind in drawn.hands else "- | -"
        lines.append(f"| `{kind}` | {len(shown)} | {lost} | {again} | {gone} | {pressed} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable()
    with TemporaryDirectory() as folder:
        drawn, wrong = asyncio.run(lived(Path(folder), asked.lives, asked.seed))
    met = ", ".join(f"{fault} {count}" for fault, count in sorted(drawn.network.met.items()) if fault)
    pressed = Counter[str]()
    for (_, what), count in drawn.acts.items():
        pressed[what] += count
    told = [
        f"seed {asked.seed}: {asked.lives} lives, {drawn.network.starts} starts, {process_time():.0f} s of processor",
        f"faults: {met}",
        f"steps: {dict(Counter(step.state for step in drawn.steps))}",
        f"pressed: {dict(pressed)}; refused: {dict(drawn.no)}",
        table(drawn),
    ]
    sys.stdout.write("\n".join([*told, *(wrong or ["no promise broken"]), ""]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
