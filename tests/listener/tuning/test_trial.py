"""What settings would have done: rings, known incidents, simulated rises, and how far figures can be believed."""

from math import inf
from random import Random

import pytest

from listener.tuning.advice import FLOORS, advise, grid
from listener.tuning.chance import drawn, interval
from listener.tuning.past import Gathering, Past
from listener.tuning.trial import BUDGETS, MONTH, Known, Setting, outcomes
from rules.history import DAY, portions
from rules.inputs import Edited, Gap
from rules.instant import MINUTE
from tests.rules.worlds import START, configured, facts, heard, plan

BEGIN = START // MINUTE
PRESENT = Setting(budget=1.0, posts=5, authors=4)
CRISIS = 30 * DAY


def past(days=60, width=30, rate=0.2, crisis=20, seed=3, missing=()):
    """A steady brand, with one hour and a half of so many times the usual in the middle."""
    chance = Random(seed)
    rates = [rate * (crisis if CRISIS <= place * width < CRISIS + 90 else 1) for place in range(days * DAY // width)]
    counts = [drawn(chance, each * width) for each in rates]
    return Past(begin=BEGIN, width=width, counts=[None if n in missing else each for n, each in enumerate(counts)])


@pytest.fixture(scope="module")
def tried():
    return outcomes(past(), grid(PRESENT, 1.0, people=False))


def test_a_crisis_is_found_and_who_accepts_more_is_rung_more_often(tried):
    by_budget = {each.setting.budget: each for each in tried if each.setting.posts == PRESENT.posts}
    assert set(BUDGETS) == by_budget.keys()
    rang = [len(each.rang) for _, each in sorted(by_budget.items())]
    assert sorted(rang) == rang
    assert BEGIN + CRISIS in range(by_budget[1.0].rang[0] - 90, by_budget[1.0].rang[0] + 90)


def test_a_greater_rise_is_told_sooner_and_so_is_one_for_a_greater_budget(tried):
    for each in tried:
        shares = [each.within_hour(factor) for factor in (2, 3, 5, 10)]
        assert sorted(shares) == shares
        assert each.delay(10) <= each.delay(3)
    for factor in (2, 3, 5, 10):
        delays = [each.delay(factor) for each in tried if each.setting.posts == PRESENT.posts]
        assert sorted(delays, reverse=True) == delays
    assert tried == outcomes(past(), grid(PRESENT, 1.0, people=False))


def test_known_incidents_are_told_or_missed_and_the_rest_rang_for_nothing():
    begin = BEGIN + CRISIS
    known = [
        Known(since=begin, until=begin + 90),
        Known(since=BEGIN + 40 * DAY, until=BEGIN + 40 * DAY + 90),
        Known(since=BEGIN + 50 * DAY, until=BEGIN + 51 * DAY, real=False),
        Known(since=BEGIN - 90, until=BEGIN),  # before anything counts
    ]
    (found,) = outcomes(past(), [PRESENT], known)
    assert (1, 1, len(found.rang) - 1) == (found.found, found.missed, len(found.false))
    (never,) = outcomes(past(), [Setting(budget=1.0, posts=10_000, authors=4)], known)
    assert ((), 0, 2, inf) == (never.rang, never.found, never.missed, never.delay(10))


def test_only_what_was_heard_counts():
    whole, half = (outcomes(past(missing=missing), [PRESENT])[0] for missing in ((), range(2000, 2480)))
    assert (53 * DAY / MONTH, 43 * DAY / MONTH) == (pytest.approx(whole.months), pytest.approx(half.months))


def test_the_floor_asks_for_people_where_they_are_known():
    lived = past(width=5, days=33)
    crowd = {place: {f"{place}:{n}" for n in range(count)} for place, count in enumerate(lived.counts) if count}
    alone = {place: {"one"} for place in crowd}
    found = {}
    for name, authors in (("crowd", crowd), ("alone", alone), ("unknown", {})):
        lived.authors = authors
        (found[name],) = outcomes(lived, [PRESENT])
    assert () == found["alone"].rang != found["crowd"].rang == found["unknown"].rang


@pytest.mark.parametrize(("count", "bounds"), [(0, (0, 3.689)), (1, (0.0253, 5.572)), (10, (4.795, 18.39))])
def test_the_interval_is_that_of_a_poisson_count(count, bounds):
    assert bounds == pytest.approx(interval(count), rel=1e-3)


@pytest.mark.parametrize("mean", [0.02, 3, 200])
def test_counts_that_are_drawn_have_their_mean_and_spread(mean):
    chance = Random(1)
    counts = [drawn(chance, mean) for _ in range(20_000)]
    found = sum(counts) / len(counts)
    assert found == pytest.approx(mean, rel=0.2)
    assert sum((count - found) ** 2 for count in counts) / len(counts) == pytest.approx(mean, rel=0.2)


def test_the_advice_keeps_to_the_budget_or_says_that_it_does_not(tried):
    advice = advise(tried, 1.0, PRESENT)
    assert advice.kept
    assert advice.best.rate <= 1.0
    rivals = [each for each in tried if each.rate <= 1.0 and each.setting.budget <= 1.0]
    assert advice.best.within_hour(5) == max(each.within_hour(5) for each in rivals)
    loud = advise([each for each in tried if each.rang], 0.001, PRESENT)
    assert (False, True) == (loud.kept, loud.told)
    assert not advise(tried, 0.1, PRESENT).sure


def test_the_grid_holds_what_is_set_and_no_floor_that_cannot_be():
    mine = Setting(budget=0.7, posts=6, authors=6)
    assert {mine, Setting(budget=3.0, posts=5, authors=4)} <= set(grid(mine, 3.0, people=True))
    assert len(grid(mine, 3.0, people=True)) == (len(BUDGETS) + 2) * (len(FLOORS) + 1)
    assert {(6, 6), (8, 6), (12, 6)} == {(each.posts, each.authors) for each in grid(mine, 3.0, people=False)}


def test_a_log_is_gathered_as_the_daemon_counted_it():
    gathering = Gathering("negative")
    after = facts(2, START + 3 * MINUTE, label="neutral")
    gap = Gap(at=START + 8 * MINUTE, since=START + 6 * MINUTE)
    entries = [
        configured(plan()),
        *portions(START, BEGIN - 4, 2, {"negative": [2, None], "posts": [8, 8]}),
        heard(1, 1),
        heard(2, 3),
        heard(3, 3, label="neutral"),
        Edited(at=START + 4 * MINUTE, before=facts(2, START + 3 * MINUTE), after=after),
        heard(4, 5, history=True),
        gap,
        heard(5, 10),
        heard(6, 11),
    ]
    for entry in entries:
        gathering.take(entry)
    found = gathering.past()
    assert (BEGIN - 4, 1, 2) == (found.begin, found.width, sum(found.counts[:2]))
    assert [None, None, 0, 1, 0, 0, 0, 0, None, None, None, 0, 1] == found.counts[2:]
    assert {"a1"} == found.authors[5]
