"""A stream that is open and brings nothing is told from one that has nothing to bring."""

import pytest

from listener.pipeline.pulse import BUSY, ENOUGH, KEPT, LONGEST, SHORTEST, UNKNOWN, Pulse
from rules.instant import DAY, HOUR, MINUTE
from tests.listener.pipeline.starving import START, living, told_after

WEEKS = [(0.2, 28 * DAY), (1, 28 * DAY), (10, 21 * DAY), (100, 9 * DAY), (1_000, DAY)]


@pytest.mark.parametrize(("rate", "until"), WEEKS)
@pytest.mark.parametrize(("ratio", "weekend"), [(2, 1), (6, 0.5)])
def test_a_stream_is_not_starved_by_its_own_nights_weekends_and_lulls(rate, until, ratio, weekend):
    seeds = range(1, 8 if rate < 10 else 2)
    assert [0 for _ in seeds] == [
        living(rate, ratio=ratio, weekend=weekend, until=until, seed=seed)[2] for seed in seeds
    ]


@pytest.mark.parametrize(
    ("rate", "until", "within"),
    [(0.2, 28 * DAY, 10 * DAY), (1, 28 * DAY, 3 * DAY), (10, 21 * DAY, 12 * HOUR), (100, 9 * DAY, 3 * HOUR)],
)
def test_a_stream_that_dies_is_noticed_within_a_few_of_its_widest_gaps(rate, until, within):
    pulse, last, _ = living(rate, ratio=4, weekend=0.5, until=until)
    assert SHORTEST <= told_after(pulse, last) <= within


def test_a_stream_of_which_little_is_known_is_noticed_when_it_brings_everything_but_posts():
    pulse = Pulse(START)
    pulse.take(START + MINUTE, 3)
    assert not pulse.is_starved(START + UNKNOWN)
    assert pulse.is_starved(START + UNKNOWN + 2 * MINUTE)
    pulse.take(START + 7 * MINUTE, 0, BUSY)
    assert pulse.is_starved(START + 7 * MINUTE)


def test_a_stream_that_never_brought_anything_is_noticed_all_the_same():
    assert UNKNOWN + MINUTE == told_after(Pulse(START), START)


def test_a_stream_that_is_cut_off_again_and_again_is_starved_by_the_time_it_was_heard():
    pulse, at = Pulse(START), START
    for _ in range(60):
        pulse.take(at := at + MINUTE, 10)
    for minute in range(2 * 60):
        assert pulse.is_starved(at) == (minute > 60)
        pulse.resume(at := at + 9 * MINUTE)
        pulse.take(at := at + MINUTE, 0)


def test_a_fault_is_not_what_is_usual_and_a_stream_that_became_quiet_is_no_fault_for_ever():
    pulse, at = Pulse(START), START
    for _ in range(10 * 24 * 60):
        pulse.take(at := at + MINUTE, 1)
    pulse.take(at := at + DAY, 1)
    assert pulse.patience < 2 * HOUR
    wrong = 0
    for _ in range(30):
        at += 6 * HOUR
        wrong += pulse.is_starved(at)
        pulse.take(at, 1)
    assert 0 < wrong < 6


def test_what_was_learnt_long_ago_is_forgotten_in_bounded_memory():
    pulse = Pulse(START)
    pulse.take(START + 10 * HOUR, ENOUGH)
    assert pulse.patience == 100 * HOUR
    for minute in range((KEPT + 24) * 60):
        pulse.take(START + 10 * HOUR + minute * MINUTE, 1)
    assert pulse.patience < HOUR
    pulse.take(START + 400 * DAY, 1)
    assert pulse.patience <= LONGEST
