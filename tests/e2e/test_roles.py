"""Roles that run apart: whatever befalls a process or a server, nothing is lost and nothing doubled."""

import asyncio
import os
import random
import signal
import subprocess
import sys

import pytest

from listener.backtest import replay_store
from rules.inputs import Heard
from tests.e2e.machines import Machine, awaited
from tests.e2e.roles import BLOWS, SOURCES, running, schedule, sources
from tests.e2e.world import check, counted, is_told, talk, views_at, world
from tests.kafka import cluster as kafka_cluster
from tests.servers import lasting_port

SEED = int(os.environ["FRESH_SEED"])


@pytest.fixture(scope="module")
def kafka():
    with kafka_cluster(3) as made:
        yield made


@pytest.mark.timeout(400)
async def test_whatever_befalls_the_roles_nothing_is_lost_and_nothing_doubled(the_world, kafka):
    chance = random.Random(SEED)
    blows = chance.sample(BLOWS, len(BLOWS))
    await schedule(the_world, kafka, blows, chance)
    steps = await check(the_world)
    assert {step.rule for step in steps if step.state == "open"} >= {"many", "leak"}


BRANDS = {"acme": "acme", "slow": "slow", "leak": "leak", "verb": "is"}


def configured(the_world, name, brands):
    """A configuration of these brands, with a store of its own."""
    text, folder = the_world.config.read_text(), the_world.folder
    queries = "".join(f"  {brand}: {{query: {BRANDS[brand]}, languages: [en]}}\n" for brand in brands)
    text = text.replace("  acme: {query: acme, languages: [en]}\n", queries).replace("data: data", f"data: {name}")
    (folder / f"{name}.yaml").write_text(text)
    return folder / f"{name}.yaml"


async def story(folder, brand):
    """What was heard of a brand, source by source, and what came of it."""
    async with views_at(folder) as views:
        heard, opened = {}, {(step.brand, step.rule) async for step in views.transitions() if step.state == "open"}
        async for _, entry in views.log(brand):
            if isinstance(entry, Heard):
                facts = entry.facts
                heard.setdefault(facts.source, []).append((facts.mention, facts.label, facts.compound, facts.hits))
    return heard, {(name, rule) for name, rule in opened if name == brand and rule in ("many", "leak")}


async def is_complete(the_world, parts):
    """Whether the judge of all brands has counted all, and each other one what that one did."""
    folder = the_world.folder
    async with views_at(folder / "all") as views:
        if set(await counted(views)) != the_world.sent:
            return False
    return all([await story(folder / name, each) == await story(folder / "all", each) for name, each in parts])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [2, 4])
async def test_judges_of_different_brands_hear_and_tell_together_what_one_of_all_brands_does(tmp_path, kafka, count):
    async with world(tmp_path) as the_world:
        the_world.kafka = kafka.servers.replace(",", ", ")
        the_world.config = the_world.write_config()
        names, size = list(BRANDS), len(BRANDS) // count
        parts = {"all": names} | {f"part{at}": names[at : at + size] for at in range(0, len(names), size)}
        listener = Machine(the_world, configured(the_world, "heard", names), the_world.port, role="listen")
        judges = [
            Machine(the_world, configured(the_world, name, brands), lasting_port(), role="judge")
            for name, brands in parts.items()
        ]
        each = [(name, brand) for name, brands in parts.items() for brand in brands]
        async with running(listener, *judges) as machines:
            for judge in judges:
                await awaited("ready", judge.is_active, machines)
            await talk(the_world, asyncio.Event(), limit=60)
            await awaited("all heard by all", lambda: is_complete(the_world, each), machines)
        for name in parts:
            async with views_at(tmp_path / name) as views:
                assert all([replay.equal async for replay in replay_store(views)]), "the log explains every step"


@pytest.mark.timeout(300)
async def test_a_source_that_a_reload_adds_is_read_and_judged_and_a_wrong_file_changes_nothing(tmp_path, kafka):
    async with world(tmp_path) as the_world:
        the_world.kafka = kafka.servers.replace(",", ", ")
        config = the_world.write_config()
        listener = Machine(the_world, config, the_world.port, role="listen")
        judge = Machine(the_world, config, lasting_port(), role="judge")
        right = config.read_text()
        async with running(listener, judge) as both:
            await awaited("read", lambda: reads(listener, {*SOURCES}), both)
            await awaited("judged", judge.is_active, both)
            for machine in both:
                await reloaded(machine, right.replace("kind: keyword", "kind: keywrod"), "reload_failed")
            added = f'sources:\n  more: {{kind: file, path: "{tmp_path}/more.jsonl", follow: true}}\n'
            (tmp_path / "more.jsonl").write_text('{"id": "one", "text": "acme says more"}\n')
            for machine in both:
                await reloaded(machine, right.replace("sources:\n", added), "reloaded")
            the_world.say_in_file(1)
            the_world.sent.add("file:one")
            await awaited("read", lambda: reads(listener, {*SOURCES, "more"}), both)
            await awaited("all told", lambda: is_told(the_world), both)
        await check(the_world)


async def reads(listener, names):
    return await sources(listener, names) == names


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
