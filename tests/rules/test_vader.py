from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment import vaderSentiment as package  # noqa: N813  # a module

from rules.vader import Scores, Vader
from tests.english import ORIGINAL, english

VADER = Vader(package)


def original(text):
    return Scores(**ORIGINAL.polarity_scores(text))


@given(st.randoms(use_true_random=False).map(english) | st.text(max_size=80))
def test_all_four_scores_are_those_of_the_package(text):
    assert VADER.is_exact
    assert VADER.scores(text) == original(text)


def test_they_are_on_many_texts():
    random = Random()
    texts = [english(random) for _ in range(2_000)]
    assert [text for text in texts if VADER.scores(text) != original(text)] == []


@pytest.mark.parametrize(
    "piece",
    ["\U0001f600", "not very good but bad ", "good ", "but BAD ", "!", "a", "never so good, no? ", "é\U0001f621"],
)
def test_a_hostile_text_is_scored_whole(piece):
    """Within the time of a test: the package itself would take hours."""
    assert set(map(type, VADER.scores(piece * (1_000_000 // len(piece))))) == {float}


def test_another_package_is_asked_itself_and_of_a_long_text_only_the_beginning():
    class Other(package.SentimentIntensityAnalyzer):
        longest = 0

        def polarity_scores(self, text):
            Other.longest = max(Other.longest, len(text))
            return {**super().polarity_scores(text), "compound": 0.125}

    other = Vader(SimpleNamespace(**{**vars(package), "SentimentIntensityAnalyzer": Other}))
    assert not other.is_exact
    assert other.scores("good").compound == 0.125
    assert other.scores("bad " * 100_000 + "\U0001f600" * 5_000).compound == 0.125
    assert Other.longest < 5_000


def test_what_it_remembers_of_words_is_bounded():
    vader = Vader(package)
    for start in range(0, 200_000, 10_000):
        vader.scores(" ".join(f"w{number}" for number in range(start, start + 10_000)))
    assert len(vader._words) <= 50_000  # nothing at the surface shows it
