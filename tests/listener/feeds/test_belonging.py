"""What stands in an entry and is not the entry's own."""

from datetime import UTC, datetime

import pytest

from listener.feeds.entry import Entry
from listener.feeds.parse import parse
from rules.mention import Author
from tests.collecting import atom, item, rss


def only(document: str) -> Entry:
    (entry,) = parse(document.encode(), base="https://base.example/feeds/news.xml").entries
    return entry


STORY = (
    "<title>Another</title><link>http://e.org/other</link><guid>other</guid><author>Other</author>"
    "<description>A text that is a good deal longer than that of the item</description>"
    "<pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate>"
)
MINE = "<title>Mine</title><link>http://e.org/1</link><description>My text</description>"
FOREIGN = [
    f"<x:related>{STORY}</x:related>",
    f"<related><story>{STORY}</story><story>{STORY}</story></related>",
    f"<related><related>{STORY}</related>{STORY}</related>",
    f"<x:related><item>{STORY}</item></x:related>",
    f'<enclosure url="http://e.org/a>b.jpg">{STORY}</enclosure>',
    f"<image><url>http://e.org/i.png</url>{STORY}</image>",
    f"<x:a><![CDATA[</x:a>]]>{STORY}</x:a>",
]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_stands_in_another_element_of_an_item_is_not_the_items(foreign):
    expected = Entry(id=None, url="http://e.org/1", title="Mine", text="My text", created_at=None)
    assert only(rss(f"<item>{foreign}{MINE}</item>")) == expected
    assert only(rss(f"<item>{MINE}{foreign}</item>")) == expected
    assert only(rss(f"<item>{MINE}{foreign}<b>not well-formed</item>")) == expected


def test_items_after_one_with_an_element_that_is_never_closed_are_read():
    feed = parse(rss(item(1, "One", "first", "<open>"), item(2, "Two", "second")).encode())
    assert [(entry.title, entry.text) for entry in feed.entries] == [("One", "first"), ("Two", "second")]


def test_the_thing_that_an_activity_is_about_is_not_the_entry():
    thing = (
        '<activity:object xmlns:activity="http://activitystrea.ms/spec/1.0/"><id>2</id><title>Thing</title>'
        '<link rel="alternate" href="http://o.org/"/><content>A longer content than the own</content>'
        "<published>2001-01-01T00:00:00Z</published><author><name>Other</name></author></activity:object>"
    )
    mine = (
        '<id>1</id><title>T</title><link href="http://e.org/1"/><content>C</content>'
        "<published>2020-01-01T00:00:00Z</published><author><name>Me</name></author>"
    )
    expected = Entry(
        id="1",
        url="http://e.org/1",
        title="T",
        text="C",
        created_at=datetime(2020, 1, 1, tzinfo=UTC),
        author=Author(name="Me"),
    )
    assert only(atom(f"<entry>{thing}{mine}</entry>")) == expected
    assert only(atom(f"<entry>{mine}{thing}</entry>")) == expected


def test_markup_in_a_text_belongs_to_it():
    page = '<div xmlns="http://www.w3.org/1999/xhtml"><title>x</title><link/><p>a</p><p>b</p></div>'
    entry = only(atom(f'<entry><id>1</id><title>T</title><content type="xhtml">{page}</content></entry>'))
    assert (entry.title, entry.text) == ("T", "a\nb")


def test_of_several_links_the_first_that_says_something_counts():
    entry = only(rss("<item><link> </link><link>http://e.org/1</link><link>http://e.org/2</link></item>"))
    assert entry.url == "http://e.org/1"


@pytest.mark.parametrize("site", ["http://rssnamespace.org/feedburner/ext/1.0", "urn:any"])
def test_an_address_that_a_counter_replaced_is_taken_from_where_it_was_kept(site):
    real = f'<feedburner:origLink xmlns:feedburner="{site}">http://e.org/real</feedburner:origLink>'
    assert only(rss(f"<item><link>http://feedproxy.example/~3/x</link>{real}</item>")).url == "http://e.org/real"
    assert only(atom(f'<entry><link href="http://feedproxy.example/~3/x"/>{real}</entry>')).url == "http://e.org/real"


def test_an_entry_copied_from_another_feed_is_by_the_author_of_that_feed():
    head = "<author><name>Planet</name></author>"
    source = "<source><id>s</id><title>S</title><updated>2001-01-01T00:00:00Z</updated>{}</source>"
    by_source = f"<entry><id>1</id>{source.format('<author><name>Blog</name></author>')}</entry>"
    by_feed = f"<entry><id>1</id>{source.format('')}</entry>"
    assert only(atom(by_source, head=head)).author.name == "Blog"
    assert only(atom(by_feed, head=head)).author.name == "Planet"


@pytest.mark.parametrize(
    ("entry", "language"),
    [
        ('<entry xml:lang="fr-CA"><id>1</id></entry>', "fr"),
        ('<entry xml:lang="fr"><title xml:lang="">t</title></entry>', "fr"),
        ('<entry><title>t</title><content xml:lang="en">c</content></entry>', "en"),
        ('<entry xml:lang="fr"><title xml:lang="es">t</title><summary xml:lang="en">s</summary></entry>', "en"),
        ('<entry xml:lang="fr"><summary xml:lang="en">s</summary><content>c</content></entry>', "fr"),
        ("<entry><title>t</title></entry>", "de"),
    ],
)
def test_the_language_is_that_of_the_text_and_inherited_by_it(entry, language):
    assert only(f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">{entry}</feed>').language == language


def test_a_title_of_dublin_core_or_of_a_podcast_counts_only_alone():
    assert only(rss("<item><dc:title>Card</dc:title><title>T</title></item>")).title == "T"
    assert only(rss("<item><dc:title>Card</dc:title></item>")).title == "Card"
    assert only(rss("<item><itunes:title>Episode</itunes:title></item>")).title == "Episode"
