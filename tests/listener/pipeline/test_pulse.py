"""A stream that is open and brings nothing is told from one that has nothing to bring."""

from random import Random

import pytest

from listener.pipeline.pulse import BUSY, ENOUGH, SHORTEST, Pulse
from rules.instant import DAY, HOUR, MINUTE, SECOND

START = 1_800_000_000 * SECOND


def listened(rate, until):
    """A pulse after posts at random moments, `rate(at)` an hour, and the moment of the last one."""
    chance, at, pulse = Random(7), START, Pulse(START)
    while at < START + until:
        at += int(chance.expovariate(rate(at)) * HOUR) + 1
        assert not pulse.is_starved(at), "what is usual is no fault"
        pulse.take(at, 1)
    return pulse, at


def night_and_day(at):
    return 200 if (at // HOUR) % 24 < 16 else 3


@pytest.mark.parametrize("rate", [lambda _: 3_600, lambda _: 60, lambda _: 2, night_and_day])
def test_a_stream_is_not_starved_by_its_own_nights_and_lulls(rate):
    listened(rate, 3 * DAY)


@pytest.mark.parametrize(("rate", "within"), [(3_600, 5 * MINUTE), (60, 40 * MINUTE), (2, 30 * HOUR)])
def test_a_stream_that_brings_nothing_is_noticed_within_a_few_of_its_widest_gaps(rate, within):
    pulse, last = listened(lambda _: rate, 2 * DAY)
    assert not pulse.is_starved(last + SHORTEST)
    assert pulse.is_starved(last + within + SECOND)


def test_a_stream_of_which_little_is_known_is_noticed_when_it_brings_everything_but_posts():
    pulse = Pulse(START)
    pulse.take(START + MINUTE, 3)
    assert not pulse.is_starved(START + 20 * HOUR)
    assert pulse.is_starved(START + 25 * HOUR)
    pulse.take(START + 6 * MINUTE, 0, BUSY)
    assert pulse.is_starved(START + 6 * MINUTE + 1)


def test_what_was_learnt_long_ago_is_forgotten_in_bounded_memory():
    pulse = Pulse(START)
    pulse.take(START + 10 * HOUR, ENOUGH)
    assert pulse.patience == 30 * HOUR
    for minute in range(9 * 24 * 60):
        pulse.take(START + 10 * HOUR + minute * MINUTE, 1)
    assert pulse.patience == SHORTEST
