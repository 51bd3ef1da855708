import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.query.dialects import DIALECTS, translate
from rules.query.errors import QueryError
from rules.query.reading import read


@pytest.mark.parametrize(
    ("dialect", "query", "said"),
    [
        ("brandwatch", '(acme OR "acme air") NEAR/5f (late OR lost)', '(acme OR "acme air") ONEAR/5 (late OR lost)'),
        ("brandwatch", "acme and not job <<<no jobs>>>", "acme AND NOT job"),
        ("brandwatch", "{Orange} AND language:french", '++"Orange" AND lang:fr'),
        ("brandwatch", "hashtags:(acme OR acmeair) AND at_mentions:acme", "(#acme OR #acmeair) AND @acme"),
        ("brandwatch", "acme reach:[500 TO *] authorFollowers:[* TO 9]", "acme AND reach:>=500 AND followers:<=9"),
        ("brandwatch", "acme dayOfWeek:MONDAY hourOfDay:[9 TO 18]", "acme AND dow:mon AND hour:9..18"),
        ("brandwatch", "title:(acme AND (x OR y))", "title:(acme AND (x OR y))"),
        ("brandwatch", "acme engagementType:RETWEET", "acme AND is:repost"),
        (
            "brandwatch",
            "acme language:(french or english) title:(beta or gamma)",
            "acme AND (lang:fr OR lang:en) AND title:(beta OR gamma)",
        ),
        ("brandwatch", 'acme hourOfDay:9 author:"Jean Dupont"', 'acme AND hour:9 AND author:"Jean Dupont"'),
        ("meltwater", "acme NEAR crisis NOT job", "(acme NEAR/4 crisis) AND NOT job"),
        ("talkwalker", 'acme NEAR "service client"', 'acme NEAR/15 "service client"'),
        ("talkwalker", 'content:late OSENTENCE "acme"', None),
        ("talkwalker", '+"été" OR ++"Orange" OR boycott~1', '+"été" OR ++"Orange" OR boycott~1'),
        ("talkwalker", "domainurl:lemonde.fr hashtag:acme", "site:lemonde.fr AND #acme"),
        ("x", "a (from:bob OR to:acme) -is:retweet", "a AND (author:bob OR to:acme) AND NOT is:repost"),
        ("x", "acme has:links followers_count:100..500 $ACME", "acme AND has:link AND followers:100..500 AND $ACME"),
    ],
)
def test_a_query_of_another_tool_is_said_in_other_words(dialect: str, query: str, said: str | None) -> None:
    if said is None:
        with pytest.raises(QueryError):
            translate(query, dialect)
        return
    found = translate(query, dialect)
    assert (said, ()) == (found.query, found.lost)


@pytest.mark.parametrize(
    ("dialect", "query", "left", "lost"),
    [
        ("brandwatch", "acme AND authorGender:F", "acme", ["authorGender:F"]),
        ("brandwatch", 'city:"Paris" OR acme', "acme", ['city:"Paris"']),
        ("brandwatch", "acme AND NOT authorGroup:(a OR b)", "acme", ["authorGroup:(a OR b)"]),
        ("brandwatch", "acme NOT (job AND authorGender:F)", "acme", ["authorGender:F"]),
        ("brandwatch", "acme NOT (job OR authorGender:F)", "acme AND NOT job", ["authorGender:F"]),
        ("brandwatch", "acme authorFollowers:5k", "acme", ["authorFollowers:5k"]),
        ("talkwalker", "acme NEAR/200 late", "acme NEAR/100 late", ["NEAR/200"]),
        ("talkwalker", "acme~1 late", "acme AND late", ["acme~1"]),
        ("x", "acme (late OR (lost sample:10))", "acme AND (late OR lost)", ["sample:10"]),
        ("x", "sample:10", "", ["sample:10"]),
        ("x", "acme has:(links OR media)", "acme", ["has:(links OR media)"]),
    ],
)
def test_what_cannot_be_carried_over_is_said(dialect: str, query: str, left: str, lost: list[str]) -> None:
    found = translate(query, dialect)
    assert (left, lost) == (found.query, [each.written for each in found.lost])
    assert all(query[each.at :].startswith(each.written) and each.why for each in found.lost)


PIECES = [
    *("acme ", '"acme air" ', "(", ") ", "AND ", "or ", "NOT ", "-", "NEAR/9 "),
    *("lang:fr ", "city:x ", "is:retweet ", "{A} ", "#a ", "x~1 "),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(DIALECTS))
def test_whatever_is_translated_can_be_read(query: str, dialect: str) -> None:
    try:
        said = translate(query, dialect).query
    except QueryError:
        return
    assert not said or read(said).root
