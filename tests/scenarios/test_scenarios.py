"""Scenarios with seeds that nobody has seen: what must hold of every one of them.

A failure names its seed; `FRESH_SEED=123 pytest tests/scenarios` runs it again. The table over many seeds is
`python -m tests.scenarios.table`. Chance alone rings now and then: where an episode must not, the openings are held to
those of the same days without it.
"""

import pytest

from listener.backtest import Backtest
from listener.mock.draw import draw
from listener.mock.scenario import load_scenario
from listener.pipeline.setup import build_setup
from tests.fresh import SEED
from tests.scenarios.judging import RANG, judge, mentions, settings


def openings(name, seed, brand, **changes):
    """When incidents of `brand` open or come back in a scenario that is changed so."""
    scenario = load_scenario(name).model_copy(update=changes)
    steps = Backtest(build_setup(settings(scenario))).run(mentions(draw(name, scenario, seed)))
    return [(step.at, step.severity) for step in steps if step.brand == brand and step.state in RANG]


@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.parametrize("name", ["crisis-x10-sudden-en", "crisis-x20-mixed"])
def test_a_large_crisis_is_told_in_time_and_as_critical(name, seed):
    (crisis,) = judge(name, seed).episodes
    assert crisis.in_time, f"{name}, seed {seed}: {crisis.cause}"
    assert crisis.serious


@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.parametrize("name", ["own-posts-fr", "wire-story-fr"])
def test_what_is_no_blame_by_the_public_opens_nothing(name, seed):
    assert openings(name, seed, "acme", bursts={}) == openings(name, seed, "acme")


@pytest.mark.parametrize("seed", [SEED])
def test_a_small_brand_on_which_nothing_happens_is_left_in_peace(seed):
    assert [] == judge("calm-small-fr", seed).false


@pytest.mark.parametrize("seed", [SEED])
def test_the_crisis_of_one_brand_opens_nothing_for_another(seed):
    without = openings("two-brands-mixed", seed, "nuarelle", waves={})
    assert without == openings("two-brands-mixed", seed, "nuarelle")
