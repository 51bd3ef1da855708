"""French and English as they are written: elision, agreement with a count, and no word that nobody has read through."""

import re
from itertools import product

import pytest
from msgspec.structs import replace

from alerts.alert import Alert
from alerts.render import render
from tests.alerts.reports import said_in_reports
from tests.alerts.samples import ALERTS, KINDS
from tests.alerts.speaking import PARIS, everything_said, said, without_false_alarms
from tests.alerts.test_typography import FAULTS, faults
from tests.alerts.test_wording import ALARMING, NOT_IN_THE_GLOSSARY
from tests.alerts.vocabulary import new_words

STATES = ("open", "worse", "better", "acknowledged", "resolved", "reopened")
COUNTED = {
    "fr": "mention auteur source message abonné réaction texte sujet incident règle alerte publication étape jour",
    "en": "mention author source post follower reaction text channel incident rule alert account step day brand",
}
UNLIKE = {"fr": {"canal": "canaux"}, "en": {"story": "stories"}}
_ASPIRATED = r"(?!haut|hors|huit|hausse|hash|onze|oui|un jour)"
ELISION = re.compile(
    rf"(?<!-)\b(?:[ldjnmtsc]e|la|que|jusque|lorsque|puisque|quoique) {_ASPIRATED}[aeiouhâàéèêëîïôûœ]|\bsi ils?\b",
    re.IGNORECASE,
)
CONTRACTION = re.compile(r"\b(?:de le|de les|à le|à les)\b(?! (?:plus|moins))", re.IGNORECASE)


def disagreements(text: str, language: str) -> list[str]:
    """Counts that do not go with their nouns: French says 0 and 1 in the singular, English only 1."""
    forms = {noun: f"{noun}s" for noun in COUNTED[language].split()} | UNLIKE[language]
    nouns, plurals = "|".join(forms), "|".join(forms.values())
    single = r"[01](?:,\d+)?" if language == "fr" else "1"
    number = r"(?<![\d,.\u202f\u00a0:°])"
    between = "" if language == "fr" else r"(?:(?:negative|positive|other|different) )?"
    found = re.findall(rf"{number}{single} {between}(?:{plurals})\b", text)
    plenty = r"(?:[2-9]|\d\d+)" if language == "fr" else r"(?:0|[2-9]|\d\d+)"
    return found + re.findall(rf"{number}{plenty} {between}(?:{nouns})\b(?!s)", text)


def of_every_size() -> list[Alert]:
    """Every kind in every state, with nothing, one and two of what is counted."""
    return [
        replace(
            alert,
            state=state,
            by="Zoé" if state in ("acknowledged", "resolved") else None,
            figures=replace(
                alert.figures, count=n, opening=n, during=n, peak=n, authors=n, posts=n, negative=n, most=n, followers=n
            ),
        )
        for alert, state, n in product(KINDS.values(), STATES, (0, 1, 2))
        if n == 1 or state in ("open", "resolved")
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_in_every_state_agrees_with_its_counts_and_is_set_right(language):
    # the page says the same words as the text
    messages = [replace(render(alert, language, PARIS), html="") for alert in of_every_size()]

    wrong = {fault for message in messages for text in said(message) for fault in disagreements(text, language)}
    assert wrong == set()
    assert {fault for message in messages for fault in faults(message)} == set()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_counted_agrees_and_reports_and_answers_are_set_right_in_calm_words(language):
    texts = said_in_reports(language)
    calm = without_false_alarms(texts).replace("First post", "")

    assert [fault for text in everything(language) for fault in disagreements(text, language)] == []
    assert [text for text in texts for fault in FAULTS[language].values() if re.search(fault, text)] == []
    assert re.findall(f"{ALARMING[language]}|{NOT_IN_THE_GLOSSARY[language]}", calm, re.IGNORECASE) == []


def everything(language):
    texts = [text for _, message in everything_said() if message.language == language for text in said(message)]
    return texts + said_in_reports(language)


def test_french_elides_and_contracts():
    texts = everything("fr")
    ours = [re.sub(r"«[^»]*»|\([^)]*\)", "", text) for text in texts]

    assert {text for text in ours if ELISION.search(text) or CONTRACTION.search(text)} == set()


def test_no_word_is_said_that_nobody_has_read_through():
    assert new_words() == {"fr": set(), "en": set()}, "run: python -m tests.alerts.vocabulary, and read what is new"


@pytest.mark.parametrize(
    "text", ["le incident", "le Acme", "de Ésope", "de une alerte", "que il", "si il", "la équipe", "jusque ici"]
)
def test_the_check_of_elision_finds_a_fault_it_is_shown(text):
    assert ELISION.search(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("0 mentions", "fr"),
        ("1 auteurs", "fr"),
        ("1,5 mentions", "fr"),
        ("1 canaux", "fr"),
        ("2 mention", "fr"),
        ("2 story", "en"),
        ("1 negative mentions", "en"),
        ("0 author", "en"),
    ],
)
def test_the_check_of_agreement_finds_a_fault_it_is_shown(text, language):
    assert disagreements(text, language) == [text]
    assert disagreements("1 mention, 2 sources, 12\u202f001 auteurs", "fr") == []


def test_samples_are_of_every_state():
    assert {alert.state for alert in ALERTS.values()} >= set(STATES)
