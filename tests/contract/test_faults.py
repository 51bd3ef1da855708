"""Every collector keeps its promises under every fault that can happen to it: the cells of docs/collectors.md."""

import asyncio
from random import Random

import pytest

from listener.mock.faults import FAULTS, Switch, drawn_faults
from rules.instant import SECOND
from tests.faults.play import play
from tests.faults.virtual import run
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


async def plays_of(switches, length, **more):
    """A play of each way and fault in `switches`, all at once."""
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(play(*what, length, **more)) for name, what in switches.items()}
    return {name: task.result() for name, task in tasks.items()}, asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("name", WAYS)
def test_it_keeps_its_promises_under_each_fault(name):
    way = WAYS[name]
    each = {fault: (way, 1, [Switch(name=fault, chance=OFTEN)]) for fault in way.faults}
    plays, left = run(plays_of(each, LENGTH, lives=ONCE, all_strike=True))
    assert {fault: playing.broken for fault, playing in plays.items() if playing.broken} == {}
    assert [fault for fault, playing in plays.items() if fault not in playing.way.drawn.struck] == []
    assert left == set()


@pytest.mark.parametrize("seed", FRESH)
def test_whatever_goes_wrong_what_is_kept_is_what_stands(seed):
    drawn = {name: (way, seed, drawn_faults(way.faults, Random(seed), 2 * LENGTH)) for name, way in WAYS.items()}
    plays, _ = run(plays_of(drawn, 2 * LENGTH))
    broken = {name: playing.broken for name, playing in plays.items() if playing.broken}
    assert broken == {}, f"again: python -m tests.faults --seeds 1 --first {seed} --minutes 0.8"
