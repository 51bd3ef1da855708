"""Roles that run apart: whatever befalls a process or a server, nothing is lost and nothing doubled."""

import os
import random
import signal
import subprocess
import sys

import pytest

from tests.e2e.machines import awaited
from tests.e2e.roles import BLOWS, SOURCES, relayed_places, schedule, sources, stage
from tests.e2e.world import check, is_told
from tests.kafka import cluster as kafka_cluster

SEED = int(os.environ["FRESH_SEED"])
DRAWN = 3
"""How many of the blows befall them in a run."""


@pytest.fixture(scope="module")
def kafka():
    with kafka_cluster(places=relayed_places()) as made:
        yield made


@pytest.mark.timeout(400)
async def test_whatever_befalls_the_roles_nothing_is_lost_and_nothing_doubled(the_world, kafka):
    chance = random.Random(SEED)
    await schedule(the_world, kafka, chance.sample(BLOWS, DRAWN), chance)
    steps = await check(the_world)
    opened = {(step.brand, step.rule) for step in steps if step.state == "open"}
    assert opened >= {(brand, rule) for brand in the_world.brands for rule in ("many", "leak")}


@pytest.mark.timeout(300)
async def test_a_source_that_a_reload_adds_is_read_judged_and_told_and_a_wrong_file_changes_nothing(the_world, kafka):
    the_world.lease = "1m"  # nobody takes over, who would stand by then and read nothing again
    async with stage(the_world, kafka, 0) as made:
        config, more = made.machines[0].config, the_world.folder / "more.jsonl"
        right = config.read_text()
        for machine in made.machines:
            await reloaded(machine, right.replace("kind: keyword", "kind: keywrod"), "reload_failed")
        more.write_text('{"id": "one", "text": "acme says more"}\n')
        added = right.replace("sources:\n", f'sources:\n  more: {{kind: file, path: "{more}", follow: true}}\n')
        for machine in made.machines:
            await reloaded(machine, added, "reloaded")
        the_world.say_in_file(1)
        the_world.sent.add("file:one")

        async def are_read():
            names = {*SOURCES, "more"}
            return set().union(*[await sources(each, names) for each in made.of("listen")]) == names

        await awaited("read", are_read, made.machines)
        await awaited("all told", lambda: is_told(the_world), made.machines, pause=0.5)
    await check(the_world)


async def reloaded(machine, text, event):
    """Let it take up a configuration, and wait for what its log says of that."""
    machine.config.write_text(text)
    machine.signal(signal.SIGHUP)

    async def is_said():
        return f"msg={event} " in machine.log.read_text()

    await awaited(event, is_said, [machine])


def test_who_does_all_of_it_alone_loads_nothing_of_kafka():
    modules = "listener.service, listener.cli.run, listener.checks"
    words = f"import sys, {modules}; sys.exit('aiokafka' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
