"""Growth is told when it is sure, with where it is heading, and nothing is told of what only looks like it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inputs import Coverage
from rules.instant import MINUTE
from rules.trend import trend_of
from tests.rules.worlds import START, configured, fold, heard, plan

FIVE = {"kind": "threshold", "of": "negative", "window": "15m", "at_least": {"posts": 20, "authors": 5}}


def _counts(per_minute, seed=1, minutes=30):
    """Mentions that come by chance, in each of a hundred slices of a minute."""
    draw = Random(seed)
    return [sum(draw.random() < per_minute(minute) / 100 for _ in range(100)) for minute in range(minutes)]


@pytest.mark.parametrize("doubling", [6, 10, 20])
def test_what_doubles_is_told_with_an_interval_that_mostly_holds_and_so_is_what_comes_next(doubling):
    def rate(minute):
        return 12 * 2 ** ((minute - 44) / doubling)

    found = [(trend_of(_counts(rate, seed)), sum(_counts(rate, seed, 45)[30:])) for seed in range(60)]
    told = [(trend, after) for trend, after in found if trend]

    assert len(told) > 20
    assert not any(trend.falls for trend, _ in told)
    assert sum(trend.fastest <= doubling <= trend.slowest for trend, _ in told) > len(told) * 0.6
    sure = [(trend, after) for trend, after in told if trend.low is not None]
    assert sum(trend.low <= after <= trend.high for trend, after in sure) > len(sure) * 0.6


@pytest.mark.parametrize(
    "rate", [lambda _: 0.3, lambda _: 6, lambda minute: 0.2 if minute < 20 else 4], ids=["quiet", "loud", "a step"]
)
def test_what_does_not_grow_is_hardly_ever_told_to(rate):
    assert sum(trend_of(_counts(rate, seed)) is not None for seed in range(100)) <= 10


def test_what_falls_is_told_to_fall():
    trend = trend_of(_counts(lambda minute: 15 * 2 ** (-minute / 10)))
    assert (trend.falls, trend.fastest < 10 < trend.slowest) == (True, True)


@given(st.lists(st.integers(0, 100_000), min_size=15, max_size=30))
def test_whatever_was_counted_what_is_told_can_be_said(counts):
    trend = trend_of(counts)
    if trend:
        assert 0 < trend.fastest <= trend.minutes <= trend.slowest
        assert trend.low is None or 0 < trend.low <= trend.high


def _growing(*before):
    counts = [round(0.5 * 2 ** (minute / 6)) for minute in range(30)]
    log = [
        heard(100 * minute + n, 40 + minute + n / 200, reach=n)
        for minute, count in enumerate(counts)
        for n in range(count)
    ]
    return fold([configured(plan(five=FIVE)), *before, *log])


def test_an_incident_tells_how_fast_it_grows_and_who_is_heard_in_it():
    steps = _growing()
    assert 5 < steps[-1].evidence.trend.minutes < 7
    assert [1 for _ in steps] == [step.evidence.most for step in steps]
    assert steps[-1].evidence.followers > 0


def test_a_source_that_has_just_come_back_is_no_growth():
    lost = [
        Coverage(at=START + minute * MINUTE, source="press", share=share) for minute, share in ((5, 0.0), (39, 1.0))
    ]
    assert {None} == {step.evidence.trend for step in _growing(*lost)[:1]}


def test_the_first_word_of_the_brand_itself_since_the_opening_is_remembered():
    own = [heard(5_000 + n, minute, own=True) for n, minute in enumerate((39, 80, 81))]
    log = [configured(plan(five=FIVE)), own[0], *(heard(n, 40 + n / 100) for n in range(30)), *own[1:]]
    steps = fold(log, until=200)
    assert ["open", "resolved"] == [step.state for step in steps]
    assert [None, START + 80 * MINUTE] == [step.evidence.answered_at for step in steps]
