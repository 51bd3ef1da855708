from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.labelling import train as training
from rules.labelling.model import Mark
from rules.labelling.train import train
from rules.packs.own import ToneWords
from rules.tone import score
from tests.rules.labelling.marks import learnt, marks, said


def test_marks_with_a_signal_are_used_and_the_reason_has_figures():
    study = learnt()

    compared = study.by_language["en"]
    assert compared.used
    assert compared.model.macro_f1.value > 0.9
    assert compared.gain == compared.model.macro_f1.value - compared.pack.macro_f1.value
    assert "en: the marks are used, macro-F1" in study.reason
    assert "on 60 marked texts not seen before" in study.reason


@pytest.mark.parametrize("count", [60, 150])
def test_marks_that_are_noise_are_refused(count):
    study = train(marks(count, shuffled=True))

    assert study.model is None
    assert study.by_language["en"].verdict == "not better"
    assert "the pack stays" in study.reason


@settings(max_examples=3, deadline=None)
@given(st.permutations(range(45)))
def test_the_order_of_marks_makes_no_difference(order):
    given_marks = marks(45)
    shuffled = train([given_marks[at] for at in order])

    assert msgspec.structs.replace(shuffled, model=None) == msgspec.structs.replace(train(given_marks), model=None)
    assert shuffled.model.hash == train(given_marks).model.hash


@pytest.mark.parametrize(
    ("given_marks", "verdict"),
    [
        (marks(39), "too few"),
        ([msgspec.structs.replace(mark, label="negative") for mark in marks(60)], "one label"),
        ([Mark(text=text, label="negative", language="en", at=0) for text in ("", "x " * 500_000)], "too few"),
        (marks(20) * 9, "too few"),
    ],
)
def test_marks_that_tell_too_little_leave_the_pack(given_marks, verdict):
    study = train(given_marks)

    assert study.model is None
    assert study.by_language["en"].verdict == verdict


@pytest.mark.parametrize("given_marks", [[], marks(50, "nl"), [Mark(text="a", label="neutral", language=None, at=0)]])
def test_without_marks_in_a_language_that_has_a_tone_there_is_nothing_to_compare(given_marks):
    study = train(given_marks)

    assert (study.model, study.by_language) == (None, {})
    assert study.reason == "no marks in a language that has a tone"


def test_a_language_that_is_not_better_keeps_the_pack_while_another_uses_the_marks():
    study = train([*marks(60), *marks(20, "fr")])
    text = said("negative", 5)

    assert {language: each.verdict for language, each in study.by_language.items()} == {"en": "better", "fr": "too few"}
    assert study.model.judge(text, score(text, "fr")) == score(text, "fr")


def test_of_texts_that_read_alike_the_newest_mark_counts():
    first = Mark(text="ACME zorped @me: http://a.example", label="neutral", language="en", at=1)
    again = Mark(text="Acme zorped @you http://b.example!", label="negative", language="en", at=2)
    compared = train([again, first]).by_language["en"]

    assert compared.n == 1
    assert sum(count for (label, _), count in compared.pack.confusion.items() if label == "negative") == 1


def test_a_story_told_a_hundred_times_is_one_piece_of_evidence():
    opening = "this is what twelve words of one story that is shared around are"
    retold = [
        Mark(text=f"{opening} {at}x", label=label, language="en", at=at)
        for at, label in enumerate(["negative"] * 100 + ["neutral"] * 5)
    ]
    study = train(retold)

    assert study.by_language["en"].n == 105
    assert study.model is None


def test_only_the_newest_marks_are_learnt_from(monkeypatch):
    monkeypatch.setattr(training, "MOST_MARKS", 45)
    older = [msgspec.structs.replace(mark, label="neutral", at=-1, text=f"old {mark.text}") for mark in marks(30)]

    assert train([*older, *marks(45)]).model.hash == train(marks(45)).model.hash


def test_words_of_a_brand_are_part_of_the_pack_that_is_to_be_beaten():
    words = ToneWords(negative=("zorped",), neutral=("quiddled",), positive=("plibbed",)).compile()
    study = train(marks(60), partial(score, own=words))

    assert study.by_language["en"].pack.macro_f1.value == 1
    assert study.model is None
