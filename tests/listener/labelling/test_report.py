"""What a report says of marks and of the mix of labels, and what it does not claim."""

import msgspec
import pytest

from listener.labelling.assess import assess
from listener.labelling.telling import sentences
from listener.store.marks import Marking
from rules.facts import Tone
from rules.instant import DAY, HOUR
from rules.tone import score

NOW = 1_800_000_000_000_000
THREE = ("negative", "neutral", "positive")


def marks(count, before, chosen="random", start=0):
    """Marks of all labels, of which `before` tells what had been judged."""
    return [
        Marking(
            brand="acme",
            identity=f"m{start + number}",
            at=NOW - HOUR + start + number,
            taken=NOW,
            label=THREE[number % 3],
            by="Léa",
            chosen=chosen,
            language="en",
            text=f"terrible {number}",
            before=before(THREE[number % 3]),
        )
        for number in range(count)
    ]


def tones(at, scorer="vader", **counts):
    return [
        (at, Tone(language="en", label=label, compound=0.0, confidence=0.5, scorer=scorer))
        for label, count in counts.items()
        for _ in range(count)
    ]


def right(label):
    return label


def neutral(_label):
    return "neutral"


def told(marked, said=(), language="en"):
    (assessed,) = assess(marked, said, score, NOW)
    return assessed, " ".join(sentences(assessed, language))


def test_only_what_was_drawn_at_random_is_measured_with_once_there_is_enough_of_it():
    picked = marks(90, neutral, "picked", 500)
    assert ("all", 119) == (
        told([*marks(29, right), *picked])[0].basis,
        told([*marks(29, right), *picked])[0].in_force.n,
    )
    assessed, words = told([*marks(30, right), *picked])
    assert ("random", 30, 1.0) == (assessed.basis, assessed.in_force.n, assessed.in_force.macro_f1.value)
    assert "so it holds for all that is said" in words


@pytest.mark.parametrize(
    ("late", "language", "words"),
    [
        (neutral, "en", "The tone has become worse: 17%"),
        (neutral, "fr", "La tonalité est moins bien jugée qu’avant"),
        (right, "en", "No sign that the tone became worse"),
        (right, "fr", "Rien n’indique que la tonalité soit moins bien jugée"),
    ],
)
def test_a_fall_in_quality_is_said_and_none_is_claimed_without_it(late, language, words):
    assert words in told([*marks(120, right), *marks(60, late, start=120)], language=language)[1]


@pytest.mark.parametrize(
    ("now", "language", "words"),
    [
        ({"negative": 60, "neutral": 40}, "en", "What is said has changed: negative 60% (10%)"),
        ({"negative": 60, "neutral": 40}, "fr", "Ce qui se dit a changé"),
        ({"negative": 11, "neutral": 89}, "en", "What is said is much as before"),
        ({"negative": 11, "neutral": 89}, "fr", "Ce qui se dit ressemble"),
    ],
)
def test_another_mix_of_labels_is_said_and_when_something_else_judged_them(now, language, words):
    before = tones(NOW - 8 * DAY, negative=40, neutral=360)
    assert words in told([], [*before, *tones(NOW - DAY, **now)], language)[1]
    assessed, again = told([], [*before, *tones(NOW - DAY, "vader+marks@0", **now)], language)
    assert assessed.rejudged
    assert ("in another way" if language == "en" else "de la même façon") in again


def test_what_a_person_said_is_no_part_of_the_mix_and_too_few_marks_are_said_so():
    assessed, words = told(marks(29, right), tones(NOW, "person", negative=5))
    assert (0, None) == (assessed.recent, assessed.mix)
    assert "Too few to say how good the tone is: 30 are needed" in words


def test_what_was_not_counted_is_given_no_figure():
    plain = [msgspec.structs.replace(each, label="neutral", before="neutral") for each in marks(36, right)]
    for language, none, invented in (
        ("en", "None of them was called negative", "Of ten"),
        ("fr", "Aucune n’a été jugée négative", "Sur dix"),
    ):
        words = told(plain, language=language)[1]
        assert none in words
        assert invented not in words


def test_marks_that_were_imported_are_not_said_to_be_picked_because_they_are_hard():
    brought = [msgspec.structs.replace(each, before=None, chosen="imported") for each in marks(36, right)]
    words = told(brought)[1]
    assert "Most of these marks were imported" in words
    assert "because they are hard" not in words


def test_two_packs_that_share_a_language_do_not_judge_in_another_way_each_time():
    before = [*tones(NOW - 8 * DAY, negative=5), *tones(NOW - 8 * DAY, "vader+pack-en@3", neutral=5)]
    assert not told([], [*before, *tones(NOW - DAY, "vader+pack-en@3", neutral=5)])[0].rejudged
    assert told([], [*before, *tones(NOW - DAY, "vader+pack-en@4", neutral=5)])[0].rejudged
