"""What the data of a pack, and a brand's own words, make of a text."""

import sys
from collections.abc import Callable
from importlib.resources import files
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.packs.learnt import DECIDES, Learnt, features
from rules.packs.lexicon import Lexicon, Meaning
from rules.packs.own import ToneWords
from rules.packs.reading import cut
from rules.text import Folded, tokens
from rules.tone import score
from tests.learn_tone import learn, lots, written

BAD, GOOD = Meaning(-2.0), Meaning(2.0)
LEXICON = Lexicon({"~": ["", "e", "s"]}, {"WAIT": "attente|file_d'attente"})
for line, meaning in {
    "lent~": BAD,
    "arnaqu*": BAD,
    "si|très| bon~ prix": GOOD,
    "pas _ reçu": BAD,
    "longue WAIT": BAD,
    "prix": Meaning(0.0, "advert"),
    "depuis 2h": BAD,
}.items():
    LEXICON.add(line, meaning)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lente", (BAD, 1)),
        ("leeeente", (BAD, 1)),
        ("lenteur", None),
        ("arnaqueurs", (BAD, 1)),
        ("tres bon prix", (GOOD, 3)),
        ("bon prix", (GOOD, 2)),
        ("bon", None),
        ("pas encore recu", (BAD, 3)),
        ("pas recu", None),
        ("longue file d attente", (BAD, 4)),
        ("prix", (Meaning(0.0, "advert"), 1)),
        ("depuis 2 h", (BAD, 3)),
        ("inconnu", None),
    ],
)
def test_a_line_of_a_lexicon_stands_for_its_choices(text: str, found: tuple[Meaning, int] | None) -> None:
    assert found == LEXICON.search(text.split()).find(0)


def test_the_longest_entry_wins_then_the_latest_and_none_goes_on_beyond_the_end() -> None:
    lexicon = Lexicon({}, {})
    for line, meaning in (("pas", BAD), ("pas mal", BAD), ("pas mal", GOOD), ("mal*", BAD), ("mal", GOOD)):
        lexicon.add(line, meaning)
    assert (GOOD, 2) == lexicon.search(["pas", "mal"]).find(0)
    assert (BAD, 1) == lexicon.search(["pas", "mal"], ends=[0]).find(0)
    assert (GOOD, 2) == lexicon.search(["pas", "mal"]).find(1)


def test_a_lexicon_that_remembers_little_says_the_same() -> None:
    forgetful, other = Lexicon({}, {}, 2), Lexicon({}, {})
    for lexicon in (forgetful, other):
        lexicon.add("pas mal*", GOOD)
    words = ["un", "deux", "trois", "pas", "malin", "quatre", "cinq", "pas", "six", "pas", "mal"]
    found = [
        [search.find(at) for at in search.places] for search in (each.search(words) for each in (forgetful, other))
    ]
    assert [(GOOD, 5), (GOOD, 11)] == [each for each in found[0] if each] == [each for each in found[1] if each]


@pytest.mark.parametrize("line", ["", "a|", "_ prix", "!?", "pas ?", "x*"])
def test_a_line_that_cannot_be_found_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="word"):
        LEXICON.add(line, BAD)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("#ServiceClientNul", "negative"),
        ("@nul_et_honteux bonjour", "neutral"),
        ("jsuis tjrs en attente", "negative"),
        ("Un peu cher, mais parfait", "positive"),
        ("Parfait, mais en panne", "negative"),
        ("C'est bien, ce truc ?", "neutral"),
        ("C'est nul, non ?", "negative"),
        ("Rejoignez une équipe sympa en CDI", "neutral"),
        ("Bravo, debout comme d'habitude", "negative"),
        ("Bravo pour le spectacle", "positive"),
        ("Faut-il payer quelque chose en cas de retard ?", "neutral"),
        ("Faut-il payer pour ce service lamentable ?", "negative"),
        ("Stage analyste fraude à partir de mai", "neutral"),
    ],
)
def test_hashtags_spellings_contrast_questions_adverts_and_irony_are_read(text: str, label: str) -> None:
    assert label == score(text, "fr").label


@pytest.mark.parametrize(
    ("compound", "more", "amended"),
    [(0.0, 0, True), (0.5, 0, True), (0.8, 0, False), (-0.5, 0, False), (0.0, 20, False), (0.5, 20, False)],
)
def test_what_was_learnt_amends_what_a_pack_hardly_hears_where_it_knows_the_words(
    compound: float, more: int, amended: bool
) -> None:
    found = features([f"word{at}" for at in range(10)], asked=False)
    taught = Learnt(dict.fromkeys(found, 2.0), {})
    strange = {f"strange{at}" for at in range(more)}
    assert (taught.amended(compound, found | strange) < min(0, compound)) is amended
    assert taught.amended(compound, set(list(found)[:3])) == compound


