"""Short ways to make the values that tests speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.alert import Alert, Notice
from alerts.figures import Figures
from alerts.message import Field, Message, Quotation

AT = datetime(2026, 11, 14, 22, 8, tzinfo=UTC)
FIGURES = Figures(
    of="negative",
    count=22,
    window=timedelta(minutes=15),
    usual=3.0,
    posts=31,
    negative=22,
    authors=19,
    sources={"bluesky": 14, "fedi": 5, "press": 3},
)


def alert(**changes: Any) -> Alert:
    """An alert of a fictional airline, as it opens."""
    known: dict[str, Any] = {
        "id": "1f0c9a7b2d3e.0:team",
        "incident": "1f0c9a7b2d3e",
        "number": 37,
        "step": 0,
        "brand": "acme",
        "rule": "bad-buzz",
        "state": "open",
        "severity": "warning",
        "at": AT,
        "opened_at": AT,
        "figures": FIGURES,
        "link": "https://bb.example/i/37",
    }
    return Alert(**{**known, **changes})


def notice(**changes: Any) -> Notice:
    known: dict[str, Any] = {"id": "n-1", "topic": "source_down", "at": AT, "subject": "press"}
    return Notice(**{**known, **changes})


_FRENCH: dict[str, Any] = {
    "title": "Acme Air · sérieux · incident n° 37",
    "subject": "Acme Air : hausse des mentions négatives (n° 37)",
    "line": "Acme Air, sérieux : 22 mentions négatives en 15 min, d’habitude 3. Très probablement réel.",
    "lead": "22 mentions négatives en 15 min, d’habitude 3.",
    "text": "OUVERT · niveau sérieux\n\n22 mentions négatives en 15 min, d’habitude 3.\n",
    "html": '<!doctype html><html lang="fr"><body><p>22 mentions négatives, d’habitude 3.</p></body></html>',
    "level": "sérieux",
    "fields": (Field(label="Où", value="Bluesky 14, Mastodon 5, presse et blogs 3"),),
    "quotations": (
        Quotation(
            text="Vol 4218 annulé, personne au comptoir.",
            caption="Le premier · Bluesky · 22 h 50",
            url="https://social.example/p/1",
        ),
    ),
    "first": ("Suspendre la publication de 23 h 30.",),
    "first_label": "À faire d’abord",
    "context": "Règle bad-buzz, 23 h 08, heure de Paris",
    "link_label": "Ouvrir l’incident",
}
_ENGLISH: dict[str, Any] = {
    "title": "Acme Air · serious · incident 37",
    "subject": "Acme Air: rise in negative mentions (37)",
    "line": "Acme Air, serious: 22 negative mentions in 15 min, usually 3. Very likely real.",
    "lead": "22 negative mentions in 15 min, usually 3.",
    "text": "OPEN · level serious\n\n22 negative mentions in 15 min, usually 3.\n",
    "html": '<!doctype html><html lang="en"><body><p>22 negative mentions, usually 3.</p></body></html>',
    "level": "serious",
    "fields": (Field(label="Where", value="Bluesky 14, Mastodon 5, press and blogs 3"),),
    "quotations": (
        Quotation(
            text="Vol 4218 annulé, personne au comptoir.",
            caption="First · Bluesky · 22:50",
            url="https://social.example/p/1",
            language="fr",
        ),
    ),
    "first": ("Hold the 23:30 post.",),
    "first_label": "Do first",
    "context": "Rule bad-buzz, 23:08 Paris time",
    "link_label": "Open the incident",
}
WORDS = {"fr": _FRENCH, "en": _ENGLISH}


def message(about: Alert | Notice | None = None, language: str = "en", **changes: Any) -> Message:
    """The words for an alert or a notice, whatever it says: enough for a channel."""
    about = about or alert()
    known: dict[str, Any] = {
        "id": about.id,
        "thread": about.incident if isinstance(about, Alert) else about.id,
        "step": about.step if isinstance(about, Alert) else 0,
        "language": language,
        "link": about.link,
        "priority": 4,
        "about": about,
    }
    return Message(**{**known, **WORDS[language], **changes})


def step(number: int, state: str, **changes: Any) -> Message:
    """A later step of the incident of `alert()`."""
    return message(alert(id=f"1f0c9a7b2d3e.{number}:team", step=number, state=state, **changes))
