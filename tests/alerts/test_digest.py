"""A digest in words: set as its language asks, calm, and unbroken by what strangers wrote."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from alerts.alert import DigestOf, Notice, Quote
from alerts.digest import (
    Ahead,
    Believed,
    Campaign,
    Counted,
    Day,
    Digest,
    Event,
    Lived,
    Practised,
    Unheard,
    Voice,
    Withheld,
    Worth,
)
from alerts.render_digest import promise, render_digest
from tests.alerts.speaking import PARIS, Page, said
from tests.alerts.test_hostile import OURS, hidden
from tests.alerts.test_typography import faults
from tests.alerts.test_wording import ALARMING, NOT_IN_THE_GLOSSARY

SINCE, UNTIL = datetime(2026, 11, 8, 23, tzinfo=UTC), datetime(2026, 11, 15, 23, tzinfo=UTC)
OPENED = datetime(2026, 11, 14, 22, 8, tzinfo=UTC)
NOTICE = Notice(id="digest-acme-2026-W46", topic="digest", at=UNTIL, subject="acme", digest=DigestOf(period="2026-W46"))
WEEK = Counted(posts=12_400, negative=3_100, positive=900, unsupported=40)
CALM = Digest(
    id=NOTICE.id,
    brand="Acme Air",
    every="week",
    since=SINCE,
    until=UNTIL,
    made_at=UNTIL + timedelta(hours=9),
    counted=replace(WEEK, negative=225, posts=900, unsupported=0),
    before=(Counted(posts=880, negative=220), Counted(posts=920, negative=230)),
    days=tuple(
        Day(day=date(2026, 11, 9 + n), counted=Counted(posts=9 * n, negative=n), usual=50.4 - n) for n in range(7)
    ),
    sources=5,
)
LIVED = Lived(
    number=37,
    rule="bad-buzz",
    severity="critical",
    of="negative",
    opened_at=OPENED,
    ended_at=OPENED + timedelta(minutes=162),
    taken_after=timedelta(minutes=21),
    replied_after=timedelta(minutes=50),
    hears_replies=True,
    ending="real",
    peak=1_239,
    window=timedelta(minutes=15),
    usual=3.0,
)


def worth(kind, text, **changes):
    known = {"role": "latest", "platform": "feed", "source": "press", "text": text, "followers": 12_000}
    return Worth(kind=kind, quote=Quote(**known | {"created_at": OPENED, "url": "https://a.example/1"} | changes))


BUSY = replace(
    CALM,
    counted=WEEK,
    voice=Voice(against=("Rival", "Autre"), part=12_400, whole=20_000, usual=0.485),
    incidents=(
        LIVED,
        replace(LIVED, number=38, ended_at=None, taken_after=None, replied_after=None, ending="false-alarm"),
        replace(LIVED, number=39, severity="info", taken_after=None, watched=True, unit="authors", ending=None),
    ),
    withheld=(
        Withheld(steps=3, incidents=(37, 39), reason="silence", by="Léa", because="le fournisseur s’en occupe"),
        Withheld(steps=1, incidents=(38,), reason="beside"),
        Withheld(steps=1, incidents=(39,), reason="watched"),
        Withheld(steps=2, incidents=(39,), reason="quiet"),
        Withheld(steps=1, incidents=(40,), reason="ceiling", by="Noé", had=1, accept=1),
    ),
    worth=(worth("asks", "Le vol de mardi est-il maintenu ?"), worth("praise", "Merci à l’équipe d’Orly")),
    read=5_000,
    campaigns=(
        Campaign(name="Hiver malin", expected=2.0, measured=1.64),
        Campaign(name="Soldes", expected=2.0),
        Campaign(name="Bleu"),
    ),
    events=(Event(tag="#AcmeAirRepond", begins=OPENED, ends=UNTIL, counted=WEEK),),
    unheard=(
        Unheard(source="tiktok", never=True),
        Unheard(source="page", blind=timedelta(minutes=103), lost=timedelta(minutes=21)),
        Unheard(source="fedi", partly=timedelta(hours=9)),
    ),
    stopped=timedelta(hours=1),
    believed=(
        Believed(word="very", real=11, false=1, unjudged=2),
        Believed(word="learning", real=0, false=0, unjudged=1),
    ),
    drill=Practised(at=OPENED, taken_after=timedelta(seconds=112), missed=1),
    ahead=tuple(
        Ahead(what=what, name=name, at=UNTIL + timedelta(hours=15))
        for what, name in (
            ("campaign", "Soldes"),
            ("live", "#AcmeAirRepond"),
            ("post", "Envie d’évasion"),
            ("watch", "Léa"),
            ("drill", ""),
            ("silence", "connu"),
            ("rings", ""),
        )
    ),
)
DAY = replace(CALM, every="day", since=UNTIL - timedelta(days=1), before=(), days=(), sources=0, counted=Counted())


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
