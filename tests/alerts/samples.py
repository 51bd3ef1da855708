"""One fictional incident in all its states, and the notices around it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from alerts.alert import (
    Alert,
    Back,
    Brief,
    Curve,
    Held,
    Late,
    LiveReport,
    Notice,
    Pending,
    Quote,
    Reached,
    Running,
    Slot,
    Spared,
    Withheld,
)
from alerts.drill import FIGURES as MADE_UP
from alerts.example import QUARTER, example
from alerts.figures import Eased, Figures, Share, Talk
from alerts.handover import WatchOf
from alerts.playbook import advice, shipped_advice
from config.people import Person
from config.playbooks import Playbook
from rules.confidence import Confidence

OPENED = datetime(2026, 11, 14, 22, 8, tzinfo=UTC)
EVERYTHING = example(OPENED)

_KNOWN = EVERYTHING.figures
FIGURES = replace(_KNOWN, trend=None, stories=0, most=0, followers=0, talk=(), read=0, least=None, least_authors=None)
QUOTES = (
    replace(EVERYTHING.quotes[0], text="Vol 4218 annulé, 180 passagers au sol, personne au comptoir!"),
    replace(EVERYTHING.quotes[1], text="Two hours at the desk... nobody tells us anything", language="en"),
    Quote(role="latest", platform="feed", source="press", text="Une troisième annulation", language=None),
)
_NAMES = {"brand": "Acme Air", "brand_name": None, "source_names": {}, "channel_names": {}, "told": ("team", "phone")}
_BARE = {"pending": None, "posts": (), "running": (), "answers": False, "link": None, "curve": None, "confidence": None}
OPEN = replace(
    EVERYTHING,
    id="a1",
    incident="i1",
    figures=FIGURES,
    quotes=QUOTES,
    advice=shipped_advice("spike"),
    **_NAMES,
    **_BARE,
)
_ROSE = {"id": "a2", "step": 1, "state": "worse", "severity": "critical", "at": OPENED + timedelta(minutes=18)}
WORSE = replace(
    OPEN,
    **_ROSE,
    figures=replace(FIGURES, count=71, during=310, peak=71, peak_at=OPENED + timedelta(minutes=18)),
    link="https://bb.example/i/37",
)
TAKEN = replace(WORSE, id="a3", step=2, state="acknowledged", at=OPENED + timedelta(minutes=21), by="Camille")
CALM = replace(
    WORSE,
    id="a4",
    step=3,
    state="resolved",
    at=OPENED + timedelta(hours=2, minutes=42),
    calm_for=timedelta(minutes=30),
    figures=replace(FIGURES, count=4, during=719, peak=239, peak_at=OPENED + timedelta(minutes=41)),
)
BACK = Back(
    at=OPENED + timedelta(minutes=80),
    ended_at=OPENED + timedelta(minutes=40),
    times=1,
    calm_for=timedelta(hours=1),
)
EASING = replace(
    WORSE,
    id="a3",
    step=2,
    state="better",
    at=OPENED + timedelta(minutes=90),
    figures=replace(
        WORSE.figures, count=31, peak=239, eased=Eased(high=239, high_at=OPENED + timedelta(minutes=41)), during=560
    ),
)
REOPENED = replace(WORSE, id="a5", step=4, state="reopened", at=BACK.at, back=BACK, heard="warning")
CLOSED = replace(CALM, id="a5", calm_for=None, by="Camille", because="homonyme")
RISE = replace(WORSE, heard="warning", unheard={}, told=("phone",), untold=("team",))
HIGHER = replace(RISE, heard="critical", severity="critical")
HELD = {"taken_at": OPENED + timedelta(minutes=15), "taken_by": "Zoé"}
LATE = replace(OPEN, unheard={}, late=Late(state="resolved", at=OPENED + timedelta(minutes=18)))
NAMED = replace(
    OPEN,
    brand="acme",
    brand_name="Acme Air",
    source_names={"bluesky": "Bluesky", "fedi": "Mastodon", "press": "presse et blogs", "facebook": "page Facebook"},
    channel_names={"team": "salon de veille"},
    partly=("press",),
)
GROWING = replace(OPEN, figures=replace(FIGURES, second_half=16, least=8, least_authors=5))
_DOUBLING = replace(_KNOWN.trend, every=timedelta(minutes=9.7), low=None, high=None)
_SPOKEN = replace(_KNOWN, second_half=16, talk=(), read=0)
FAST = replace(OPEN, figures=_SPOKEN)
_HALVING = replace(_DOUBLING, every=timedelta(minutes=40), slowest=timedelta(minutes=71), falls=True, low=9, high=18)
REPLY = OPENED + timedelta(minutes=50)
COPIED = replace(OPEN, figures=replace(FIGURES, stories=4))
_NEW = replace(
    FIGURES, of="term", count=9, usual=None, usual_high=None, words={"#boycottacme": 9}, least=8, least_authors=6
)
LEARNING = replace(OPEN, figures=replace(FIGURES, learning=True, usual=None, usual_high=None, unsupported=4))
KEYWORD = replace(
    OPEN,
    rule="recall",
    quotes=(),
    unheard={},
    first_at=None,
    figures=Figures(
        of="hits",
        count=1,
        window=timedelta(hours=1),
        posts=1,
        authors=1,
        sources={"press": 1},
        words={"boycott": 1, "rappel produit": 1},
        least=1,
        least_authors=2,
    ),
)
CANCELLED = Playbook.model_validate(
    {
        "when": {"brand": "acme", "words": ["annul*", "cancelled"]},
        "first": [
            {
                "fr": "Suspendre les publications jusqu'à demain midi",
                "en": "Hold all posts until noon",
                "who": "on-call",
            },
            {"fr": "Appeler l'exploitation : est-ce confirmé ?", "en": "Call operations: is it so?", "contact": "Zoé"},
            {"fr": "Préparer une réponse.", "who": "on-call", "contact": "Zoé"},
        ],
        "answers": [
            {"id": 2, "fr": "Nous savons que…", "en": "We know…", "approved": "2026-11-03", "by": "client"},
            {"id": 3, "fr": "Brouillon", "en": "Draft"},
            {"id": 4, "fr": "Jadis", "en": "Once", "approved": "2026-01-03", "by": "client", "expires": "2026-11-14"},
            {"id": 5, "fr": "Plus tard", "en": "Later", "approved": "2026-11-15", "by": "client"},
        ],
        "call_client": {
            "not_before": "07:00",
            "unless": {"fr": "plus de 500 mentions", "en": "more than 500 mentions"},
        },
    }
)
NIGHT = OPENED.astimezone(ZoneInfo("Europe/Paris"))
_ZOE = Person.model_validate({"phone": "tel:+33 1.99.00 12-34"})
_CALLING = advice("cancelled", CANCELLED, "critical", NIGHT, {"Zoé": _ZOE})
_SHARE = replace(FIGURES, usual=None, usual_high=None, share=Share(part=22, whole=31, usual=0.18))
_DRIFT = Share(part=120, whole=400, usual=0.18, since=OPENED - timedelta(days=5))
_STILL = replace(
    FIGURES, of="posts", count=0, usual=24.3, usual_high=None, posts=0, negative=0, authors=0, sources={}, fewer=True
)
_REACH = replace(FIGURES, count=84_000, usual=None, usual_high=12_000.0, unit="followers", opening=84_000, peak=84_000)
_IGNITED = replace(
    FIGURES, count=240, usual=3.2, usual_high=None, unit="reactions", authors=0, sources={}, opening=60, peak=240
)
KINDS = {
    "share": replace(OPEN, figures=_SHARE),
    "share, nothing said": replace(OPEN, figures=replace(_SHARE, share=Share(part=0, whole=0), learning=True)),
    "share above a limit": replace(RISE, figures=replace(_SHARE, of="positive", share=Share(part=22, whole=31))),
    "share resolved": replace(CALM, figures=replace(CALM.figures, share=Share(part=4, whole=40, usual=0.18))),
    "drift": replace(OPEN, figures=replace(_SHARE, window=timedelta(days=1), share=_DRIFT, least=50)),
    "silence": replace(OPEN, figures=_STILL, quotes=(), unheard={}, advice=shipped_advice("spike", fewer=True)),
    "silence resolved": replace(CALM, figures=replace(_STILL, count=9), quotes=(), unheard={}),
    "authors": replace(OPEN, figures=replace(FIGURES, count=57, unit="authors", opening=57, peak=57, usual=None)),
    "sources": replace(WORSE, figures=replace(FIGURES, of="posts", count=12, unit="sources", peak=12, usual=None)),
    "stories": replace(OPEN, figures=replace(FIGURES, count=6, unit="stories", opening=6, peak=6, least=3)),
    "reach": replace(OPEN, figures=replace(FIGURES, of="reach", count=3, opening=3, peak=3)),
    "copies": COPIED,
    "new word": replace(OPEN, figures=_NEW),
    "new word resolved": replace(CALM, figures=replace(_NEW, count=1, during=40, peak=12, words={"#boycottacme": 0})),
    "ignition": replace(OPEN, figures=_IGNITED),
    "ignition resolved": replace(CALM, figures=replace(_IGNITED, count=0)),
    "influencer": replace(OPEN, figures=_REACH),
    "influencer unknown": replace(RISE, figures=replace(_REACH, usual_high=None)),
    "influencer resolved": replace(CALM, figures=replace(_REACH, count=0)),
}
_POST = Slot(name="Envie d’évasion", at=OPENED + timedelta(minutes=22), stop_with="planificateur, bouton Suspendre")
_SALE = Running(name="Hiver malin", until=OPENED + timedelta(days=8))
PLANNED = replace(
    OPEN,
    posts=(_POST, Slot(name="Dimanche au soleil", at=OPENED + timedelta(hours=9, minutes=52))),
    running=(_SALE, Running(name="#AcmeAirRepond", until=OPENED + timedelta(hours=1), live=True)),
)
TOMORROW = replace(OPEN, posts=PLANNED.posts[1:])
_NEXT = Pending(to="Astreinte 2", at=OPENED + timedelta(minutes=20), word=OPENED + timedelta(minutes=10))
CALLED = replace(OPEN, told=("Astreinte 1", "salon de veille"), pending=_NEXT)
REMINDED = replace(CALLED, heard="warning", pending=replace(_NEXT, why="remind", word=None))
PASSED = replace(CALLED, pending=Pending(why="pass"))
RENEWED = replace(
    REMINDED,
    at=OPENED + timedelta(minutes=10),
    figures=replace(FIGURES, count=42, posts=58, negative=42, authors=31, peak=42, during=49, second_half=26),
    pending=replace(REMINDED.pending, present=True),
)
SILENT = replace(KEYWORD.figures, count=0, words={"boycott": 0}, during=4)
CROWDED = replace(
    OPEN,
    severity="info",
    told=tuple(f"channel-{number}" for number in range(9)),
    unheard={f"blind-{number}": None for number in range(9)},
    figures=replace(
        FIGURES,
        of="posts",
        count=1_234_567,
        usual=123_456.7,
        posts=1_234_567,
        negative=12,
        authors=98_000,
        sources={f"source-{number}": 1_000 * number for number in range(1, 9)},
    ),
)
CURVE = Curve(width=QUARTER, counts=(1, 0, 2, 4, 3, 2, 1, 2, 1, 0, 4, 22))
PLAYBOOKS = {
    "a playbook": replace(OPEN, advice=advice("cancelled", CANCELLED, "warning", NIGHT)),
    "a playbook that calls the client": replace(OPEN, severity="critical", advice=_CALLING),
    "a playbook and a rise": replace(RISE, advice=_CALLING),
    "a playbook and a new high": replace(HIGHER, advice=_CALLING),
    "a playbook and what is over": replace(LATE, advice=_CALLING),
    "a call at any hour": replace(OPEN, advice=replace(_CALLING, client=replace(_CALLING.client, not_before=None))),
}
_LATER = OPENED + timedelta(minutes=1, seconds=52)
_REACHED = (
    Reached(channel="phone", after=timedelta(seconds=4)),
    Reached(channel="team", why="hook.example answered 404"),
    Reached(channel="boss"),
)
DRILL = Alert(
    id="a1",
    incident="drill-3",
    number=3,
    step=0,
    brand="acme",
    brand_name="Acme Air",
    rule="drill",
    state="open",
    severity="critical",
    at=OPENED,
    opened_at=OPENED,
    figures=MADE_UP,
    drill=True,
)
ALERTS = {
    **KINDS,
    **PLAYBOOKS,
    "open": OPEN,
    "everything": EVERYTHING,
    "everything, and worse": replace(
        EVERYTHING, **_ROSE, heard="warning", figures=replace(_KNOWN, count=71, during=310, peak=71, stories=69)
    ),
    "worse": WORSE,
    "better": EASING,
    "better, by its share": replace(
        EASING, figures=replace(EASING.figures, share=Share(part=31, whole=90, usual=0.18))
    ),
    "rising again": replace(WORSE, id="a4", step=3, heard="warning", figures=replace(WORSE.figures, rose_from=31)),
    "acknowledged": TAKEN,
    "released": replace(TAKEN, id="a4", step=3, state="released", at=OPENED + timedelta(minutes=22)),
    "taken by nobody named": replace(TAKEN, by=None),
    "resolved by calm": CALM,
    "resolved by a person": CLOSED,
    "resolved as a false alarm": replace(CLOSED, ending="false-alarm"),
    "resolved as real": replace(CLOSED, ending="real", because=None),
    "reopened": REOPENED,
    "reopened for the third time": replace(REOPENED, back=replace(BACK, times=2, calm_for=timedelta(hours=2))),
    "taken after it came back": replace(TAKEN, at=BACK.at + timedelta(minutes=4), back=BACK),
    "resolved after it came back": replace(CALM, back=BACK, calm_for=timedelta(hours=1)),
    "reopened and taken": replace(REOPENED, taken_at=BACK.at + timedelta(minutes=4), taken_by="Zoé"),
    "learning": LEARNING,
    "drawn": replace(OPEN, curve=CURVE),
    "drawn through midnight": replace(
        OPEN, at=OPENED + timedelta(hours=1), figures=replace(FIGURES, of="posts", usual=None), curve=CURVE
    ),
    "learning from little": replace(OPEN, unheard={}, figures=replace(FIGURES, learning=True, unsupported=1)),
    "learning and worse": replace(WORSE, figures=replace(LEARNING.figures, count=71)),
    "learning and resolved": replace(CALM, figures=replace(LEARNING.figures, count=4)),
    "keyword": KEYWORD,
    "many words": replace(KEYWORD, figures=replace(KEYWORD.figures, words={"a": 9, "b": 4, "c": 1, "d": 1})),
    "crowded": CROWDED,
    "drill": DRILL,
    "drill without a button": replace(DRILL, answerable=False),
    "drill with a button elsewhere": replace(DRILL, answerable=False, takes=("Slack",)),
    "drill taken": replace(DRILL, state="acknowledged", taken_at=_LATER, taken_by="anna"),
    "drill over": replace(DRILL, state="resolved", taken_at=_LATER, taken_by="anna", reached=_REACHED),
    "drill that nobody took": replace(DRILL, state="resolved", at=_LATER, reached=_REACHED[:1]),
    "in names": NAMED,
    "growing": GROWING,
    "growing and worse": replace(RISE, figures=replace(RISE.figures, second_half=51, least=8, least_authors=5)),
    "growing and learning": replace(LEARNING, figures=replace(LEARNING.figures, second_half=16, least=8)),
    "doubling": FAST,
    "doubling and worse": replace(RISE, answers=True, figures=replace(_SPOKEN, count=71)),
    "words that stand out": replace(
        FAST,
        figures=replace(
            _SPOKEN,
            talk=_KNOWN.talk,
            read=22,
            languages={"fr": 15, "en-GB": 4, "tlh": 1, "zz": 2},
        ),
    ),
    "very likely real": replace(FAST, confidence=Confidence(word="very")),
    "likely real": replace(NAMED, confidence=Confidence(word="likely")),
    "very likely real, and worse": replace(RISE, confidence=Confidence(word="very")),
    "one word that stands out": replace(OPEN, figures=replace(FIGURES, talk=(Talk(word="hôtel", count=1),), read=1)),
    "doubling at once": replace(FAST, figures=replace(_SPOKEN, trend=_DOUBLING, most=1, followers=1)),
    "heading for thousands": replace(FAST, figures=replace(_SPOKEN, trend=replace(_DOUBLING, low=9_010, high=9_040))),
    "doubling, told late": replace(LATE, figures=_SPOKEN),
    "taken while it falls": replace(TAKEN, figures=replace(TAKEN.figures, trend=_HALVING)),
    "answered and worse": replace(WORSE, answers=True, answered_at=OPENED + timedelta(minutes=9)),
    "answered after the peak": replace(CALM, answers=True, answered_at=REPLY),
    "answered before the peak": replace(CALM, answers=True, answered_at=OPENED + timedelta(minutes=5)),
    "never answered": replace(CALM, answers=True),
    "a word nobody says any more": replace(KEYWORD, state="resolved", figures=SILENT),
    "a word nobody knows": replace(KEYWORD, figures=replace(KEYWORD.figures, words={})),
    "a rise in level": RISE,
    "a rise while somebody has it": replace(RISE, **HELD),
    "a new high": HIGHER,
    "a new high while somebody has it": replace(HIGHER, **HELD),
    "a new high while nobody named has it": replace(HIGHER, taken_at=HELD["taken_at"]),
    "resolved after it was taken": replace(CALM, **HELD),
    "heard in part": replace(OPEN, coverage=0.7),
    "hardly heard": replace(OPEN, coverage=0.01, unheard={}, partly=("press",)),
    "resolved, heard in part": replace(CALM, coverage=0.97),
    "a post is scheduled": PLANNED,
    "posts are scheduled, the first tomorrow": replace(TOMORROW, posts=TOMORROW.posts * 5),
    "a campaign runs": replace(OPEN, running=(_SALE,)),
    "somebody is called": CALLED,
    "somebody is reminded": REMINDED,
    "somebody is reminded of what got worse": replace(HIGHER, pending=REMINDED.pending),
    "somebody is reminded with the figures of now": RENEWED,
    "passed on": PASSED,
    "late, and over": LATE,
    "late, and taken": replace(LATE, **HELD, late=Late(state="acknowledged", at=HELD["taken_at"])),
    "late, and worse since": replace(LATE, late=Late(state="worse", at=OPENED + timedelta(minutes=18))),
    "held back by a silence": replace(OPEN, withheld=Withheld(by="Zoé", count=1), told=("team",)),
    "held back and worse since": replace(LATE, withheld=Withheld(), late=Late(state="worse", at=OPENED)),
    "late and worse, and over": replace(HIGHER, late=Late(state="resolved", at=OPENED + timedelta(days=1))),
}
NOTICES = {
    topic: Notice(id=f"n-{topic}", topic=topic, at=OPENED, subject="phone", detail="401", brand="Acme Air", number=37)
    for topic in ("undelivered", "source_down", "source_up", "test")
}
_WATCH = WatchOf(
    first="Astreinte 1",
    second="Astreinte 2",
    until=OPENED + timedelta(hours=33),
    open=((37, True), (38, False)),
    asked=True,
)
NOTICES |= {
    topic: Notice(id=f"n-{topic}", topic=topic, at=OPENED, subject="Astreinte 1", watch=watch)
    for topic, watch in (
        ("watch", replace(_WATCH, blind=1, posts=2)),
        ("watch_unanswered", replace(_WATCH, asked=False)),
        ("watch_again", replace(_WATCH, here=False)),
        ("watch_confirmed", replace(_WATCH, until=None, asked=False)),
    )
}
NOTICES["nudge"] = Notice(
    id="n-nudge", topic="nudge", at=OPENED, subject="Zoé", brand="Acme Air", number=37, watched_since=OPENED - QUARTER
)
NOTICES |= {
    state: Notice(
        id=f"n-{state}",
        topic="source_down",
        at=OPENED,
        subject="fedi",
        detail="401 m.example refuses the token",
        state=state,
        code="401",
        silent_since=OPENED - timedelta(minutes=37),
        heard={"Zen": 0.0, "Acme Air": 0.7, "Acme Sea": 1.0},
    )
    for state in ("starved", "reconnecting", "parked", "auth_failed", "gone")
}
NOTICES["in names"] = replace(
    NOTICES["undelivered"],
    severity="critical",
    since=OPENED,
    passed_to="team",
    brand="acme",
    brand_name="Acme Air",
    subject_name="téléphone",
    passed_to_name="salon de veille",
)
NOTICES["would have rung"] = Notice(
    id="held-acme-1",
    topic="held",
    at=OPENED,
    subject="acme",
    subject_name="Acme Air",
    watched_since=OPENED - timedelta(days=1),
    until=(OPENED + timedelta(days=3)).date(),
    held=tuple(
        Held(
            number=30 + n,
            rule="bad-buzz",
            severity="warning",
            at=OPENED - timedelta(hours=9 - n),
            count=12 + n,
            window=QUARTER,
            usual=None if n else 2.2,
        )
        for n in range(7)
    ),
)
NOTICES["one would have rung"] = replace(
    NOTICES["would have rung"], held=NOTICES["would have rung"].held[:1], until=None, link="https://bb.example"
)
for _topic in ("canary", "canary_lost", "canary_back", "no_drill", "quarantined"):
    NOTICES[_topic] = Notice(id=_topic, topic=_topic, at=OPENED, subject="acme", since=OPENED - timedelta(minutes=2))
NOTICES["many kept apart"] = replace(NOTICES["quarantined"], others=4, subject_name="La presse")
NOTICES["bare"] = Notice(id="n-bare", topic="undelivered", at=OPENED, subject="phone")
NOTICES["kept back"] = replace(NOTICES["undelivered"], severity="warning", since=OPENED - timedelta(hours=24))
NOTICES["many missed"] = replace(
    NOTICES["undelivered"],
    brand=None,
    number=None,
    severity="critical",
    since=OPENED - timedelta(minutes=1),
    passed_to="phone",
    missed=(("Acme Air", 37), ("Acme Air", 38)),
    others=48,
)
NOTICES["two missed"] = replace(NOTICES["many missed"], severity="warning", passed_to=None, others=0)
NOTICES["passed on"] = replace(
    NOTICES["undelivered"], severity="critical", since=OPENED - timedelta(minutes=5), subject="team", passed_to="phone"
)

BRIEF = Brief(
    incident="i37",
    number=37,
    brand="Acme Air",
    severity="warning",
    state="open",
    at=OPENED,
    count=1_200,
    window=QUARTER,
    usual=3,
)
NOTICES["several"] = Notice(
    id="n-several",
    topic="several",
    at=OPENED,
    subject="badbuzz",
    link="https://bb.example",
    several=(
        BRIEF,
        replace(BRIEF, number=38, severity="critical", usual=None, count=1, unit="authors"),
        replace(BRIEF, number=39, state="resolved", count=0),
        replace(BRIEF, number=40, brand="L’Air & Cie", severity="info", taken_by="Zoé"),
    ),
)
NOTICES["several, to be taken"] = replace(
    NOTICES["several"],
    answerable=True,
    spared=Spared(numbers=(28, 29), count=7, had=2, accept=2),
    several=tuple(
        replace(BRIEF, incident=f"i{number}", number=number, link=f"https://bb.example/i/{number:032}")
        for number in range(30, 42)
    ),
)
NOTICES["several of one"] = replace(
    NOTICES["several"], link=None, several=tuple(replace(BRIEF, number=n, state="resolved") for n in range(2))
)
_LIVE = LiveReport(tag="#AcmeAirRepond", since=OPENED - timedelta(hours=1), until=OPENED)
NOTICES["live, nothing heard"] = Notice(id="live-1", topic="live", at=OPENED, subject="Acme Air", live=_LIVE)
NOTICES["live"] = replace(
    NOTICES["live, nothing heard"],
    live=replace(
        _LIVE,
        count=1_412,
        authors=231,
        negative=23,
        positive=1,
        questions=14,
        more=True,
        quotes=tuple(
            replace(quote, role=role) for quote, role in zip(QUOTES, ("negative", "largest", "question"), strict=True)
        ),
    ),
)
