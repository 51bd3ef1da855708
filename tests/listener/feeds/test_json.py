"""JSON Feed as people and programs write it."""

import json

import pytest

from listener.errors import FetchError
from listener.feeds.entry import Entry
from listener.feeds.parse import parse
from rules.mention import Author

HEAD = '{"version": "https://jsonfeed.org/version/1.1", "authors": [{"name": "Feed"}], "items": '


def entries(document: str) -> list[Entry]:
    return list(parse(document.encode(), base="https://base.example/feeds/feed.json").entries)


def only(**item: object) -> Entry:
    (entry,) = entries(f"{HEAD}[{json.dumps(item)}]}}")
    return entry


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"content_html": "<p>a</p>", "content_text": "b"}, "a"),
        ({"content_html": "<img src='x'>", "content_text": "b"}, "b"),
        ({"content_html": "<img src='x'>", "summary": "s"}, "s"),
        ({"content_text": "a <b> & c"}, "a <b> & c"),
        ({"content_text": "<p>a</p><p>b</p>"}, "a\nb"),
        ({"content_text": "It&#8217;s"}, "It’s"),
        ({"content_text": " ", "summary": "<p>s</p>"}, "s"),
    ],
)
def test_the_text_is_the_first_that_has_words(item, text):
    assert only(id="1", **item).text == text


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<b>x</b> &amp; y", "x & y"),
        ("a < b", "a < b"),
        ("The <b> tag", "The <b> tag"),
        ("CafÃ© dâ€™Ã©tÃ©", "Café d’été"),
    ],
)
def test_a_title_is_plain_unless_it_is_markup_as_a_whole(written, title):
    assert only(id="1", title=written).title == title


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ({"author": "A"}, Author(name="A")),
        ({"authors": ["A", "B"]}, Author(name="A, B")),
        ({"authors": {"name": "A"}}, Author(name="A")),
        ({"authors": [], "author": {"name": "A"}}, Author(name="A")),
        ({"authors": [{"url": "https://a.example"}]}, Author(id="https://a.example")),
        ({"authors": [{"avatar": "https://a.example/i.png"}]}, Author(name="Feed")),
        ({}, Author(name="Feed")),
    ],
)
def test_authors_are_read_in_whatever_shape_they_come(item, author):
    assert only(id="1", **item).author == author


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ({"id": "https://e.org/1"}, "https://e.org/1"),
        ({"id": "x", "url": "mailto:a@e.org", "external_url": "https://e.org/1"}, "https://e.org/1"),
        ({"id": "https://e.org/2", "url": "/1"}, "https://base.example/1"),
        ({"id": "x"}, None),
    ],
)
def test_the_link_is_the_first_address_that_leads_to_the_web(item, url):
    assert only(**item).url == url


@pytest.mark.parametrize(
    "document",
    [
        HEAD + '[{"id": "1", "title": "a\nb"}]}',
        HEAD + '[{"id": "1", "title": "a b",},],}',
        HEAD + '[{"id": "1", "title": "a b"}, {"id": "2", "ti',
        HEAD + '[{"id": "1", "title": "a b"}, ',
        HEAD + '[{"id": "1", "title": "a b"}]',
        HEAD + '[{"id": "1", "title": "a b"}]}\n<!-- cached -->',
        ")]}',\n" + HEAD + '[{"id": "1", "title": "a b"}]}',
    ],
    ids=["line in a string", "commas", "broken off in an item", "broken off after", "unclosed", "tail", "guard"],
)
def test_json_that_is_not_quite_json_is_read_as_far_as_it_goes(document):
    (entry,) = entries(document)
    assert (entry.id, entry.title, entry.author.name) == ("1", "a b", "Feed")


def test_a_comma_in_a_text_is_no_mistake():
    (entry,) = entries(HEAD + '[{"id": "1", "title": "a,]b,}",}]}')
    assert entry.title == "a,]b,}"


@pytest.mark.parametrize(
    "document", ["{", '{"a": 1,}', '{"items": 5,}', '{"items":' + "[" * 100_000, "[1,]", '{"items": [']
)
def test_json_without_items_is_no_feed(document):
    with pytest.raises(FetchError) as caught:
        entries(document)
    assert caught.value.code == "not_a_feed"
