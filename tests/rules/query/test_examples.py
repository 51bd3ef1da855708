import pytest

from rules.facts import Label, Tone
from rules.mention import Author
from rules.query.compiled import Query, compile_query
from rules.query.content import Content
from rules.query.reading import read
from tests.rules.query.examples import EXAMPLES, Example, mention


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.query for each in EXAMPLES])
def test_an_operator_finds_what_the_documents_say_and_nothing_else(example: Example) -> None:
    query = Query(read(example.query).root, ())
    found = [seen for seen in (*example.finds, *example.misses) if query.match(mention(seen))]
    assert list(example.finds) == found


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.query for each in EXAMPLES])
def test_why_says_of_the_whole_what_matching_does(example: Example) -> None:
    query = Query(read(example.query).root, ())
    told = [query.why(Content(mention(seen))).holds for seen in (*example.finds, *example.misses)]
    assert [True] * len(example.finds) + [False] * len(example.misses) == told


def test_why_tells_of_each_part_what_says_so() -> None:
    query = compile_query("(acme NEAR/1 panne) AND followers:>=10 AND ATLEAST/2 acme")
    seen = mention({"text": "Acme est encore en panne : la faute d'acme !", "author": Author(followers=5)})
    told = query.why(Content(seen))
    near, followers, often = told.parts
    assert (False, False, False, True) == (told.holds, near.holds, followers.holds, often.holds)
    assert (3, (5,), 2) == (near.apart, followers.has, often.count)


def test_why_tells_what_nearly_holds() -> None:
    told = compile_query("++ORANGE AND (fibre ONEAR/9 orange) AND (late ONEAR orange)").why(
        Content(mention("Une orange, sans fibre"))
    )
    name, near, far = told.parts
    assert [("text", 4, 10)] == [(span.field, span.start, span.end) for span in name.alike]
    assert (True, False) == (near.backwards, far.backwards)


def test_a_match_shows_words_of_near_only_where_they_are_near() -> None:
    found = compile_query("acme NEAR/1 panne").match(mention("acme dit : acme en panne. Pas beta, acme."))
    assert found is not None
    assert [("acme", 11, 15), ("panne", 19, 24)] == [(span.term, span.start, span.end) for span in found.spans]


@pytest.mark.parametrize(
    ("query", "text", "label", "found", "asked"),
    [
        ("acme sentiment:negative", "acme", "negative", True, 1),
        ("acme sentiment:negative", "acme", "positive", False, 1),
        ("acme sentiment:negative", "beta", "negative", False, 0),
        ("acme OR (beta sentiment:negative)", "acme", "negative", True, 0),
        ("acme -sentiment:(positive OR neutral) confidence:>0.5", "acme", "negative", True, 1),
    ],
)
def test_the_tone_is_asked_once_and_only_where_it_decides(
    query: str, text: str, label: Label, found: bool, asked: int
) -> None:
    heard: list[Tone] = []

    def hear() -> Tone:
        heard.append(Tone(language="fr", label=label, compound=0.0, confidence=0.9, scorer="test"))
        return heard[-1]

    match = compile_query(query).find(Content(mention(text)), hear)
    assert (found, asked) == (match is not None, len(heard))


ZALGO = "Z" + "\u0301\u0316\u0334" * 300_000
DEEP = "a NEAR/100 " * 10 + "a"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("aaaaaaaa~2", "a" * 1_000_000),
        ("acme", "z\u0301\u0316" * 20_000),
        ('++"Z"', ZALGO),
        ("+z", ZALGO),
        ('raw:"é"', ZALGO),
        (DEEP, "a b c " * 10_000),
        ('"a a a a a a a a a a a a a a a a a a a a"~100', "a " * 50_000),
        ('"a b c a b c a b c a b c a b c"~100', "a b c " * 10_000),
        ("b OSENTENCE a", "a " * 10_000 + "b " * 10_000),
        ("a NEAR/3 #aaa*", "#" + "Aa" * 25_000),
        ('raw:"é a"', "e\u0301 a " * 10_000),
        ('ATLEAST/999 (a OR raw:"!") raw:"!!" NEAR/100 raw:"!"', "!" * 50_000),
    ],
)
def test_a_hostile_text_is_bounded_work(query: str, text: str) -> None:
    match = Query(read(query).root, ()).match(mention(text))
    assert match is None or len(match.spans) <= 100
