"""Digests and dossiers of the made-up incident, and what people are answered who act on it."""

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from alerts.acts import BECAUSE, Acted
from alerts.alert import DigestOf, Language, Notice, Quote
from alerts.answers import FalseAlarm, Suggestion, judged_false, judged_real, question, refused, silenced
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
from alerts.dossier import Bin, Curve, Dossier, Held, Moment, Removed
from alerts.example import QUARTER
from alerts.render_digest import render_digest
from alerts.render_dossier import render_dossier
from alerts.times import Times
from alerts.words import headings
from tests.alerts.samples import OPENED
from tests.alerts.speaking import PARIS, Page, said

SINCE, UNTIL = datetime(2026, 11, 8, 23, tzinfo=UTC), datetime(2026, 11, 15, 23, tzinfo=UTC)
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
        replace(
            LIVED, number=39, times=3, severity="info", taken_after=None, watched=True, unit="authors", ending=None
        ),
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
QUOTE = Quote(role="latest", platform="feed", source="press", text="Vol annulé", url="https://a.example/1")
STATES = ("open", "worse", "better", "acknowledged", "resolved", "reopened")
WHOLE = Dossier(
    incident="i1",
    brand="Acme Air",
    lived=LIVED,
    made_at=datetime(2026, 11, 26, 10, tzinfo=UTC),
    peak_at=OPENED + timedelta(minutes=41),
    replied_at=OPENED + timedelta(minutes=50),
    during=1_719,
    sources={"press": 1_200, "Bluesky": 14},
    words={"boycott": 3},
    curve=Curve(
        width=QUARTER,
        of="negative",
        usual=3.0,
        bins=tuple(Bin(at=OPENED + n * QUARTER, counted=Counted(posts=1_000 * n, negative=n)) for n in range(9)),
    ),
    moments=(
        Moment(at=OPENED, what="first"),
        *(Moment(at=OPENED, what="step", state=each, severity="info", count=2, by="Léa", held=True) for each in STATES),
        Moment(at=OPENED, what="note", by="Léa", text="client appelé"),
        Moment(at=OPENED, what="step", state="open", severity="info", count=2, spared=("Zoé", "Ann")),
        Moment(at=OPENED, what="reply"),
        *(Moment(at=OPENED, what="delivery", channel="team", outcome=each) for each in ("sent", "due", "parked")),
    ),
    more=1,
    quotes=(replace(QUOTE, followers=12_000, created_at=OPENED),),
    unquoted=2,
    listening=3,
    unheard=(Unheard(source="page", blind=timedelta(minutes=103), lost=timedelta(minutes=21)),),
    stopped=timedelta(hours=1),
    judged_by="Léa",
    judged_because="confirmé",
    hold=Held(at=OPENED, by="Léa", because="référé du 3"),
    removed=(Removed(deleted_at=OPENED, quote=QUOTE),),
)
_LONE = replace(LIVED, of="posts", peak=1)
"""As little as there can be, of each thing that is counted."""
LONE = [replace(_LONE, unit=unit) for unit in ("mentions", "authors", "stories", "sources", "reactions", "followers")]
BARE = Dossier(
    incident="i1", brand="Acme Air", lived=replace(LIVED, ending=None, ended_at=None, times=2), made_at=OPENED
)

_SUGGESTED = Suggestion(word="airsoft", read=412, since=OPENED - timedelta(days=90), removed=41)
_FALSE = FalseAlarm(number=38, because=BECAUSE["namesake"], had=1, ceiling=1, suggestion=_SUGGESTED)


def answers(language: Language) -> list[Acted]:
    """What somebody is answered who presses each button."""
    times = Times(OPENED, PARIS, language)
    suggested = (replace(_SUGGESTED, removed=1, marked=1, real=1), replace(_SUGGESTED, removed=0, marked=2))
    false = [_FALSE, replace(_FALSE, because=None, ceiling=None, suggestion=None, was_over=True)]
    false += [replace(_FALSE, suggestion=each) for each in suggested]
    return [
        *(silenced(37, OPENED + timedelta(hours=hours), times, critical=hours == 1) for hours in (1, 9)),
        judged_real(37, times),
        *(judged_false(each, times) for each in false),
        question(language),
        *(refused(why, language) for why in ("nobody has incident 1", "Zoé already has incident 1")),
    ]


def said_in_reports(language: Language) -> list[str]:
    """Our own words in digests, dossiers and answers, and those that stand around messages, without those of
    strangers.
    """
    digests = [
        render_digest(each, NOTICE, language, PARIS) for each in (CALM, BUSY, DAY, replace(CALM, incidents=tuple(LONE)))
    ]
    dossiers = [
        Page(render_dossier(each, language, PARIS)).texts
        for each in (WHOLE, BARE, replace(WHOLE, lived=_LONE, during=1))
    ]
    told = [answer.words for answer in answers(language)]
    told += [choice.label for answer in answers(language) for choice in answer.choices]
    fixed = {name: words for name, words in vars(headings(language)).items() if name != "colon" and name[0] != "_"}
    told += [words for words in (*fixed.values(), *fixed["labels"].values()) if isinstance(words, str)]
    ours = [text for texts in (*map(said, digests), *dossiers, told) for text in texts]
    return [text for text in ours if QUOTE.text not in text]
