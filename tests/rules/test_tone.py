import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from rules.facts import Tone
from rules.language import identify, normalise
from rules.tone import LONGEST_SCORED, score, supported_languages
from tests.tone_set import entries

SENTENCES = Path(__file__).parents[1] / "data" / "tone" / "fr.jsonl"
LABELS = ("negative", "neutral", "positive")
VADER = SentimentIntensityAnalyzer()


def test_other_languages_are_unsupported_never_neutral() -> None:
    expected = Tone(language="nl", label="unsupported", compound=None, confidence=0.0, scorer="none")
    assert expected == score("verschrikkelijk", "nl")
    assert score("???", None).label == "unsupported"
    assert frozenset({"de", "en", "es", "fr", "it", "pt"}) == supported_languages()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The flight was great!", "positive"),
        ("Worst airline ever, my bag is lost", "negative"),
        ("The flight leaves at nine", "neutral"),
        ("", "neutral"),
    ],
)
def test_english_is_labelled_by_the_thresholds_of_vader(text: str, label: str) -> None:
    tone = score(text, "en")
    assert (label, "vader") == (tone.label, tone.scorer.partition("+")[0])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Still waiting for my refund after 3 weeks", "negative"),
        ("On hold for 2 hours now", "negative"),
        ("Great, they lost my luggage again. Thanks for nothing", "negative"),
        ("Issue with my order was fixed in a minute, wonderful team", "positive"),
        ("No problems at all with the refund, lovely staff", "positive"),
        ("I can't wait to fly with them again!", "neutral"),
        ("dont bother, ive been on hold 3hrs smh", "negative"),
        ("What a wonderful treat, another hour on hold", "negative"),
        ("Nothing bad to say about the crew", "positive"),
        ("That curry is to die for", "positive"),
        ("Please, what time does the shop open?", "neutral"),
    ],
)
def test_an_english_complaint_needs_no_harsh_word_and_a_hint_gives_way_to_praise(text: str, label: str) -> None:
    tone = score(text, "en")
    assert (label, VADER.polarity_scores(text)["compound"]) == (tone.label, tone.compound)


ENGLISH = ["good", "BAD", "not", "never", "so", "this", "but", "least", "at", "very", "kind", "of", "the", "shit", "no"]
ENGLISH += ["without", "doubt", "happy!!", "😡", "a😍b", ":(", "yeah", "right", "isn't", "or", "meh", "HATE", "?", "❤️"]


@given(st.lists(st.sampled_from(ENGLISH), max_size=25).map(" ".join))
def test_the_english_compound_is_vaders_own(text: str) -> None:
    assert VADER.polarity_scores(text)["compound"] == score(text, "en").compound


@pytest.mark.parametrize("piece", ["😡", "good ", "pas ", "ne pas nul ", "nuuuul ", "!"])
def test_a_hostile_text_is_scored_on_its_beginning(piece: str) -> None:
    text = piece * 50_000
    assert score(text[:LONGEST_SCORED], "fr") == score(text, "fr")


