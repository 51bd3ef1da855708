"""What counts as having become slower."""

from tests.bench.ratios import slower


def test_what_takes_a_third_more_than_the_last_times_is_told():
    before = [{"sieve": ratio} for ratio in (9.0, *[2.0] * 8, 2.4, 1.9)]
    assert slower({"sieve": 2.6}, before) == []
    assert slower({"sieve": 2.7}, before) == ["sieve: 2.70 times the plain loop, before 2.00"]


def test_what_was_never_measured_is_no_slower():
    assert slower({"sieve": 2.7}, []) == []
    assert slower({"sieve": 2.7, "new": 9.0}, [{"sieve": 2.7}]) == []
