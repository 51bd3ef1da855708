import tracemalloc
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.labelling.model import LARGEST, LabelModel
from rules.tone import score
from tests.rules.labelling.marks import SIGNS, learnt, said


@cache
def model():
    found = learnt().model
    assert found
    return found


@cache
def dumped():
    return model().dump()


def judged(text, language="en"):
    return model().judge(text, score(text, language))


@pytest.mark.parametrize("label", SIGNS)
def test_a_text_not_seen_before_is_told_by_the_words_that_the_marks_tell_apart(label):
    text = said(label, 977)
    tone = judged(text)

    assert tone.label == label
    assert tone.confidence > 0.5
    assert tone.compound == score(text, "en").compound
    assert tone.scorer == f"{score(text, 'en').scorer}+marks@{model().hash[:8]}"


@pytest.mark.parametrize("language", ["fr", "nl", None])
def test_a_language_without_marks_keeps_its_tone(language):
    text = "Acme zorped ma commande, c'est nul"

    assert judged(text, language) == score(text, language)


def test_a_label_that_changed_has_no_words_that_decided():
    text = "Great app of Acme, it zorped my order, zorped it"
    tone = judged(text)

    assert score(text, "en").words == ("Great",)
    assert (tone.label, tone.words) == ("negative", ())


def test_a_model_holds_its_weights_once():
    dump = dumped()
    tracemalloc.start()
    held = LabelModel.load(dump)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 1.5 * len(dump)
    assert held.dump() == dump


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
@example("")
@example("\ud800 zorped\udfff")
@example("zorped " * 15_000)
def test_any_text_is_judged_always_the_same(text):
    tone = judged(text)

    assert tone.label in SIGNS
    assert 0 <= tone.confidence <= 1
    assert LabelModel.load(dumped()).judge(text, score(text, "en")) == tone


def test_what_was_dumped_is_loaded_with_the_same_name():
    again = LabelModel.load(dumped())

    assert again.hash == model().hash
    assert len(again.hash) == 16
    assert again.dump() == dumped()
    assert len(dumped()) < 200_000


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x91" * 100_000)
@example(b"\xc1")
@example(bytes(LARGEST + 1))
def test_bytes_that_are_no_model_are_refused_in_words(hostile):
    with pytest.raises(ValueError, match="label model"):
        LabelModel.load(hostile)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_model_with_a_byte_changed_is_refused_or_another_one_that_still_judges(data):
    at = data.draw(st.integers(0, 200) | st.integers(0, len(dumped()) - 1))
    hostile = bytearray(dumped())
    hostile[at] ^= data.draw(st.integers(1, 255))
    try:
        found = LabelModel.load(bytes(hostile))
    except ValueError as error:
        assert "label model" in str(error)  # noqa: PT017  # both outcomes are right
    else:
        assert found.hash != model().hash
        assert found.judge("zorped", score("zorped", "en")).label in SIGNS


def test_a_model_of_another_version_says_so():
    other = dumped().replace(b"badbuzz labels 1", b"badbuzz labels 2")

    with pytest.raises(ValueError, match="of another version: 'badbuzz labels 2'"):
        LabelModel.load(other)


def test_a_weight_out_of_range_is_refused():
    at = dumped().index(b"\xcb")
    hostile = dumped()[:at] + b"\xcb\x7f\xf0\0\0\0\0\0\0" + dumped()[at + 9 :]  # infinity

    with pytest.raises(ValueError, match="out of range"):
        LabelModel.load(hostile)