def test_the_words_that_decided_are_told_as_written() -> None:
    assert ("Honteux",) == score("Honteux ! Merci quand même", "fr").words
    assert ("service client injoignable", "vol ANNULÉ") == score("vol ANNULÉ, service client injoignable", "fr").words
    assert ("Terrible",) == score("Terrible flight.", "en").words
    assert (":)", "love", "<3") == score("Back home :) love the crew <3 ok.", "en").words
    assert () == score("Le vol part à neuf heures", "fr").words


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Service client injoignable", "negative"),
        ("Plus jamais !", "negative"),
        ("TOUJOURS PAS REMBOURSÉ", "negative"),
        ("toujours pas rembourse", "negative"),
        ("Merci pour rien", "negative"),
        ("Bravo pour le retard", "negative"),
        ("Merci pour les 4 heures d'attente", "negative"),
        ("Merci Acme pour la panne", "negative"),
        ("Merci pour votre patience", "positive"),
        ("Merci pour la rapidité de la livraison", "positive"),
        ("nuuuuul", "negative"),
        ("C’est inadmissible", "negative"),
        ("Ce n'est pas bien", "negative"),
        ("ça ne marche plus", "negative"),
        ("Je ne suis pas content", "negative"),
        ("#BoycottAcme", "negative"),
        ("😡", "negative"),
        ("Super, mon vol est encore annulé", "negative"),
        ("Toujours au top la hotline, 45min d'attente", "negative"),
        ("Au top, livré en 45 min", "positive"),
        ("On m'a répondu d'attendre", "negative"),
        ("Est-ce qu'on m'a répondu ?", "neutral"),
        ("On m'a répondu, merci", "positive"),
        ("Vends téléphone, écran cassé", "neutral"),
        ("Aucun problème", "positive"),
        ("Je n'ai jamais été déçu", "positive"),
        ("Pas mal du tout", "positive"),
        ("Merci beaucoup ❤️", "positive"),
        ("Rien à redire", "positive"),
        ("Bonjour, à quelle heure ouvrez-vous ?", "neutral"),
        ("https://example.org/scandale-honteux", "neutral"),
        ("", "neutral"),
    ],
)
def test_french_is_heard(text: str, label: str) -> None:
    tone = score(text, "fr")
    assert (label, True) == (tone.label, tone.scorer.startswith("pack-fr@"))


def test_boosters_strengthen_and_negation_stops_at_punctuation() -> None:
    plain, boosted = score("C'est lent", "fr"), score("C'est vraiment très lent", "fr")
    assert boosted.compound < plain.compound
    assert score("Pas aujourd'hui, horrible", "fr").label == "negative"


@given(st.text())
def test_a_tone_stays_within_its_bounds(text: str) -> None:
    for language in ("en", "fr"):
        tone = score(text, language)
        assert tone.compound is not None
        assert -1 <= tone.compound <= 1
        assert 0 <= tone.confidence <= 1


def _f1(pairs: Counter[tuple[str, str]], label: str) -> tuple[float, float, float]:
    right = pairs[label, label]
    precision = right / sum(pairs[gold, label] for gold in LABELS)
    recall = right / sum(pairs[label, said] for said in LABELS)
    return precision, recall, 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("name", "least", "floor", "recall"),
    [
        ("fr.jsonl", 150, 0.95, 0.93),
        ("fr-second.jsonl", 70, 0.95, 0.93),
        ("fr-third.jsonl", 1000, 0.95, 0.93),
        ("fr-fourth.jsonl", 400, 0.80, 0.82),
        ("fr-fifth.jsonl", 400, 0.79, 0.88),
        ("fr-sixth.jsonl", 600, 0.83, 0.83),
        ("en-lots.jsonl", 700, 0.88, 0.93),
    ],
)
def test_sentences_about_brands_keep_their_measured_quality(name: str, least: int, floor: float, recall: float) -> None:
    entries = [json.loads(line) for line in (SENTENCES.parent / name).read_text(encoding="utf-8").splitlines()]
    pairs = Counter((entry["label"], score(entry["text"], name[:2]).label) for entry in entries)
    figures = {label: _f1(pairs, label) for label in LABELS}
    macro = sum(f1 for _, _, f1 in figures.values()) / len(LABELS)
    for label, (precision, heard, f1) in figures.items():
        print(f"{name} {label}: precision {precision:.3f} recall {heard:.3f} F1 {f1:.3f}")  # noqa: T201
    print(f"{name} macro-F1 {macro:.3f} on {len(entries)} sentences")  # noqa: T201 - the figures are the point
    assert len(entries) >= least
    assert macro >= floor
    assert figures["negative"][1] >= recall


@pytest.mark.parametrize(
    ("tag", "code"),
    [("fr-FR", "fr"), ("fra", "fr"), ("EN_us", "en"), (" eng ", "en"), ("pt-BR", "pt"), ("und", None), ("qme", None),
     ("", None), (None, None), ("français", None), ("zxx", None)],
)  # fmt: skip
def test_tags_become_codes(tag: str | None, code: str | None) -> None:
    assert code == normalise(tag)


