"""A dossier as a page: set as its language asks, without a claim of effects, and unbroken by what strangers wrote."""

import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from alerts.digest import Unheard
from alerts.dossier import Held, Moment, Removed
from alerts.render_dossier import render_dossier
from tests.alerts.reports import BARE, LIVED, QUOTE, WHOLE
from tests.alerts.samples import OPENED
from tests.alerts.speaking import PARIS, Page
from tests.alerts.test_hostile import hidden
from tests.alerts.test_typography import FAULTS
from tests.alerts.test_wording import ALARMING, NOT_IN_THE_GLOSSARY


class Tags(HTMLParser):
    """A page's tags, each with its attributes' names."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("dossier", [WHOLE, BARE], ids=["whole", "bare"])
def test_a_dossier_is_set_as_its_language_asks_in_words_of_the_glossary(dossier, language):
    texts = [text for text in Page(render_dossier(dossier, language, PARIS)).texts if "Vol annulé" not in text]
    found = [(name, text) for text in texts for name, fault in FAULTS[language].items() if re.search(fault, text)]
    spoken = "\n".join(texts)
    assert [] == found
    assert [] == re.findall(ALARMING[language], spoken, re.IGNORECASE)
    assert [] == re.findall(NOT_IN_THE_GLOSSARY[language], spoken.replace("First post", ""), re.IGNORECASE)


def test_a_reply_is_told_beside_the_curve_without_a_claim_of_its_effect():
    page = " ".join(Page(render_dossier(WHOLE, "en", PARIS)).texts)
    assert "50 min after the opening. The fall had begun before it. These figures do not say what it changed." in page


def test_it_says_from_whom_a_step_was_held_back():
    page = " ".join(Page(render_dossier(WHOLE, "fr", PARIS)).texts)
    assert "Retenu pour Zoé, Ann, plafond de fausses alertes." in page


def test_a_hold_is_shown_and_what_it_kept_stands_apart():
    held, free = (render_dossier(each, "en", PARIS) for each in (WHOLE, replace(WHOLE, hold=None, removed=())))
    assert ("Legal hold since" in held, "Legal hold" in free) == (True, False)
    assert ("Not to be published" in held, "Not to be published" in free) == (True, False)


def test_the_file_asks_for_nothing_else_and_its_chart_is_told_in_words_and_figures():
    page = render_dossier(WHOLE, "en", PARIS)
    parts = Page(page)
    assert {"https://a.example/1"} == set(parts.links)
    assert re.findall(r"url\(|@import|<script|<link", page) == []
    assert 'role="img" aria-label="Negative mentions in steps of 15 min. The most: 8. Dashed line' in page
    assert 9 == page.count('<th scope="row">')


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_strangers_wrote_never_changes_the_page(language):
    trick = '"><script>alert(1)</script> {{ 7*7 }} \u202e\x1b[31m\n</blockquote> 06 12 34 56 78'

    def told(text):
        quote = replace(QUOTE, text=text, source=text, handle=text)
        return replace(
            WHOLE,
            brand=text,
            lived=replace(LIVED, rule=text),
            sources={text: 3},
            words={text: 1},
            moments=tuple(replace(each, by=text, text=text, channel=text) for each in WHOLE.moments),
            quotes=(quote,),
            removed=(Removed(deleted_at=OPENED, quote=quote),),
            hold=Held(at=OPENED, by=text, because=text),
            judged_by=text,
            judged_because=text,
            unheard=(Unheard(source=text, never=True),),
        )

    plain, hostile = (render_dossier(told(text), language, PARIS) for text in ("x", trick))
    assert Tags(plain).tags == Tags(hostile).tags
    assert (set(), True) == (hidden(hostile), "7*7" in hostile)


def test_a_note_is_shown_as_long_as_a_person_writes_it():
    note = "La direction est prévenue. " * 20
    dossier = replace(BARE, moments=(Moment(at=OPENED, what="note", by="Léa", text=note),))
    assert note.strip() in "\n".join(Page(render_dossier(dossier, "fr", PARIS)).texts)
