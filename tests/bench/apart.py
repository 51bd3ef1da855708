"""`python -m tests.bench.apart --mentions 20000 --rounds 3`: what it costs to listen and to judge in processes of their
own, in processor seconds, beside one process that does both. Each mention is of the one brand; all come by a file. The
seconds of PostgreSQL and of three brokers, which cost something while they do nothing, are told apart.
"""

import argparse
import asyncio
import json
import os
import random
import sys
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from listener.store.upkeep import migrate
from tests.e2e.machines import Machine, awaited
from tests.e2e.roles import running
from tests.e2e.world import views_at, world
from tests.kafka import cluster as kafka_cluster
from tests.postgres import cluster, emptied
from tests.servers import lasting_port

TICKS = os.sysconf("SC_CLK_TCK")
WORDS = ("the", "plane", "was", "late", "again", "nobody", "said", "why", "we", "waited", "hours", "for", "a", "bag")
ROLES = {"one process": ("",), "apart": ("listen", "judge")}


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


async def is_counted(url, count):
    async with views_at(url) as views:
        return [row.mentions for row in await views.sources() if row.name == "lines"] == [count]


async def is_live(url):
    async with views_at(url) as views:
        return any(row.state == "live" for row in await views.sources() if row.name == "lines")


async def measured(folder, url, kafka, roles, mentions):
    """Processor seconds by who spent them, from the first mention to the last commit."""
    async with world(folder) as the_world:
        the_world.database, the_world.lease, the_world.kafka = url, "30s", kafka.servers.replace(",", ", ")
        config = the_world.write_config()
        machines = [Machine(the_world, config, lasting_port(), role=role) for role in roles]
        async with running(*machines):
            await awaited("live", lambda: is_live(url), machines)

            def all_spent():
                said = {each.role or "listen and judge": spent(each.process.pid) for each in machines if each.process}
                brokers = sum(spent(broker.process.pid) for broker in kafka.brokers)
                return said | {"PostgreSQL": database_spent(url), "Kafka": brokers}

            before, chance = all_spent(), random.Random(5)
            lines = (
                json.dumps({"id": f"m{number}", "text": f"acme {' '.join(chance.choices(WORDS, k=20))}"}) + "\n"
                for number in range(mentions)
            )
            with (folder / "in.jsonl").open("a") as file:
                file.writelines(lines)
            await awaited("counted", lambda: is_counted(url, mentions), machines, seconds=300)
            return {who: seconds - before[who] for who, seconds in all_spent().items()}


async def main(mentions, rounds):
    took: dict[str, dict[str, list[float]]] = {kind: defaultdict(list) for kind in ROLES}
    async with AsyncExitStack() as stack:
        url, kafka = stack.enter_context(cluster()), stack.enter_context(kafka_cluster(3))
        for kind, roles in list(ROLES.items()) * rounds:
            await migrate(await emptied(url))
            with TemporaryDirectory() as folder:
                for who, seconds in (await measured(Path(folder), url, kafka, roles, mentions)).items():
                    took[kind][who].append(seconds)
    sys.stdout.write(f"processor seconds for {mentions} mentions, medians of {rounds}\n")
    for kind, parts in took.items():
        shares = ", ".join(f"{who} {median(seconds):.2f}" for who, seconds in parts.items())
        sys.stdout.write(f"{kind}: {shares}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(main(given.mentions, given.rounds))
