"""A made-up incident of a made-up airline, to show what messages look like."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from alerts.alert import Alert, Curve, Notice, Pending, Quote, Running, Slot
from alerts.drill import FIGURES
from alerts.figures import Figures, Talk, Trend
from alerts.playbook import Holding, InWords, shipped_advice
from rules.confidence import Confidence

QUARTER = timedelta(minutes=15)
_BY_QUARTER = (2, 3, 1, 4, 3, 2, 3, 5, 3, 22)


def example(at: datetime) -> Alert:
    """The incident as it opens at a moment, with every fact that a message may tell."""
    answer = Holding(
        number=2,
        words=InWords(
            fr="Nous avons connaissance de l’annulation du vol [numéro]. Nos équipes sont auprès des passagers.",
            en="We know that flight [number] was cancelled. Our teams are with its passengers.",
        ),
        by="client",
        approved=(at - timedelta(days=11)).date(),
    )
    return Alert(
        id="example",
        incident="example",
        number=37,
        step=0,
        brand="acme-air",
        brand_name="Acme Air",
        rule="bad-buzz",
        state="open",
        severity="warning",
        at=at,
        opened_at=at,
        first_at=at - timedelta(minutes=18),
        figures=_figures(at),
        quotes=_quotes(at),
        unheard={"facebook": at - timedelta(minutes=37)},
        source_names={"bluesky": "Bluesky", "fedi": "Mastodon", "press": "Blogs", "facebook": "Facebook"},
        told=("phone", "team"),
        channel_names={"phone": "Camille", "team": "Slack"},
        pending=Pending(to="Zoé", at=at + timedelta(minutes=20), word=at + timedelta(minutes=30)),
        posts=(Slot(at=at + timedelta(minutes=22), name="Envie d’évasion"),),
        running=(Running(name="Hiver malin", until=at + timedelta(days=8)),),
        answers=True,
        link="https://badbuzz.example/i/37",
        curve=Curve(width=QUARTER, counts=_BY_QUARTER),
        advice=replace(shipped_advice("spike"), answers=(answer,)),
        confidence=Confidence(word="very"),
    )


def example_drill(at: datetime) -> Alert:
    """A fire drill as it begins."""
    return Alert(
        id="drill-3.0",
        incident="drill-3",
        number=3,
        step=0,
        brand="acme-air",
        brand_name="Acme Air",
        rule="drill",
        state="open",
        severity="critical",
        at=at,
        opened_at=at,
        figures=FIGURES,
        drill=True,
    )


def example_notices(at: datetime) -> tuple[Notice, ...]:
    """What the operator is told about badbuzz itself: an alert that was not delivered, a source that is not heard."""
    missed = Notice(
        id="undelivered",
        topic="undelivered",
        at=at,
        subject="team",
        detail="hook.example answered 404",
        brand="acme-air",
        brand_name="Acme Air",
        number=37,
        severity="critical",
        since=at - timedelta(minutes=5),
        passed_to="phone",
    )
    blind = Notice(
        id="source_down", topic="source_down", at=at, subject="press", state="gone", code="410", heard={"Acme Air": 0.5}
    )
    return missed, blind


def _figures(at: datetime) -> Figures:
    trend = Trend(
        every=timedelta(minutes=10), fastest=timedelta(minutes=7), slowest=timedelta(minutes=14), low=60, high=130
    )
    return Figures(
        of="negative",
        count=22,
        window=QUARTER,
        usual=3.2,
        usual_high=7,
        posts=31,
        negative=22,
        authors=19,
        sources={"bluesky": 14, "fedi": 5, "press": 3},
        opening=22,
        during=22,
        peak=22,
        peak_at=at,
        least=8,
        least_authors=5,
        trend=trend,
        stories=21,
        most=2,
        followers=12_000,
        talk=(Talk(word="#AcmeAirAbandon", count=14, new=True), Talk(word="annulé", count=9)),
        read=22,
    )


def _quotes(at: datetime) -> tuple[Quote, ...]:
    first = Quote(
        role="first",
        platform="bluesky",
        source="bluesky",
        text="Vol 4218 annulé, 180 passagers au sol, personne au comptoir, pas d’hôtel.",
        url="https://social.example/p/1",
        created_at=at - timedelta(minutes=18),
        language="fr",
    )
    largest = Quote(
        role="largest",
        platform="mastodon",
        source="fedi",
        text="Deux heures d’attente, aucune information. Est-ce bien normal ?",
        url="https://fedi.example/p/2",
        created_at=at - timedelta(minutes=6),
        followers=12_000,
        language="fr",
    )
    typical = Quote(
        role="typical",
        platform="bluesky",
        source="bluesky",
        text="Troisième vol annulé ce mois-ci, et toujours pas remboursée.",
        url="https://social.example/p/3",
        created_at=at - timedelta(minutes=2),
        language="fr",
    )
    return (first, largest, typical)
