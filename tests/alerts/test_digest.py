"""A digest in words: set as its language asks, calm, and unbroken by what strangers wrote."""

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from alerts.digest import Ahead, Believed, Unheard
from alerts.render_digest import promise, render_digest
from tests.alerts.reports import BUSY, CALM, DAY, NOTICE, SINCE, UNTIL, worth
from tests.alerts.speaking import PARIS, Page, said
from tests.alerts.test_hostile import OURS, hidden
from tests.alerts.test_typography import faults
from tests.alerts.test_wording import ALARMING, NOT_IN_THE_GLOSSARY


def words(digest, language="fr"):
    return render_digest(digest, NOTICE, language, PARIS)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("digest", [CALM, BUSY, DAY], ids=["calm", "busy", "day"])
def test_a_digest_is_set_as_its_language_asks_in_words_of_the_glossary(digest, language):
    message = words(digest, language)
    spoken = "\n".join(said(message)).replace("false alarm", "").replace("fausse alerte", "")
    assert faults(message) == []
    assert re.findall(ALARMING[language], spoken, re.IGNORECASE) == []
    assert re.findall(NOT_IN_THE_GLOSSARY[language], spoken, re.IGNORECASE) == []
    assert (len(message.title) <= 60, len(message.subject) <= 60, len(message.line) <= 240) == (True, True, True)
    assert len(message.html.encode()) < 100_000


def test_the_subject_names_the_week_and_the_first_sentence_tells_it():
    assert words(BUSY, "en").subject == "Acme Air: week 46 (9–15 November)"
    assert words(BUSY).subject == "Acme Air\u00a0: bilan de la semaine 46 (9–15 novembre)"
    assert words(replace(CALM, since=SINCE + timedelta(days=21), until=UNTIL + timedelta(days=21))).title == (
        "Acme Air · semaine 49 (30 novembre–6 décembre)"
    )
    assert words(CALM, "en").lead == (
        "A calm week: 900 mentions (usually 900), 25% of them negative (usually 25%). 5 of 5 sources heard throughout."
    )
    assert words(BUSY, "en").lead.startswith("3 incidents, 2 of them critical, and 12,400 mentions (usually 900)")


def test_calm_is_only_claimed_where_all_was_heard():
    deaf = replace(CALM, unheard=BUSY.unheard[1:2])
    assert words(CALM, "en").lead.startswith("A calm week")
    assert "calm" not in words(deaf, "en").lead
    assert "4 of 5 sources heard throughout" in words(deaf, "en").lead


@pytest.mark.parametrize(
    ("word", "real", "false", "outcome"),
    [
        ("very", 4, 0, "few"),
        ("very", 9, 1, "kept"),
        ("very", 8, 2, "less"),
        ("likely", 6, 4, "kept"),
        ("likely", 5, 5, "less"),
        ("check", 5, 5, "kept"),
        ("check", 9, 1, "more"),
        ("learning", 9, 1, "none"),
    ],
)
def test_each_word_that_was_shown_is_checked_by_what_became_of_it(word, real, false, outcome):
    assert promise(Believed(word=word, real=real, false=false, unjudged=9)) == outcome


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_strangers_wrote_breaks_nothing(language):
    trick = '<script>alert(1)</script>" onload="x {{ 7*7 }} \u202e\x1b[31m @channel\n& call'
    hostile = replace(
        BUSY,
        brand=trick,
        worth=(
            worth(
                "asks",
                f"{trick} 06 12 34 56 78",
                source=trick,
                handle=trick,
                url="javascript:alert(1)",
                language='fr" x="',
            ),
        ),
        withheld=(replace(BUSY.withheld[0], by=trick, because=trick),),
        campaigns=(replace(BUSY.campaigns[0], name=trick),),
        unheard=(Unheard(source=trick, never=True),),
        ahead=(Ahead(what="post", name=trick, at=UNTIL),),
    )
    message = words(hostile, language)
    page = Page(message.html)
    assert {tag.strip("/") for tag, _ in page.tags} <= OURS | {"th", "caption"}
    assert {name for _, names in page.tags for name in names if name.startswith("on")} == set()
    assert (hidden(message.text + message.html), page.links) == (set(), [])
    assert ("7*7" in message.text, "06 12 34" in message.text) == (True, False)
