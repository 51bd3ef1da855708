"""Every collector keeps its promises under every fault that can happen to it: the cells of docs/collectors.md."""

import asyncio
from random import Random

import pytest

from listener.mock.faults import FAULTS, Switch, drawn_faults
from rules.instant import SECOND
from tests.faults.play import play
from tests.faults.ways import PROMISES, WAYS
from tests.fresh import seeds

LENGTH = 24 * SECOND
ONCE = 8 * SECOND
"""From kill to kill, so that each play has some."""
OFTEN = 0.2
FRESH = seeds(2)


@pytest.mark.parametrize("name", WAYS)
def test_every_cell_is_kept_or_says_why_it_does_not_apply(name):
    way = WAYS[name]
    assert set(way.faults) | set(way.without) == set(FAULTS)
    assert set(way.faults) & set(way.without) == set()
    assert set(way.unpromised) <= set(PROMISES)


@pytest.mark.parametrize("name", WAYS)
async def test_it_keeps_its_promises_under_each_fault(name):
    way, tasks = WAYS[name], asyncio.all_tasks()
    async with asyncio.TaskGroup() as group:
        plays = {}
        for fault in way.faults:
            switches = [Switch(name=fault, chance=OFTEN)]
            plays[fault] = group.create_task(play(way, 1, switches, LENGTH, lives=ONCE, all_strike=True))
    done = {fault: task.result() for fault, task in plays.items()}
    assert {fault: each.broken for fault, each in done.items() if each.broken} == {}
    assert [fault for fault, each in done.items() if fault not in each.way.drawn.struck] == []
    assert asyncio.all_tasks() <= tasks


@pytest.mark.parametrize("seed", FRESH)
async def test_whatever_goes_wrong_what_is_kept_is_what_stands(seed):
    async with asyncio.TaskGroup() as group:
        plays = {}
        for name, way in WAYS.items():
            switched = drawn_faults(way.faults, Random(seed), 2 * LENGTH)
            plays[name] = group.create_task(play(way, seed, switched, 2 * LENGTH))
    broken = {name: task.result().broken for name, task in plays.items() if task.result().broken}
    assert broken == {}, f"again: python -m tests.faults --seeds 1 --first {seed} --minutes 0.8"
