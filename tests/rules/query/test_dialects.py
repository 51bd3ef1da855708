import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.query.compiled import compile_query
from rules.query.dialects import DIALECTS, Lost, translate
from rules.query.errors import QueryError


def written(dialect: str) -> list[list[str]]:
    """Queries of a dialect, what is said of each here, and what is lost."""
    told = files("tests.rules.query").joinpath("dialects", f"{dialect}.toml").read_text("utf-8")
    return tomllib.loads(told)["queries"]


def told(lost: Lost) -> str:
    finds = f"{lost.finds}: " if lost.finds else ""
    return f"{finds}{lost.written}{f' with {lost.along}' if lost.along else ''}"


@pytest.mark.parametrize(
    ("dialect", "query", "said", "lost"),
    [(dialect, query, said, lost) for dialect in DIALECTS for query, said, *lost in written(dialect)],
)
def test_a_query_of_another_tool_is_said_in_other_words(dialect: str, query: str, said: str, lost: list[str]) -> None:
    found = translate(query, dialect)
    assert (said, lost) == (found.query, [told(each) for each in found.lost])
    assert all(query[each.at :].startswith(each.written) and each.why for each in found.lost)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_said_in_other_words_can_be_used(dialect: str) -> None:
    said = [said for _, said, *_ in written(dialect) if said]
    assert [()] * len(said) == [
        tuple(each for each in compile_query(query).warnings if "very much" not in each) for query in said
    ]


@pytest.mark.parametrize(
    ("dialect", "query", "position", "message"),
    [
        ("meltwater", "sourceCountry:DE and acme and (x", 30, "this parenthesis is never closed"),
        ("brandwatch", "language:french AND country:usa OR", 34, "something is missing after OR"),
        ("brandwatch", "language:french acme) AND x", 20, "this parenthesis closes nothing"),
        ("talkwalker", "acme NEAR lang:fr", 5, "beside NEAR/15 only words and phrases can stand"),
        ("x", "since:2026-01-01 OR OR acme", 20, "something is missing after OR"),
        ("x", 'is:retweet acme "x', 16, "this quotation is never closed"),
        ("talkwalker", 'content:late OSENTENCE "acme"', 13, "beside OSENTENCE only words and phrases can stand"),
        ("brandwatch", "<<<all of it>>>", 15, "an empty query"),
    ],
)
def test_an_error_points_into_what_was_written(dialect: str, query: str, position: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        translate(query, dialect)
    assert (message, position, query) == (caught.value.message, caught.value.position, caught.value.query)


PIECES = [
    *("acme ", '"acme air" ', "(", ") ", "AND ", "or ", "NOT ", "-", "NEAR/9 ", "near ", "<<<", ">>>"),
    *("lang:fr ", "city:x ", "is:retweet ", "{A} ", "#a ", "x~1 ", "site:", "title:", "*", "? ", "“a ", "www.a.b "),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(DIALECTS))
def test_whatever_is_translated_can_be_used(query: str, dialect: str) -> None:
    try:
        said = translate(query, dialect).query
    except QueryError as error:
        assert 0 <= error.position <= len(query)  # noqa: PT017
        return
    assert not said or compile_query(said).root