@pytest.mark.parametrize(
    ("text", "tag", "candidates", "language"),
    [
        ("My flight is late", "fr-FR", ["fr", "en"], "fr"),
        ("My flight is late", "und", ["fr", "en"], "en"),
        ("Mon vol est en retard", None, ["en", "fr"], "fr"),
        ("awesome boarding", None, ["fr", "en"], "en"),
        ("Acme 😡", None, ["fr", "en"], "fr"),
        ("Acme 😡", None, ["en", "fr"], "en"),
        ("Acme ok", None, ["de"], "de"),
        ("The flight was late and nobody was there", None, ["fr"], "en"),
        ("El vuelo se ha retrasado y no hay nadie para los clientes", None, ["fr", "en"], "es"),
        ("Der Flug kam schon wieder nicht und ich warte noch immer hier", None, ["fr", "en"], "de"),
        ("Где мой багаж", None, ["fr", "en"], None),
        ("أين حقيبتي", None, ["fr"], "ar"),
        ("أين حقيبتي", None, ["fr", "ar"], "ar"),
        ("Acme", None, [], None),
        ("", None, ["fr"], "fr"),
    ],
)
def test_a_language_is_told_by_tag_then_by_brand_then_by_words(
    text: str, tag: str | None, candidates: list[str], language: str | None
) -> None:
    assert language == identify(text, tag, candidates)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Servicio horrible y asqueroso de verdad", "es"),
        ("Servizio pessimo, mai più Acme", "it"),
        ("O atendimento da Acme é péssimo", "pt"),
        ("Der Service von Acme ist furchtbar", "de"),
        ("Acme nul", "fr"),
        ("Service horrible et de mauvaise foi", "fr"),
        ("Kundenservice unerreichbar", "de"),
        ("Nadie contesta", "es"),
        ("Bagaglio smarrito", "it"),
        ("Ninguém responde", "pt"),
        ("Het vliegtuig is alweer te laat", "nl"),
        ("#acme @acme https://acme.example/the/and/is Vol annulé", "fr"),
        ("Vol annule\u0301 a\u0300 Orly", "fr"),
        ("Acme 😡 #acmeair", "fr"),
    ],
)
def test_a_short_text_in_a_foreign_language_is_not_read_as_french(text: str, language: str) -> None:
    assert language == identify(text, None, ["fr", "en"])


@pytest.mark.parametrize(
    ("tag", "text", "asked"),
    [
        ("en", "Vol", []),
        (None, "أين", []),
        (None, "Vol", [("Vol", ("fr", "en"))]),
        ("und", "Vol", [("Vol", ("fr", "en"))]),
    ],
)
def test_who_guesses_is_asked_when_neither_platform_nor_script_tell_and_may_not_know(tag, text, asked) -> None:
    heard: list[tuple[str, tuple[str, ...]]] = []

    def guess(text: str, known: tuple[str, ...]) -> None:
        heard.append((text, known))

    found = identify(text, tag, ["fr", "en"], guess)
    assert (asked, "fr" if asked else found) == (heard, found)


@pytest.mark.parametrize("text", ["acme is awful", "Seen.", "Broken again", "service is late"])
def test_a_short_english_text_is_english_to_a_brand_that_speaks_it(text: str) -> None:
    assert [identify(text, None, languages) for languages in (("en",), ("fr", "en"))] == ["en", "en"]


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "pt"])
def test_foreign_sentences_are_seldom_taken_for_those_of_another_brand(language: str) -> None:
    brand = ["fr", "en"] if language not in {"fr", "en"} else ["de", "it"]
    told = [identify(entry.text, None, brand) for entry in entries(language)]
    assert sum(map(told.count, brand)) <= len(told) // 10


def test_french_sentences_are_known_as_french_whichever_language_comes_first() -> None:
    texts = [json.loads(line)["text"] for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    wrong = [text for text in texts if identify(text, None, ["en", "fr"]) != "fr"]
    assert len(wrong) <= len(texts) // 50
