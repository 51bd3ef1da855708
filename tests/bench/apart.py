"""`python -m tests.bench.apart --mentions 20000 --rounds 3`: what a listener, one judge or two, and a notifier carry in
processes of their own, beside one process that does all of it, and where the processor's time goes. `all matching`:
each mention is of one of eight brands, one in each part; `firehose`: ten times as many, of which one in a hundred is.
All come by a file; the time is that from the first of them to the last commit. What PostgreSQL and three brokers spend
is told apart; brokers spend something while they do nothing, which is told too.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import asyncpg

from listener.store.upkeep import migrate
from tests.e2e.machines import Machine, awaited
from tests.e2e.roles import running, spread
from tests.e2e.world import views_at, world
from tests.kafka import cluster as kafka_cluster
from tests.postgres import cluster, emptied
from tests.servers import lasting_port

TICKS = os.sysconf("SC_CLK_TCK")
WORDS = ("the", "plane", "was", "late", "again", "nobody", "said", "why", "we", "waited", "hours", "for", "a", "bag")
WAYS = {
    "one process": ("",),
    "1 judge": ("listen", "judge", "notify"),
    "2 judges": ("listen", "judge", "judge", "notify"),
}
MIXES = {"all matching": (1, 1.0), "firehose": (10, 0.01)}
"""How many times as many there are, and the share that names a brand."""
PARTS = 8
IDLE = 5.0


def spent(pid):
    """Processor seconds of a process and of all that it began; 0 once it is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, words[11:15])) / TICKS + sum(map(spent, children))


def database_spent(url):
    """The same of a PostgreSQL server."""
    folder = Path(url.partition("host=")[2])
    return spent((folder / "data/postmaster.pid").read_text().splitlines()[0])


def kafka_spent(kafka):
    return sum(spent(broker.process.pid) for broker in kafka.brokers)


async def is_live(url):
    async with views_at(url) as views:
        return any(row.state == "live" for row in await views.sources() if row.name == "lines")


def drawn(brands, count, share, chance):
    """So many lines, and how many of them name a brand."""
    named = [chance.random() < share for _ in range(count)]
    lines = (
        json.dumps({"id": f"m{number}", "text": f"{chance.choice(brands) if is_named else 'it'} {words}"}) + "\n"
        for number, is_named in enumerate(named)
        if (words := " ".join(chance.choices(WORDS, k=20)))
    )
    return list(lines), sum(named)


async def measured(folder, url, kafka, roles, lines, named):
    """Seconds by the wall and by who spent them on a processor, from the first mention to the last commit."""
    async with AsyncExitStack() as stack:
        the_world = await stack.enter_async_context(world(folder))
        the_world.database, the_world.lease, the_world.kafka = url, "30s", kafka.servers.replace(",", ", ")
        the_world.brands, the_world.query, the_world.parts = spread(PARTS), "", PARTS
        config = the_world.write_config()
        machines = [Machine(the_world, config, lasting_port(), role=role) for role in roles]
        await stack.enter_async_context(running(*machines))
        asking = await asyncpg.connect(url)
        stack.push_async_callback(asking.close)
        await awaited("live", lambda: is_live(url), machines)

        def all_spent():
            ours: dict[str, float] = defaultdict(float)
            for each in machines:
                ours[each.role or "one process"] += spent(each.process.pid) if each.process else 0.0
            return ours | {"PostgreSQL": database_spent(url), "Kafka": kafka_spent(kafka)}

        async def are_counted():
            return await asking.fetchval("select count(*) from mentions") >= named

        before, begun = all_spent(), time.monotonic()
        with (folder / "in.jsonl").open("a") as file:
            file.writelines(lines)
        await awaited("counted", are_counted, machines, seconds=300, pause=0.1)
        took = {"wall": time.monotonic() - begun}
        return took | {who: seconds - before[who] for who, seconds in all_spent().items()}


def shown(mix, count, took):
    """A table: what each way carries, and how its processor time is shared."""
    names = ("listen", "judge", "notify", "PostgreSQL", "Kafka")
    heads = ("", "a second, by the wall", "a second, by the processor", *names)
    sys.stdout.write(f"\n{mix}, {count:,} mentions\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n")
    for way, parts in took.items():
        middle = {who: median(seconds) for who, seconds in parts.items()}
        wall, whole = middle.pop("wall"), sum(middle.values())
        ours = middle | ({"judge": middle["one process"]} if "one process" in middle else {})
        cells = (f"{ours[who]:.1f} s, {ours[who] / whole:.0%}" if who in ours else "-" for who in names)
        sys.stdout.write(f"| {way} | {count / wall:,.0f} | {count / whole:,.0f} | {' | '.join(cells)} |\n")


async def main(mentions, rounds, mixes):
    with cluster() as url, kafka_cluster(3, lasting=True) as kafka:
        before = kafka_spent(kafka)
        await asyncio.sleep(IDLE)
        sys.stdout.write(f"Kafka at rest: {(kafka_spent(kafka) - before) / IDLE:.2f} s a second\n")
        for mix in mixes:
            times, share = MIXES[mix]
            took: dict[str, dict[str, list[float]]] = {way: defaultdict(list) for way in WAYS}
            lines, named = drawn(spread(PARTS), mentions * times, share, random.Random(5))
            for way, roles in list(WAYS.items()) * rounds:
                await migrate(await emptied(url))
                with TemporaryDirectory() as folder:
                    for who, seconds in (await measured(Path(folder), url, kafka, roles, lines, named)).items():
                        took[way][who].append(seconds)
            shown(mix, len(lines), took)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mixes", nargs="+", choices=MIXES, default=list(MIXES))
    given = parser.parse_args()
    asyncio.run(main(given.mentions, given.rounds, given.mixes))
