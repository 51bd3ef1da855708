"""Whatever strangers write, a message stays within its budgets, on its lines and in its own markup."""

import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.alert import Notice, Quote, Running, Slot
from alerts.figures import Talk
from alerts.render import render, render_notice
from alerts.safe import host_of, safe_link
from tests.alerts.samples import CLOSED, FIGURES, KEYWORD, OPEN, OPENED, WORSE
from tests.alerts.speaking import PARIS, Page

TRICKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><a href='https://evil.example'>x</a>",
    "{{ 7 * 7 }}{% raise %}{# #}",
    "<!channel> <@U1> *b* `c`",
    "a\r\nBcc: all@mail.example\r\n\r\nbody",
    "\u202egnp.exe\u2066\u200b\ufeff\x1b[31m\x1e\x1f\x00",
    "Z" + "\u0301" * 500,
    "שלום עולם مرحبا",
    "👩\u200d👩\u200d👧\u200d👦" * 60,
    "x" * 6_000,
    "...",
    "« “ »",
    "\ud800",
)
words = st.one_of(st.sampled_from(TRICKS), st.text(max_size=400), st.lists(st.sampled_from(TRICKS)).map(" ".join))
names = words.filter(bool)
ENDS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
links = st.one_of(
    st.none(),
    st.sampled_from(
        (
            "javascript:alert(1)",
            "https://a.example/\"'><b>\u202e x",
            "https://user:pw@a.example",
            "http://[::1",
            "https://é.example/é?q=é#é",
            "data:text/html,x",
            "https://a.example:99999/",
            "//a.example/x",
            "https://" + "a" * 700,
        )
    ),
    st.text(max_size=80).map("https://a.example/{}".format),
    words,
)
quotes = st.builds(
    Quote,
    role=st.sampled_from(("first", "largest", "latest")),
    platform=names,
    source=names,
    text=names,
    handle=words,
    url=links,
    language=st.one_of(st.none(), words, st.just("fr-CA")),
    created_at=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)), st.sampled_from(ENDS)),
    followers=st.sampled_from((None, 0, 1, 10**9)),
)
counts = st.integers(0, 10**9)
figures = st.builds(
    lambda of, count, usual, sources, listed: replace(
        FIGURES,
        of=of,
        count=count,
        usual=usual,
        sources=sources,
        words=dict.fromkeys(listed, count),
        talk=tuple(Talk(word=word, count=count, new=True) for word in listed[:4]),
        languages=sources,
        during=count,
        peak=count,
    ),
    st.sampled_from(("negative", "posts", "hits")),
    counts,
    st.one_of(st.none(), st.floats(0, 1e9)),
    st.dictionaries(names, counts, max_size=8),
    st.lists(words, max_size=6),
)
alerts = st.builds(
    lambda shape, brand, rule, by, because, quoted, counted, unheard, partly, told, drill: replace(
        shape,
        brand=brand,
        rule=rule,
        by=by,
        because=because,
        quotes=tuple(quoted),
        figures=counted,
        unheard=dict.fromkeys(unheard, OPENED),
        partly=tuple(partly),
        told=tuple(told),
        drill=drill,
    ),
    st.sampled_from((OPEN, WORSE, CLOSED, KEYWORD, replace(WORSE, state="acknowledged"))),
    names,
    names,
    st.one_of(st.none(), words),
    st.one_of(st.none(), words),
    st.lists(quotes, max_size=5),
    figures,
    st.lists(names, max_size=8),
    st.lists(names, max_size=8),
    st.lists(names, max_size=8),
    st.booleans(),
)
languages = st.sampled_from(("fr", "en"))
OURS = {
    *("html", "head", "meta", "title", "style", "body", "table", "tr", "td", "p", "span", "h1", "h2", "ol", "li"),
    *("div", "blockquote", "a", "strong"),
}


def hidden(text):
    """Characters a reader cannot see, other than the joiners inside an emoji."""
    return {
        unicodedata.name(character, hex(ord(character)))
        for character in text
        if character not in "\n\u200d" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")
    }


