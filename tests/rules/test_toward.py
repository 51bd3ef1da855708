"""Whom a tone is about, heard as the daemon hears it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.classify import BrandTerms, Classifier
from rules.facts import Tone
from rules.mention import Mention
from rules.named import names_of
from rules.packs import frames, pack
from rules.packs.own import ToneWords
from rules.query.compiled import compile_query
from rules.quoted import own_words, unheaded
from rules.tone import LONGEST_SCORED, score, supported_languages
from rules.toward import prepare, score_toward
from tests.tone_set import heard

FOLDER = Path(__file__).parents[1] / "data" / "tone"
# Well below what docs/sentiment.md says: the sentences were looked at, so this guards and does not measure.
FLOORS = {"fr": 0.85, "en": 0.87, "de": 0.9, "es": 0.95, "it": 0.94, "pt": 0.95}


def tone(text: str, language: str, *, query: str = "acme", title: str | None = None, **terms: object) -> Tone:
    brand = _terms(query, language, terms)
    mention = Mention(
        id="1",
        source="s",
        platform="p",
        observed_at=datetime(2026, 1, 1, tzinfo=UTC),
        text=text,
        title=title,
        language=language,
    )
    (found,) = Classifier({"acme": brand}).classify(mention)
    return found.tone


def _terms(query: str, language: str, terms: dict[str, object]) -> BrandTerms:
    return BrandTerms(query=compile_query(query), languages=(language,), **terms)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", FLOORS)
def test_sentences_that_name_two_are_heard_for_each(language: str) -> None:
    lines = (FOLDER / f"toward-{language}.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    right = [heard(entry["text"], entry["brand"], language) == entry["label"] for entry in entries]
    assert sum(right) / len(right) >= FLOORS[language]


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("Contrairement à Zénith, Acme répond en 2 minutes", "fr", "positive"),
        ("quitté Acme pour Zénith, rien à voir, enfin un service qui marche", "fr", "negative"),
        ("Service au top chez Zénith. Pas comme Acme", "fr", "negative"),
        ("acme c fini je passe chez zenith", "fr", "negative"),
        ("switched from Zenith to Acme, best decision ever", "en", "positive"),
        ("Zenith is so much better than Acme", "en", "negative"),
        ("Left Acme for Zenith, biggest mistake of my life", "en", "positive"),
        ("Acme > Zénith", "fr", "positive"),
        ("Belle journée chez Acme, bravo. Par contre la SNCF, une honte", "fr", "positive"),
        ("Acme encore en panne. Service nul.", "fr", "negative"),
        ("Passage chez Acme hier. Julie a été adorable, tout réglé.", "fr", "positive"),
        ("Je retourne chez Acme pour la troisième fois, toujours pas réparé", "fr", "negative"),
        ("« Une catastrophe », dénoncent les usagers d'Acme", "fr", "negative"),
        ("« Acme, c'est une arnaque et ça plante » : pas d'accord, moi j'adore", "fr", "positive"),
        ("RT @marie: Acme en panne, honteux", "fr", "negative"),
        ("Acme ist besser als Zenit", "de", "positive"),
        ("Cenit es mucho mejor que Acme", "es", "negative"),
        ("Acme è peggio di Zenit", "it", "negative"),
        ("Acme é pior que a Zênite", "pt", "negative"),
    ],
)
def test_a_tone_is_towards_the_brand(text: str, language: str, label: str) -> None:
    assert label == tone(text, language).label


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_text_that_names_nobody_else_has_the_tone_of_the_whole(language: str) -> None:
    for text in ("Acme is down. Terrible service!", "Acme encore en panne. Service nul.", "ACME EN PANNE, NUL", "acme"):
        assert score(text, language) == tone(text, language)


def test_the_english_compound_remains_that_of_the_whole_text_and_the_frame_is_what_decided() -> None:
    text = "Zenith is so much better than Acme, love it"
    whole, towards = score(text, "en"), tone(text, "en")
    assert (whole.compound, "negative", ("better than Acme",)) == (towards.compound, towards.label, towards.words)
    assert -1 <= (tone("Acme est pire que Zénith", "fr").compound or 0) < 0


def test_a_brand_is_known_by_query_and_accounts_and_its_own_words_count() -> None:
    text = "Au secours @acmeair.bsky.social : panne. @zenith est parfait"
    assert "negative" == tone(text, "fr", query="secours", own_accounts=("@acmeair.bsky.social",)).label
    assert "positive" == tone("Acme Air mieux que Zénith", "fr", query='"acme air"').label
    assert "negative" == tone("Zénith, bravo. Acme, bof.", "fr", tone=ToneWords(negative=("bof",))).label
    assert "negative" == tone("Zénith est bien mieux", "fr", title="Acme < Zénith").label


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("RT @a: nul", "  nul"),
        ("Vrai. RT @a: nul", "Vrai. "),
        ("> nul\nmerci", " \nmerci"),
        ("« c'est vraiment nul » non", "  non"),
        ("la « qualité » Acme", "la « qualité » Acme"),
        ("« c'est vraiment nul »", "« c'est vraiment nul »"),
    ],
)
def test_the_words_of_others_are_told_from_the_authors(text: str, own: str) -> None:
    assert own == own_words(text)
    assert unheaded(text).count("@") == 0


PIECES = ["Acme", "Zénith", "@zenith", "#Acme", "mieux que", "pas comme", "contrairement à", "quitte", "pour", "chez"]
PIECES += [". ", "?", "\n", "« ", " »", "> ", "RT @a:", "mais", "bye", "nul", "super", "with", "better than", "->", "œ"]


@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join), st.sampled_from(["de", "en", "es", "fr", "it", "pt"])
)
def test_any_text_has_a_tone_within_its_bounds(text: str, language: str) -> None:
    found = score_toward(text, language, names_of(["Acme", "@acme_air", "Acme Air"]))
    assert -1 <= (found.compound or 0) <= 1
    assert (found.label == "unsupported") == (found.compound is None)


@pytest.mark.parametrize(
    "piece", ["Acme mieux que Zénith, ", "pas comme Acme ", "par rapport à Acme ", "« a ", "RT @a "]
)
def test_a_hostile_text_is_heard_on_its_beginning(piece: str) -> None:
    text, names = piece * 50_000, names_of(["Acme"])
    assert score_toward(text[:LONGEST_SCORED], "fr", names) == score_toward(text, "fr", names)


@pytest.mark.parametrize("language", sorted(supported_languages()))
def test_nothing_is_read_for_a_text_once_its_language_is_prepared(language):
    def read() -> list[int]:
        return [load.cache_info().misses for load in (frames.load, pack.load)]

    prepare(language)
    before = read()
    score_toward("Acme, Zenith !", language, names_of(["Acme"]))
    assert read() == before


def test_a_language_without_a_tone_takes_nothing():
    prepare("tlh")
    assert score("nuqneH", "tlh").label == "unsupported"
