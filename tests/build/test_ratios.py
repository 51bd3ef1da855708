"""What counts as having become slower."""

from tests.bench.ratios import slower


def test_what_takes_half_as_much_again_as_the_last_times_is_told():
    before = [{"sieve": ratio} for ratio in (9.0, *[2.0] * 8, 2.4, 1.9)]
    assert slower({"sieve": 3.0}, before) == []
    assert slower({"sieve": 3.1}, before) == ["sieve: 3.10 times the plain loop, before 2.00"]


def test_what_became_faster_is_held_to_that():
    before = [{"sieve": ratio} for ratio in (*[9.0] * 10, 2.0, 2.1, 1.9)]
    assert slower({"sieve": 3.1}, before) == ["sieve: 3.10 times the plain loop, before 2.00"]


def test_what_was_never_measured_is_no_slower():
    assert slower({"sieve": 2.7}, []) == []
    assert slower({"sieve": 2.7, "new": 9.0}, [{"sieve": 2.7}]) == []
