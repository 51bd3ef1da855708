"""Feeds that are broken by accident or on purpose."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import FetchError
from listener.feeds.bounds import bounded
from listener.feeds.entry import MOST_ENTRIES, Entry, Feed
from listener.feeds.html import LONGEST_TEXT
from listener.feeds.parse import parse
from rules.mention import Author
from tests.collecting import item, rss


def read(document: str | bytes, content_type: str = "") -> Feed:
    body = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    return parse(body, content_type=content_type, base="https://base.example/feeds/news.xml")


def only(document: str | bytes) -> Entry:
    (entry,) = read(document).entries
    return entry


# --- almost feeds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "\n\n  " + text,
        lambda text: "\ufeff\n" + text,
        lambda text: "<br />\n<b>Warning</b>: foo in <b>/x.php</b>\n" + text,
        lambda text: text + "<!-- cached --><script>x</script>",
        lambda text: text.replace("</channel></rss>", ""),
        lambda text: text.replace("<channel>", "<channel><p>never closed"),
        lambda text: text.replace('version="2.0"', 'version="2.0" version="2.0"'),
        lambda text: text.replace("<rss", "<!DOCTYPE rss [<!ENTITY x 'y'>]><rss"),
        lambda text: text.replace("xmlns:dc=", "xmlns:unused="),
        lambda text: text.replace("<channel>", "<channel>\x00\x1f R&D &nbsp; &undefined; 1 < 2"),
    ],
    ids=[
        "blank lines",
        "mark and line",
        "warning",
        "tail",
        "cut",
        "unclosed",
        "attribute",
        "doctype",
        "prefix",
        "signs",
    ],
)
def test_a_feed_that_is_not_well_formed_reads_like_one_that_is(spoil):
    good = rss(
        "<item><guid>http://e.org/1</guid><title>Été &amp; hiver</title><link>http://e.org/1?a=1&amp;b=2</link>"
        "<description><![CDATA[<p>a &amp; b</p><p>c < d</p>]]></description><dc:creator>Zoé</dc:creator>"
        "<pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate></item>"
    )
    assert read(spoil(good)).entries == read(good).entries
    assert only(good) == Entry(
        id="http://e.org/1",
        url="http://e.org/1?a=1&b=2",
        title="Été & hiver",
        text="a & b\nc < d",
        created_at=datetime(2006, 1, 2, 15, 4, 5, tzinfo=UTC),
        author=Author(name="Zoé"),
    )


@pytest.mark.parametrize(
    "document",
    ["", "   ", "hello", "<html><body><rss></rss></body></html>", "<!DOCTYPE html>\n<html><p>Please accept cookies",
     "{", "[]", '{"items": 5}', "[" * 100_000, '{"items":' + "[" * 100_000, "\0" * 1000, "<?xml version='1.0'?><svg/>"],
)  # fmt: skip
def test_what_is_no_feed_is_a_typed_error(document):
    with pytest.raises(FetchError) as caught:
        read(document)
    assert caught.value.code == "not_a_feed"


@pytest.mark.parametrize(
    "end",
    [
        "",
        "<",
        "</descr",
        "</description",
        "&",
        "&am",
        "&#12",
        "<a href='x",
        "<br>",
        "<b>",
        "<![CDATA[",
        "<!-- x",
        "<?x",
    ],
)
def test_what_stands_before_the_end_of_a_feed_that_breaks_off_is_read(end):
    whole = rss(item(1, "One", "first"), item(2, "Two", "the second of"))
    start = whole.removesuffix("</description></item></channel></rss>")
    first, second = read(f"{start}{end}").entries
    assert (first.title, first.text) == ("One", "first")
    assert (second.id, second.title, second.text) == ("2", "Two", "the second of")


def test_a_feed_that_breaks_off_in_cdata_or_in_xhtml_is_read():
    cdata = rss("<item><guid>1</guid><title>T</title><description><![CDATA[<p>One</p><p>Two <b>bo").partition(
        "</channel>"
    )[0]
    xhtml = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content type="xhtml"><div><p>One</p><p>Two <b>bo'
    )
    assert [only(cdata).text, only(xhtml).text] == ["One\nTwo bo"] * 2


@pytest.mark.parametrize(
    "end", ["<item>", "<item><title>Two</title><link>http://e.org/2</link>", "<item><guid>http://e"]
)
def test_an_entry_that_breaks_off_before_its_identity_is_not_read(end):
    start = rss(item(1, "One", "first")).removesuffix("</channel></rss>")
    feed = read(start + end)
    assert ([entry.id for entry in feed.entries], feed.whole) == (["1"], False)


def test_an_entry_that_breaks_off_is_not_read_beside_itself_as_a_whole():
    twice = "<entry><id>1</id><link href='http://e.org/1'/><title>One</title></entry>" * 2
    start = '<feed xmlns="http://www.w3.org/2005/Atom">' + twice
    assert only(start.removesuffix("<link href='http://e.org/1'/><title>One</title></entry>")).title == "One"


def test_an_element_that_is_never_closed_ends_where_the_next_begins():
    entry = only(
        "<rss><channel><title>C<item><title>T\n<link>http://e.org/1<guid>g</guid><description><![CDATA[D]]>"
        "<pubDate>Mon, 02 Jan 2006 15:04:05 GMT</item></channel></rss>"
    )
    assert (entry.id, entry.url, entry.title, entry.text) == ("g", "http://e.org/1", "T", "D")
    assert entry.created_at == datetime(2006, 1, 2, 15, 4, 5, tzinfo=UTC)


def test_a_document_may_name_short_texts_of_its_own():
    declared = "<!ENTITY co 'Acme &#38; fils'> <!ENTITY ac \"d&eacute;j&#224;\"> <!ENTITY tag '<b>'> <!ENTITY amp 'x'>"
    document = rss("<item><title>&co; &ac; &amp; &tag; <![CDATA[&co;]]></title></item>")
    assert only(document.replace("<rss", f"<!DOCTYPE rss [{declared}]><rss")).title == "Acme & fils déjà & &tag; &co;"


def test_a_named_text_that_would_make_the_document_much_longer_stays_a_name():
    document = rss(f"<item><title>&a;</title><description>{'&a;' * 20_000}</description></item>")
    assert only(document.replace("<rss", f"<!DOCTYPE rss [<!ENTITY a '{'x' * 100}'>]><rss")).title == "&a;"


# --- hostile feeds ----------------------------------------------------------------------------------------------------


def test_entities_are_neither_expanded_nor_fetched():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    entry = only(
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">{laughs}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<rss version="2.0"><channel><item><guid>1</guid><title>&l9; &x;</title></item></channel></rss>'
    )
    assert entry.title == "&l9; &x;"


@pytest.mark.parametrize(
    "document",
    [
        "<rss><channel><item>" + "<a>" * 20_000 + "x" + "</a>" * 20_000 + "</item></channel></rss>",
        "<rss><channel><item>" + "<a>" * 20_000,
        "<rss><channel><item><title>" + "<" * 100_000,
        "<rss><channel><item><title>" + "<![CDATA[" * 50_000,
        "<rss><channel><item><title>" + "<!--" * 50_000,
        "<rss><channel><item><title>" + "&" * 100_000,
        "<rss><channel><item " + "a='1' " * 20_000 + ">",
        "<rss><channel><item " + " ".join(f"a{n}='>'" for n in range(50_000)) + "/></channel></rss>",
        "<rss>" + "<?a " * 50_000,
        "<rss><channel><item>" + "".join(f"<category>c{n}</category>" for n in range(50_000)),
        "<feed><entry><content type='xhtml'>" + "<div>" * 20_000,
        "<rss><channel>" + "<item>" * 50_000,
        "<rss><channel>" + "<item><a>" * 50_000,
    ],
    ids=[
        "deep",
        "open",
        "less",
        "cdata",
        "comments",
        "signs",
        "attributes",
        "crowd",
        "instructions",
        "categories",
        "xhtml",
        "items",
        "unclosed",
    ],
)
def test_hostile_documents_are_read_in_bounds(document):
    try:
        entries = read(document).entries
    except FetchError:
        return
    for entry in entries:
        assert len(entry.text) <= LONGEST_TEXT


def test_a_long_feed_is_read_and_an_endless_one_is_cut_with_a_count():
    feed = read(rss(*(item(number, f"T {number}") for number in range(MOST_ENTRIES + 3))))
    assert len(feed.entries) == MOST_ENTRIES
    assert feed.skipped == {"beyond the limit": 3}


def test_of_a_feed_that_makes_too_much_work_only_the_first_entries_are_kept():
    document, left_out = bounded(rss(*(item(number, more="<a/>" * 96) for number in range(10)), head="<a/>" * 5), 5_000)
    kept = read(document).entries
    assert [entry.id for entry in kept] == ["0", "1", "2", "3"]
    assert left_out == 6


def test_markup_in_cdata_is_no_work():
    long = rss(item(1, more=f"<description><![CDATA[{'<b></b>' * 1_000}]]></description>"))
    assert bounded(long, 200) == (long, 0)


def test_one_entry_that_takes_too_long_is_a_typed_error():
    with pytest.raises(FetchError) as caught:
        read(rss(item(1, more="<a/>" * 200_000)))
    assert caught.value.code == "too_large"


def test_a_huge_text_is_cut():
    entry = only(rss(item(1, "t", "word " * 400_000)))
    assert len(entry.text) <= LONGEST_TEXT


MARKUP = (
    "<rss version='2.0'>|<channel>|</channel>|<item>|</item>|<title>|</title>|<guid>|</guid>|<link>|</link>|"
    "<description>|</description>|<pubDate>|</pubDate>|<![CDATA[|]]>|<!--|-->|&amp;|&#x41;|&#xD800;|&lt;b&gt;|&x;|<|>|"
    "&|\"|'|\0|\ud800|é|text|2020-01-01|http://e.org/1|<feed xmlns='http://www.w3.org/2005/Atom'>|<entry>|</entry>|"
    "<content type='xhtml'>|</content>|<author>|<name>|<link href='x'/>|<media:content url='x'>|<media:rating>|"
    "<!DOCTYPE rss [|]>|<!ENTITY a 'b'>|<?xml version='1.0' encoding='utf-16'?>|<source url='x'>|<textInput>|<image>|"
    "<category>|<enclosure url='x'/>|</rss>|<itunes:explicit>|<psc:chapter>|<georss:point>|<media:player/>|<svg>"
)
PIECES = st.sampled_from(MARKUP.split("|"))


@given(st.lists(PIECES, max_size=40), st.sampled_from(["", "<rss>", "<rss><channel><item>", "<feed><entry>"]))
def test_no_document_makes_it_fail_otherwise_than_by_fetch_error(pieces, start):
    try:
        feed = read(start + "".join(pieces))
    except FetchError:
        return
    assert all(isinstance(entry, Entry) for entry in feed.entries)


@given(st.binary(max_size=300), st.text(max_size=30))
def test_no_bytes_make_it_fail_otherwise_than_by_fetch_error(body, content_type):
    try:
        read(body, content_type)
    except FetchError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "url", "title", "authors", "name", "content_html", "language"]), inner)
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4))
def test_json_items_of_any_shape_are_read_or_counted(items):
    feed = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert len(feed.entries) + sum(feed.skipped.values()) == len(items)
