"""Words that stand out are counted against what was said before, by several people."""

import pytest

from rules.distinct import Distinct, Said, distinct, typical
from rules.query.compiled import compile_query
from rules.terms import Terms

USUAL = [Said(f"u{number}", {"train": "train"} if number % 2 else {"retard": "retard"}) for number in range(200)]


def _said(count, authors, **words):
    return [Said(f"a{number % authors}" if authors else "", words) for number in range(count)]


def test_what_is_new_or_far_more_frequent_is_told_with_its_count_and_what_is_usual_is_not():
    now = [*_said(12, 12, tag="#Boycott", train="train"), *_said(6, 6, retard="Retard"), *_said(1, 1, retard="retard")]
    assert distinct(now, USUAL) == [Distinct("#Boycott", 12, new=True)]


def test_words_have_the_form_that_most_give_them_and_the_surest_come_first():
    now = [*_said(5, 5, hotel="hôtel"), *_said(3, 3, hotel="Hotel", vol="vol"), *_said(2, 2, vol="vol")]
    assert [(each.word, each.texts) for each in distinct(now, USUAL)] == [("hôtel", 8), ("vol", 5)]


@pytest.mark.parametrize(("authors", "told"), [(1, []), (2, []), (3, ["mot"]), (0, ["mot"])])
def test_a_word_of_one_or_two_people_is_nobody_s_topic(authors, told):
    assert [each.word for each in distinct(_said(20, authors, mot="mot"), USUAL)] == told


@pytest.mark.parametrize(("known", "told"), [(0, []), (20, [False]), (200, [True])])
def test_nothing_stands_out_of_nothing_and_little_calls_nothing_new(known, told):
    now = [*_said(12, 12, mot="mot"), *_said(10, 10, train="train")]
    assert [each.new for each in distinct(now, USUAL[:known]) if each.word == "mot"] == told


def test_few_words_are_told():
    words = {f"mot{number}": f"mot{number}" for number in range(9)}
    assert len(distinct(_said(30, 30, **words), USUAL)) == 4


def test_words_are_written_as_they_stand_without_the_brand_s_own_and_those_of_every_text():
    terms = Terms(compile_query('"Acme Air" OR #acme'))
    found = terms.written("Acme Air : Vol ANNULÉ, #AcmeAirAbandon #acme @acme avec l’Hôtel… annulé")
    assert found == {"annule": "ANNULÉ", "#acmeairabandon": "#AcmeAirAbandon", "hotel": "Hôtel"}


def test_the_most_typical_says_what_most_others_say():
    said = ["vol annulé hôtel", "vol annulé attente", "vol annulé hôtel attente", "billet cher service", "annulé"]
    texts = [Said(str(number), {word: word for word in text.split()}) for number, text in enumerate(said)]

    assert typical(texts, range(5)) == 2
    assert typical(texts, [0, 1, 3]) in (0, 1)
    assert typical(texts, [3, 4]) is None, "one shares nothing, and of a single word nothing can be read"
    assert typical(texts[:4], range(4)) is None, "few have no middle"
