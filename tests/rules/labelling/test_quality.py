import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.labelling.quality import Estimate, drift, quality, share, shift

LABELS = st.sampled_from(["negative", "neutral", "positive"])
PAIRS = st.lists(st.tuples(LABELS, LABELS | st.just("unsupported")), max_size=40)


def repeated(**counts):
    return [tuple(pair.split("_")) for pair, count in counts.items() for _ in range(count)]


def test_the_figures_are_those_one_counts_by_hand():
    found = quality(
        repeated(negative_negative=6, negative_neutral=2, neutral_negative=4, neutral_neutral=8, positive_unsupported=1)
    )

    assert found.n == 21
    assert found.confusion["neutral", "negative"] == 4
    assert found.negative_precision.value == 0.6
    assert found.negative_recall.value == 0.75
    assert found.negative_f1.value == pytest.approx(12 / 18)
    assert found.macro_f1.value == pytest.approx((12 / 18 + 16 / 22 + 0) / 3)


def test_the_interval_of_a_share_is_wilsons():
    # Newcombe (1998), table I: 81 of 263, and 0 of 20.
    assert share(81, 263) == Estimate(81 / 263, pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert share(0, 20) == Estimate(0, 0, pytest.approx(0.1611, abs=1e-4))
    assert share(0, 0) == Estimate(0, 0, 1)


@given(PAIRS)
def test_every_figure_lies_in_its_interval(pairs):
    found = quality(pairs)

    for each in (found.macro_f1, found.negative_precision, found.negative_recall, found.negative_f1):
        assert 0 <= each.low <= each.value <= each.high <= 1


def test_a_label_that_nobody_said_is_no_part_of_the_mean():
    assert quality(repeated(negative_negative=5, neutral_neutral=5)).macro_f1.value == 1


def test_quality_that_fell_is_found_and_quality_that_stayed_is_not():
    good = repeated(negative_negative=9, neutral_neutral=9, positive_positive=9, negative_neutral=3)
    bad = repeated(negative_neutral=15, neutral_neutral=9, positive_positive=9, neutral_negative=3)

    assert not drift(good * 6, lately=60).worse
    fell = drift(good * 4 + bad * 2, lately=72)
    assert fell.worse
    assert fell.change.value == pytest.approx(fell.lately.macro_f1.value - fell.before.macro_f1.value)
    assert not drift(bad * 4 + good * 2, lately=60).worse


@given(PAIRS)
def test_with_nothing_to_compare_with_nothing_is_worse(pairs):
    assert not drift(pairs, lately=100).worse


def test_shares_that_move_by_more_than_chance_are_told():
    before = {"negative": 200, "neutral": 600, "positive": 200}

    assert not shift(before, {"negative": 21, "neutral": 58, "positive": 21}).moved
    assert not shift({}, before).moved
    moved = shift(before, {"negative": 400, "neutral": 500, "positive": 100})
    assert moved.moved
    assert moved.change["negative"].value == pytest.approx(0.2)
    assert shift(before, {"unsupported": 100, "negative": 180, "neutral": 540, "positive": 180}).moved
