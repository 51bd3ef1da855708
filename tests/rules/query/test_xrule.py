import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.mention import Author, Mention
from rules.query.compiled import Query
from rules.query.dialects import translate
from rules.query.reading import read
from rules.query.xrule import LONGEST_X_RULE, x_rule


@pytest.mark.parametrize(
    ("query", "rule", "exact"),
    [
        ('("Acme Air" OR @acmeair) -job', '("Acme Air" OR @acmeair) -job', True),
        ("acme lang:fr -is:repost author:bob", "acme lang:fr -is:retweet from:bob", True),
        ("acme NOT (job OR stage)", "acme (-job -stage)", True),
        ("acme NOT (job stage)", "acme", False),
        ("acme NEAR/3 late", "acme late", False),
        ("acme followers:>=10", "acme", False),
        ("title:acme", "acme", False),
        ("Acmé", "Acmé", False),
        ("acme lang:(fr OR en)", "acme (lang:fr OR lang:en)", True),
        ("acme -lang:(de OR nl)", "acme (-lang:de -lang:nl)", True),
        ("acme -author:(bob OR ann)", "acme (-from:bob -from:ann)", True),
        ("acme -(lang:(de OR nl) OR job)", "acme ((-lang:de -lang:nl) -job)", True),
        ("acme -(NOT beta OR job)", "acme (beta -job)", True),
        ("acme lang:he", "acme lang:iw", True),
        ("acme lang:oc", "acme", False),
        ('acme author:"Jean Dupont"', "acme", False),
        ('acme -author:(bob OR "Jean Dupont")', "acme", False),
        ("acme author:bob.bsky.social", "acme", False),
        ("acme author:je*", "acme", False),
        ("@acme_air OR #acme_air", "@acme_air OR #acme_air", True),
        ('acme "OR"', 'acme "OR"', True),
        ("acme (beta OR -gamma)", "acme", False),
        ("acme (has:link OR has:hashtag)", "acme (has:links OR has:hashtags)", True),
        ('"acme late"~3', "acme late", False),
        ('acme -"acme late"~3', "acme", False),
    ],
)
def test_a_rule_of_x_finds_what_the_query_finds(query: str, rule: str, *, exact: bool) -> None:
    found = x_rule(read(query).root)
    assert found
    assert (rule, exact) == (found.value, found.exact)


@pytest.mark.parametrize(
    "query",
    [
        "followers:>=10",
        "acme OR boycott*",
        "lang:fr -is:repost",
        "acme OR lang:fr",
        'author:"Jean Dupont"',
        " OR ".join(f"acme{at}" for at in range(200)),
    ],
)
def test_what_x_cannot_look_for_alone_has_no_rule(query: str) -> None:
    assert x_rule(read(query).root) is None


def test_the_longest_rule_of_x_is_kept_to() -> None:
    found = x_rule(read(" OR ".join(f"acme{at}" for at in range(80))).root)
    assert found
    assert len(found.value) <= LONGEST_X_RULE


PIECES = ["alpha", '"beta gamma"', "lang:(fr OR en)", "is:reply", "author:(bob OR ann)", "boy*", "#tag", "has:link"]
QUERIES = st.recursive(
    st.sampled_from(PIECES),
    lambda part: st.one_of(
        part.map("-({})".format),
        st.tuples(part, part).map("({0[0]} OR {0[1]})".format),
        st.tuples(part, part).map("({0[0]} {0[1]})".format),
    ),
    max_leaves=8,
)


@given(QUERIES)
def test_a_rule_never_leaves_out_a_group(query: str) -> None:
    found = x_rule(read(query).root)
    assert found is None or not re.search(r"-\(|OR -", found.value)


WORDS = ("alpha", "beta", "gamma", "boycott", "#tag", "https://a.example")
POSTS = st.builds(
    lambda words, kind, language, handle: Mention(
        id="1", source="s", platform="x", observed_at=datetime(2026, 1, 1, tzinfo=UTC), text=" ".join(words),
        kind=kind, language=language, author=Author(handle=handle),
    ),
    st.lists(st.sampled_from(WORDS), max_size=6),
    st.sampled_from(["post", "reply"]),
    st.sampled_from(["fr", "en", "de"]),
    st.sampled_from(["bob", "ann", "eve"]),
)  # fmt: skip


@given(QUERIES, POSTS)
def test_a_rule_finds_all_that_the_query_finds_and_no_more_where_it_is_exact(query: str, post: Mention) -> None:
    root = read(query).root
    rule = x_rule(root)
    if rule is None:
        return
    there = Query(read(translate(rule.value, "x").query).root, ()).match(post) is not None
    here = Query(root, ()).match(post) is not None
    assert there or not here
    assert here or not there or not rule.exact
