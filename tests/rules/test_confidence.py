"""The word for how far an alert can be believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.confidence import Judged, confidence, first_word, signs_of, word_of
from rules.instant import MINUTE
from rules.transition import Evidence

STRONG = Evidence(
    of="negative",
    count=40,
    window=15 * MINUTE,
    usual=2.0,
    usual_high=8.0,
    authors=33,
    sources={"bluesky": 25, "fedi": 15},
    stories=38,
    most=2,
    wrong_rate=0.002,
    posts=60,
    negative=40,
)
WEAK = replace(
    STRONG, count=9, negative=9, authors=5, sources={"x": 9}, stories=3, most=4, wrong_rate=7.0, coverage=0.5
)
COUNTS = st.integers(min_value=0, max_value=10**6)


@pytest.mark.parametrize(
    ("evidence", "signs"),
    [
        (STRONG, ("seldom", "rare", "far", "negative", "people", "places", "own-words")),
        (
            replace(STRONG, opening=20, wrong_rate=1.0),
            ("seldom", "grows", "far", "negative", "people", "places", "own-words"),
        ),
        (WEAK, ("copied", "one-voice", "unheard")),
        (
            replace(STRONG, raised_by=("recall",), negative=20, stories=0),
            ("seldom", "rare", "far", "people", "places", "agree"),
        ),
        (replace(STRONG, unit="followers", wrong_rate=None), ("far", "negative", "people", "places")),
        (replace(STRONG, fewer=True, authors=0, sources={}, stories=0, most=0), ("seldom", "rare")),
        (replace(STRONG, sources={"x": 39, "fedi": 1}), ("seldom", "rare", "far", "negative", "people", "own-words")),
    ],
)
def test_what_speaks_for_an_alert_and_against_it(evidence, signs):
    assert signs_of(evidence) == signs


def test_the_more_speaks_for_an_alert_the_surer_is_its_word():
    assert first_word(STRONG) == "very"
    assert first_word(WEAK) == "check"
    assert first_word(replace(STRONG, learning=True)) == "learning"
    assert first_word(replace(STRONG, wrong_rate=None)) == "check"  # nothing was measured of such rules


@pytest.mark.parametrize(
    ("share", "word"), [(1, "very"), (0.9, "very"), (0.89, "likely"), (0.6, "likely"), (0.59, "check")]
)
def test_a_word_has_one_measured_meaning(share, word):
    assert word_of(share) == word


def test_what_people_said_of_a_brands_own_incidents_corrects_the_word():
    assert confidence(STRONG, {"very": Judged(real=3, false=4)}).word == "likely"
    assert confidence(STRONG, {"very": Judged(real=1, false=20)}).word == "check"
    assert confidence(STRONG, {"check": Judged(false=20)}).word == "very"
    unmeasured = replace(STRONG, wrong_rate=None)
    assert [confidence(unmeasured, {"check": Judged(real=n)}).word for n in (0, 8, 60)] == ["check", "likely", "very"]
    assert confidence(replace(STRONG, learning=True), {"learning": Judged(real=90)}).word == "learning"


@given(evidence=st.sampled_from([STRONG, WEAK, replace(WEAK, wrong_rate=None)]), real=COUNTS, false=COUNTS)
def test_another_real_one_never_makes_it_less_sure_and_a_false_one_never_more(evidence, real, false):
    order, first = ("check", "likely", "very"), first_word(evidence)
    said = [Judged(real=real, false=false + 1), Judged(real=real, false=false), Judged(real=real + 1, false=false)]
    ranks = [order.index(confidence(evidence, {first: each}).word) for each in said]
    assert ranks == sorted(ranks)