@pytest.mark.parametrize(
    ("compound", "asked", "label"),
    [(-0.5, False, "neutral"), (-0.6, False, "negative"), (-0.5, True, "negative"), (0.1, False, "positive")],
)
def test_clear_blame_and_blame_that_asks_is_not_doubted_and_blame_is_never_praise(
    compound: float, asked: bool, label: str
) -> None:
    found = features([f"word{at}" for at in range(10)], asked=asked)
    amended = Learnt({}, dict.fromkeys(found, 2.0)).amended(compound, found)
    assert label == ("negative" if amended <= -DECIDES else "positive" if amended >= DECIDES else "neutral")


@pytest.mark.parametrize(
    "text",
    [
        "Prix trop élevés pour la qualité de la nourriture",
        "Le contrat de la banque est une arnaque, comme le numéro de la semaine",
        "Vous trouvez ça normal, un bus sur deux ce soir ?",
        "Pourquoi la carte de la banque ne marche plus à l'étranger ?",
    ],
)
def test_the_subject_of_a_complaint_does_not_hide_it(text: str) -> None:
    assert "negative" == score(text, "fr").label


def test_what_was_learnt_of_whole_texts_is_told_by_the_scorer_and_by_no_word() -> None:
    text = "Dix guichets, un agent, quarante personnes"
    tone = score(text, "fr")
    assert ("negative", (), True) == (tone.label, tone.words, tone.scorer.endswith("+learnt"))
    assert "negative" != score(text, "fr", ToneWords(positive=("agent",)).compile()).label
    assert not score("Quel scandale", "fr").scorer.endswith("+learnt")


def test_the_weights_are_those_that_their_command_learns() -> None:
    texts = lots("fr")
    made = written("fr", len(texts), learn("fr", texts))
    assert made == (files("rules.packs") / "learnt-fr.toml").read_text(encoding="utf-8")


OWN = ToneWords(negative=("régime sec", "Zéphyr*"), positive=("killer",), neutral=("peur bleue", "terrible herbst"))


@pytest.mark.parametrize(
    ("language", "text", "label", "words"),
    [
        ("fr", "Encore le régime SEC", "negative", ("régime SEC",)),
        ("fr", "un zéphyrien", "negative", ("zéphyrien",)),
        ("fr", "Killer !", "positive", ("Killer",)),
        ("fr", "J'ai vu Peur Bleue", "neutral", ()),
        ("fr", "Peur bleue, quel scandale", "negative", ("quel scandale",)),
        ("en", "A killer, killer phone", "positive", ("killer",)),
        ("en", "Bought at Terrible Herbst", "neutral", ()),
        ("en", "Great zephyrs", "negative", ("zephyrs",)),
        ("en", "Great: regime sec", "negative", ("regime sec",)),
        ("nl", "Killer", "unsupported", ()),
    ],
)
def test_a_brands_own_words_go_before_the_languages(
    language: str, text: str, label: str, words: tuple[str, ...]
) -> None:
    tone = score(text, language, OWN.compile())
    assert (label, words) == (tone.label, tone.words)


def test_without_own_words_there_is_nothing_to_look_for() -> None:
    assert ToneWords().compile() is None
    with pytest.raises(ValueError, match="word"):
        ToneWords(neutral=("!",)).compile()


@given(st.text(max_size=60))
def test_own_words_that_a_text_does_not_hold_change_nothing(text: str) -> None:
    own = ToneWords(negative=("qqxzqqxz",)).compile()
    for language in ("fr", "en"):
        assert score(text, language) == score(text, language, own)


def _calls(work: Callable[[], object]) -> int:
    """Functions called, also of C: a measure of work that no stalling machine changes."""
    calls = count()
    sys.setprofile(lambda *_: next(calls))
    try:
        work()
    finally:
        sys.setprofile(None)
    return next(calls)


@pytest.mark.parametrize("piece", ["pas de la ", "nuuul ", "n'est ", "#Nul", "bien ? ", "mais top ", "qqxz "])
def test_the_work_grows_as_the_text_does(piece: str) -> None:
    own = ToneWords(negative=("qqxz qqxz",)).compile()
    score(piece, "fr", own)
    short, long = (_calls(lambda times=times: score(piece * times, "fr", own)) for times in (100, 800))  # type: ignore[misc]
    assert long < 9 * short


@pytest.mark.parametrize(
    ("text", "label", "words"),
    [
        ("Acme :-)", "positive", (":-)",)),
        ("3 h de train :(((", "negative", (":(((",)),
        ("Voir http://acme.example/:( ou 12:/3", "neutral", ()),
        ("Acme ^^", "positive", ("^^",)),
    ],
)
def test_faces_made_of_signs_are_read(text: str, label: str, words: tuple[str, ...]) -> None:
    tone = score(text, "fr")
    assert (label, words) == (tone.label, tone.words)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["l'Acme", "#Nul", "@a.b", "3,5", "https://a.b/?c", "2h", "漢字", "é", "\u0301", "😡", "..", "w"]
        )
    ).map(" ".join)
)
def test_a_text_is_cut_for_packs_as_it_is_for_queries(text: str) -> None:
    folded = Folded(text)
    found = [folded.text[token.start : token.end] for token in tokens(folded)]
    pieces = cut(folded.text)[1::2]  # a link there with what ends the sentence
    assert found == [piece[: len(each)] for each, piece in zip(found, pieces, strict=True)]
