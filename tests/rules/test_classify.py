from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules.classify import BrandTerms, Classified, Classifier, Judge, full_text
from rules.live import Live
from rules.mention import Author, Mention
from rules.packs.own import ToneWords
from rules.query.compiled import compile_query
from rules.query.errors import QueryError

CLASSIFIER = Classifier(
    {
        "acme": BrandTerms(
            query=compile_query("(acme OR @acmeair) -job"),
            languages=("fr", "en"),
            own_accounts=("@AcmeAir", "did:plc:abc", "https://fedi.example/@acme/"),
            keywords={"recall": ("boycott*", "fuite de données"), "strike": ("grève",), "other": ("xyz",)},
        ),
        "beta": BrandTerms(query=compile_query("beta"), languages=("nl",)),
    }
)


def mention(text: str, **changes: Any) -> Mention:
    known: dict[str, Any] = {
        "id": "1",
        "source": "s",
        "platform": "file",
        "observed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Mention(text=text, **{**known, **changes})


def classify(text: str, **changes: Any) -> list[Classified]:
    return CLASSIFIER.classify(mention(text, **changes))


def test_what_is_said_again_is_found_as_if_it_were_new_whoever_says_it() -> None:
    query = compile_query("acme")
    terms = BrandTerms(
        query=query, languages=("fr", "en"), own_accounts=("@acmeair",), keywords={"strike": ("strike",)}
    )
    fresh, remembering = Classifier({"acme": terms}), Classifier({"acme": terms}, remembered=2)
    said = ["acme on strike, I hate it", "acme is great", "nothing", "acme est nul", "acme " + "a" * 2_000]
    again = [mention(text, author=Author(handle=by)) for by in ("somebody", "acmeair") for text in said for _ in "12"]
    again += [mention(said[0], language=language, title=title) for language in ("fr", "en") for title in (None, "acme")]
    for each in again:
        assert [outline(found) for found in fresh.classify(each)] == [
            outline(found) for found in remembering.classify(each)
        ]


def outline(found: Classified) -> tuple[Any, ...]:
    return found.brand, found.tone, found.match.spans, found.own, found.hits, found.words, found.said


def test_only_the_brands_a_mention_concerns_are_given() -> None:
    assert [] == classify("nothing of interest")
    assert [] == classify("acme job")
    assert ["beta"] == [each.brand for each in classify("beta")]
    assert ["acme", "beta"] == [each.brand for each in classify("Beta et Acme")]


def test_a_mention_comes_with_its_tone_places_and_keywords() -> None:
    (found,) = classify("Boycottez Acme : fuite de données honteuse, et la grève")
    assert "negative" == found.tone.label
    assert "fr" == found.tone.language
    assert [(10, 14)] == [(span.start, span.end) for span in found.match.spans]
    assert ("recall", "strike") == found.hits
    assert ("boycott*", "fuite de données", "grève") == found.words
    assert {"recall": ("boycottez", "fuite de données"), "strike": ("grève",)} == found.said
    assert not found.own


def test_a_text_is_judged_towards_the_brand_without_a_mention_too() -> None:
    terms = BrandTerms(query=compile_query("acme"), languages=("fr",), tone=ToneWords(negative=("zorp",)))
    judge = Judge(terms)
    for text in ("Je quitte Acme pour Zénith", "Je quitte Zénith pour Acme", "Acme : zorp", "Service nul"):
        for classified in Classifier({"acme": terms}).classify(mention(text, language="fr")):
            assert classified.tone == judge(text, "fr")
    labels = [judge(text, "fr").label for text in ("Je quitte Acme pour Zénith", "Je quitte Zénith pour Acme")]
    assert ["negative", "positive"] == labels
    assert "negative" == judge("Service nul", "fr").label


def test_each_brand_hears_a_mention_in_its_own_languages() -> None:
    acme, beta = classify("Acme Beta 😡")
    assert ("fr", "negative") == (acme.tone.language, acme.tone.label)
    assert ("nl", "unsupported") == (beta.tone.language, beta.tone.label)


def test_a_brand_may_have_words_of_its_own() -> None:
    words = {"acme": ToneWords(negative=("beta",)), "beta": ToneWords(neutral=("nul",)), "gamma": ToneWords()}
    classifier = Classifier(
        {name: BrandTerms(query=compile_query("nul"), languages=("fr",), tone=tone) for name, tone in words.items()}
    )
    tones = {text: [each.tone.label for each in classifier.classify(mention(text))] for text in ("nul", "beta nul")}
    assert {"nul": ["negative", "neutral", "negative"], "beta nul": ["negative", "neutral", "negative"]} == tones


@pytest.mark.parametrize(
    ("author", "url"),
    [
        (Author(handle="acmeair"), None),
        (Author(handle="@ACMEAIR"), None),
        (Author(id="did:plc:abc", handle="changed"), None),
        (Author(id="https://fedi.example/@acme"), None),
        (Author(), "https://fedi.example/@Acme/123"),
    ],
)
def test_the_brands_own_accounts_are_known(author: Author, url: str | None) -> None:
    assert classify("Acme", author=author, url=url)[0].own


@pytest.mark.parametrize(
    ("author", "url"),
    [
        (Author(), None),
        (Author(handle="acmeair@elsewhere.example"), None),
        (Author(name="AcmeAir", handle="someone"), None),
        (Author(), "https://fedi.example/@acmefan/1"),
        (Author(), "https://evil.example/?u=https://fedi.example/@acme/1"),
    ],
)
def test_who_only_looks_like_the_brand_is_not_the_brand(author: Author, url: str | None) -> None:
    assert not classify("Acme", author=author, url=url)[0].own


def test_the_title_counts_for_match_and_tone_and_is_read_once() -> None:
    (found,) = classify("Le communiqué est attendu.", title="Acme : un scandale")
    assert "negative" == found.tone.label
    assert "A\nb" == full_text(mention("b", title="A"))
    assert "Acme va mal. Très mal." == full_text(mention("Acme va mal. Très mal.", title="Acme va mal…"))


def test_a_keyword_that_cannot_be_looked_for_is_refused_when_built() -> None:
    with pytest.raises(QueryError):
        Classifier({"acme": BrandTerms(query=compile_query("acme"), keywords={"recall": ("*",)})})


def test_the_same_words_are_heard_anew_once_an_event_goes_on() -> None:
    begin = datetime(2026, 11, 19, 18, tzinfo=UTC)
    live = Live(query=compile_query("#AcmeRepond"), since=begin, until=begin + timedelta(hours=1))
    remembering = Classifier({"acme": BrandTerms(query=compile_query("acme"), live=(live,))}, remembered=9)
    moments = [begin + timedelta(minutes=step) for step in (-1, 0, 59, 60, 30)]
    said = [mention("bravo #acmerepond", observed_at=at) for at in moments]
    said += [mention("bravo #acmerepond", observed_at=moments[3], created_at=moments[2])]
    said += [mention("bravo #acmerepond", observed_at=moments[0], created_at=moments[2])]

    assert [0, 1, 1, 0, 1, 1, 0] == [len(remembering.classify(each)) for each in said]


def test_the_same_words_may_concern_a_brand_or_not_by_who_says_them() -> None:
    queries = {"acme": "acme author:anna", "beta": "acme", "gamma": "acme sentiment:negative", "delta": "delta"}
    brands = {name: BrandTerms(query=compile_query(query), languages=("fr",)) for name, query in queries.items()}
    remembering = Classifier(brands, remembered=9)
    texts = ("Acme est nul, arnaque honteuse", "Acme ouvre à Lyon")
    said = [mention(text, author=Author(handle=by)) for text in texts for by in ("anna", "bob", "anna", "bob")]

    told = [[each.brand for each in remembering.classify(each)] for each in said]

    assert [["acme", "beta", "gamma"], ["beta", "gamma"]] * 2 + [["acme", "beta"], ["beta"]] * 2 == told


def test_a_classifier_that_comes_after_another_classifies_as_a_new_one() -> None:
    queries, classifier = ["acme", "beta", "gamma"], Classifier({})
    for after in (queries, ["gamma", "acme"], ["delta", "acme", "gamma"], queries):
        brands = {name: BrandTerms(query=compile_query(name), languages=("fr",)) for name in after}
        classifier = Classifier(brands, before=classifier)
        said = mention("gamma, beta, delta, acme")
        told = [each.brand for each in classifier.classify(said)]
        classifier.merge()
        assert after == told == [each.brand for each in classifier.classify(said)]
