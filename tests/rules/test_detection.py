"""The detector on what detectors commonly fail on."""

from math import inf, isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.detection.detector import Detector
from rules.detection.episodes import Alarm, News

DAY = 24 * 60
BEGIN = 29_800_000
COUNTS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 10**12)), min_size=1, max_size=120)
WIDTHS = st.sampled_from([1.0, 5.0, 7.5, 60.0, 1440.0])


def steps(detector, counts, minute=BEGIN):
    return [detector.step(count, minute + number * detector.width) for number, count in enumerate(counts)]


def rings(readings):
    return any(reading.exceeds(1.0) for reading in readings)


def talk(days, usual=10):
    """Bins of five minutes, without chance: the same few counts again and again."""
    pattern = [usual, 0, 2 * usual, usual, usual, 3 * usual, 0, usual, usual, 0]
    return (pattern * (days * DAY // 50 + 1))[: days * DAY // 5]


@pytest.mark.parametrize("days", [0.01, 0.1, 1, 7, 14])
def test_the_first_mention_after_a_silence_is_no_alarm(days):
    detector, zeros = Detector(), int(days * DAY)
    steps(detector, [0] * zeros)
    assert not rings(steps(detector, [1, 0, 0, 0, 0], BEGIN + zeros))


@pytest.mark.parametrize("height", [40, 400, 40_000])
def test_an_old_peak_does_not_deafen(height):
    detector = Detector(width=5.0)
    steps(detector, talk(10))
    assert rings(steps(detector, [height * 5] * 12, BEGIN + 10 * DAY))
    steps(detector, talk(21), BEGIN + 11 * DAY)
    assert rings(steps(detector, [130] * 6, BEGIN + 32 * DAY))


def test_what_stays_becomes_usual():
    detector = Detector(width=5.0)
    steps(detector, talk(10))
    later = steps(detector, talk(21, usual=40), BEGIN + 10 * DAY)
    days = [later[begin : begin + DAY // 5] for begin in range(0, len(later), DAY // 5)]
    assert rings(days[0])
    assert not any(map(rings, days[15:]))
    assert later[-1].expected == pytest.approx(40, rel=0.35)


def test_a_rise_that_lasts_is_told_however_large_harmless_bursts_were():
    burst = [40_000, 20_000, 10_000, 5_000] * 3
    detector, past = Detector(width=5.0), [*talk(4), *burst, *talk(3)] * 4
    steps(detector, past)
    assert rings(steps(detector, talk(1, usual=20), BEGIN + len(past) * 5))


def test_a_burst_of_the_usual_length_is_no_lasting_rise():
    detector, past = Detector(width=5.0), [*talk(4), *[4_000] * 12, *talk(3)] * 4
    steps(detector, past)
    burst = steps(detector, [40_000] * 12, BEGIN + len(past) * 5)
    assert all(reading.by_length > 1.0 for reading in burst)


def test_large_counts_that_come_in_lumps_do_not_ring_for_ever():
    detector = Detector()
    last = steps(detector, [0, 0, 0, 0, 500] * (14 * DAY // 5))[-DAY:]
    assert not all(reading.exceeds(1.0) for reading in last)


@settings(max_examples=60, deadline=None)
@given(COUNTS, WIDTHS, st.data())
def test_a_restart_at_any_bin_changes_nothing(counts, width, data):
    cut = data.draw(st.integers(0, len(counts)))
    whole = steps(Detector(width=width), counts)
    before = Detector(width=width)
    steps(before, counts[:cut])
    after = Detector.load(before.dump())
    assert whole[cut:] == steps(after, counts[cut:], BEGIN + cut * width)


@settings(max_examples=60, deadline=None)
@given(COUNTS, WIDTHS)
def test_whatever_is_counted_readings_are_numbers(counts, width):
    for reading in steps(Detector(width=width), counts):
        assert isfinite(reading.expected)
        assert isfinite(reading.score)
        assert reading.expected > 0
        assert reading.score >= 0
        assert 0 < reading.rate <= inf


@pytest.mark.parametrize("width", [1.0, 5.0, 45.0, 60.0])
@pytest.mark.parametrize(("count", "size"), [(0, 1_000), (65_535, 1_000), (10**12, 1_400)])
def test_a_series_stays_small(count, size, width):
    detector = Detector(width=width)
    for number in range(6):
        steps(detector, [count, count // 3] * 100, BEGIN + number * 200 * width)
        assert len(detector.dump()) < size


def test_an_incident_is_open_until_two_hours_have_been_below():
    alarm = Alarm(budget=1.0)
    rates = {0: 2.0, 5: 1.0, 10: 0.1, 60: 3.0, 130: 0.5, 251: 0.5}
    assert [5, 251] == [minute for minute, rate in rates.items() if alarm.opens(rate, minute)]


def test_a_score_is_news_where_it_is_higher_or_a_day_later():
    news = News()
    told = {0: 0.0, 1: 0.2, 2: 0.8, 3: 1.0, 4: 5.0, 5: 3.0, 1443: 2.0, 1445: 2.0, 1450: 2.5, 1451: 2.71}
    assert {1: 0.2, 3: 1.0, 4: 5.0, 1445: 2.0, 1451: 2.71} == {
        minute: score for minute, score in told.items() if news.of(score, minute)
    }


def test_what_knew_nothing_yet_raises_nothing():
    detector = Detector()
    steps(detector, [0] * 59 * 40)
    before = detector.dump()
    detector.raise_to(Detector())
    assert before == detector.dump()
