"""Which posts of a Mastodon stream are not handed over when it is known which brands there are."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.feeds import html
from listener.mastodon.glance import Glance, text_of
from listener.mastodon.status import Home, mention_of
from listener.mastodon.streams import Told
from listener.mock.statuses import status
from listener.mock.world import World
from rules.instant import instant
from tests.listener.collectors.test_bluesky_sieve import classifier
from tests.mastodon import ANNA, BERT
from tests.rules.query.test_index import TEXTS, TIGHT

NOW = datetime(2026, 8, 2, 6, tzinfo=UTC)
HOME = Home(source="fedi", host="a.example", domain="a.example")
QUERIES = {
    "words": "acme OR bêta -rappel OR 東京 OR cheval~1 OR #boycottacme OR @acme",
    "signs": 'raw:"C++" OR raw:"<3" OR raw:"&" OR link:acme.example OR "é"',
}
ASKING = QUERIES | {"people": "author:anna@b.example OR author:bert OR site:c.example"}
WORDS = st.sampled_from(["acme", "ac", "me", "@", "#", "Bêta", "C++", "é", "boycottacme", " ", "\n", "chevel"])
TAGS = st.sampled_from(
    [
        *("<p>", "</p>", "<br>", "<br />", "</a>", "</span>", "<span>", '<span class="invisible">'),
        *(
            '<a href="https://acme.example/?a=1&amp;b" rel="nofollow" class="mention hashtag">',
            '<p class="quote-inline">',
        ),
        *('<a href="x=">', '<a href="it\'s=">', '<a href="">', '<span style="display:none">', "<span hidden>", "<b>"),
        *("<script>", "</script>", "<!--", "-->", "<", ">", "<![CDATA[", "]]>", "<pre>", "<td>", "<div>", "</div>"),
        *("<P>", "<A HREF=x>", "<a", "<title>", "<p", '<a href="x" title="y">', '<a class="b'),
    ]
)
SIGNS = st.sampled_from(
    ["&amp;", "&lt;", "&#39;", "&quot;", "&eacute;", "&amp;eacute;", "&", "&lt;p&gt;", "&nbsp;", "&ampacme"]
)
ODD = st.sampled_from(
    ["\0", "\x0b", "\x85", "\xa0", "\xad", "\u200b", "\u2028", "\ufffe", "\ud83d", "ａｃｍｅ", "аcme", "\u0301"]
)
CONTENTS = st.lists(st.one_of(WORDS, WORDS, TAGS, TAGS, SIGNS, ODD, TEXTS, TIGHT, st.text(max_size=3)), max_size=8).map(
    "".join
)
STATUSES = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "2", 3, None, "x y"]), "content": CONTENTS},
    optional={
        "spoiler_text": st.one_of(TEXTS, st.sampled_from([None, 5, "<b>ac</b>me"])),
        "reblog": st.sampled_from([None, {"id": "9", "content": "acme"}, 5]),
        "account": st.sampled_from(
            [None, {"acct": "anna@b.example"}, {"acct": "x", "display_name": "Bert"}, {"id": "7"}, 5]
        ),
        "url": st.sampled_from([None, "https://c.example/@x/1", 5]),
        "uri": st.sampled_from(["https://c.example/users/x/statuses/1"]),
    },
)


def strangers(statuses, queries, *, known=(), name="update"):
    brands = classifier(queries)
    told = [Told("public", name, each if isinstance(each, str) else json.dumps(each)) for each in statuses]
    return Glance(HOME, lambda: brands.index).strangers(told, known)


@given(CONTENTS)
@example('<a href="x=">ac</a>me')
@example("<p>ac<span>me</span> &amp; x</p>")
def test_what_is_plain_is_read_as_with_care(content):
    text = text_of(content)
    assert text is None or text.split() == html.text_of(content).split()


@given(st.lists(STATUSES, max_size=4), st.booleans(), st.booleans())
def test_nobody_who_concerns_a_brand_is_a_stranger(statuses, asking, ascii_only):
    queries = ASKING if asking else QUERIES
    written = [json.dumps(each, ensure_ascii=ascii_only) for each in statuses]
    for number, name in strangers(written, queries).items():
        mention = mention_of(statuses[number], HOME, NOW)
        assert (name, classifier(queries).classify(mention)) == (mention.id, [])


@pytest.mark.parametrize(
    "text", ["nothing at all & <more>", "see https://www.example.org/a-long-way-to-go @anna@b.example #tag"]
)
def test_what_a_server_writes_of_what_concerns_nobody_is_told_at_a_glance(text):
    world = World(lambda: instant(NOW))
    said = [world.say(each, by) for each, by in ((text, ANNA), ("acme is late", BERT), (text, BERT))]
    statuses = [status(each, lambda key: key and world.post(key), "https://a.example") for each in said]
    assert strangers(statuses, {"words": QUERIES["words"]}) == {0: statuses[0]["id"], 2: statuses[2]["id"]}


def test_edits_deletions_and_what_was_handed_over_before_are_no_strangers():
    said = [{"id": "1", "content": "<p>nothing</p>"}]
    assert strangers(said, QUERIES) == {0: "1"}
    assert strangers(said, QUERIES, known={"1"}) == strangers(said, QUERIES, name="status.update") == {}
    assert strangers(["1"], QUERIES, name="delete") == {}


@pytest.mark.parametrize("query", ["lang:fr", "thread:1", "source:fedi", "acme OR is:repost"])
def test_where_words_do_not_decide_everybody_is_heard(query):
    assert strangers([{"id": "1", "content": "<p>nothing</p>"}], {"all": query}) == {}


def test_where_no_brands_are_known_everybody_is_heard():
    assert Glance(HOME, lambda: None).strangers([Told("public", "update", '{"id": "1", "content": ""}')], ()) == {}