def longest_run_of_marks(text):
    return max((len(run) for run in re.findall(r"[\u0300-\u036f]+", text)), default=0)


@settings(deadline=None, max_examples=120)
@given(alert=alerts, language=languages)
@example(alert=replace(OPEN, brand=" ".join(TRICKS), by=" ".join(TRICKS)), language="fr")
def test_no_alert_leaves_its_lines_its_budgets_or_its_markup(alert, language):
    message = render(alert, language, PARIS)
    page = Page(message.html)

    assert (len(message.title) <= 60, len(message.subject) <= 60, len(message.line) <= 240) == (True, True, True)
    assert len(message.text.splitlines()) <= 60
    assert len(message.html.encode()) < 100_000
    for part in (message.title, message.subject, message.line, message.lead, message.context, *message.first):
        assert part.splitlines() == [part]
    assert hidden(message.title + message.subject + message.line + message.text + message.html) == set()
    assert longest_run_of_marks(message.text) <= 3
    assert {tag.strip("/") for tag, _ in page.tags} <= OURS
    assert {name for _, names in page.tags for name in names if name.startswith("on")} == set()
    assert {urlsplit(link).scheme for link in page.links} <= {"http", "https"}


@settings(deadline=None, max_examples=60)
@given(text=names)
def test_strangers_words_never_change_the_structure_of_a_page(text):
    plain, hostile = (
        replace(
            OPEN,
            brand=word,
            rule=word,
            told=(word,),
            unheard={word: None},
            posts=(Slot(name=word, at=OPENED, stop_with=f"{word}."),),
            running=(Running(name=word, until=OPENED),),
            figures=replace(FIGURES, sources={word: 3}),
        )
        for word in ("Acme", text)
    )

    assert Page(render(hostile, "fr", PARIS).html).tags == Page(render(plain, "fr", PARIS).html).tags


@settings(deadline=None, max_examples=60)
@given(subject=names, detail=words, brand=st.one_of(st.none(), words), link=links, language=languages)
def test_no_notice_leaves_its_lines_its_budgets_or_its_markup(subject, detail, brand, link, language):
    notice = Notice(id="n", topic="undelivered", at=OPENED, subject=subject, detail=detail, brand=brand, link=link)
    message = render_notice(notice, language, PARIS)

    assert (len(message.title) <= 60, len(message.line) <= 240) == (True, True)
    assert message.line.splitlines() == [message.line]
    assert hidden(message.title + message.line + message.text + message.html) == set()
    assert {tag.strip("/") for tag, _ in Page(message.html).tags} <= OURS


@settings(deadline=None)
@given(address=links)
def test_a_safe_link_is_plain_ascii_with_a_host_to_show(address):
    link = safe_link(address)

    assert link is None or (link.isascii() and re.fullmatch(r"https?://[^\s\"'<>]+", link) and host_of(link) != "")


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://social.example/p/1?a=b&c=%20#d", "https://social.example/p/1?a=b&c=%20#d"),
        ("https://é.example/é", "https://xn--9ca.example/%C3%A9"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://bank.example@evil.example/", None),
        ("javascript:alert(1)", None),
        ("/relative", None),
        ("https://", None),
    ],
)
def test_a_link_is_kept_as_it_is_or_dropped(address, safe):
    assert safe_link(address) == safe


def test_a_quotation_is_not_rendered_a_second_time():
    message = render(replace(OPEN, quotes=(replace(OPEN.quotes[0], text="{{ 7 * 7 }} {{ alert }}"),)), "fr", PARIS)

    assert message.quotations[0].text == "{{ 7 * 7 }} {{ alert }}"
    assert "{{ 7 * 7 }} {{ alert }}" in message.text


@pytest.mark.parametrize("end", ENDS)
def test_a_date_at_the_ends_of_the_calendar_is_left_out(end):
    message = render(replace(OPEN, quotes=(replace(OPEN.quotes[0], created_at=end),)), "en", PARIS)

    assert message.quotations[0].caption == "First · bluesky"
