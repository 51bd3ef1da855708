"""A store as five weeks of a fictional airline leave it: the week of the crisis is the last."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from alerts.ceiling import Spared
from alerts.delivery import Outcome, Outgoing
from alerts.drill import Drill
from alerts.silence import HeldBack, Hush, Silence
from listener.store.notes import Note
from listener.store.port import Commit, LogEntry, SourceRow, Store, StoredMention
from rules.facts import Facts, Label, Tone
from rules.inputs import Coverage, Gap, Missed
from rules.instant import DAY, HOUR, MINUTE, SECOND, Instant, instant
from rules.mention import Author, Mention
from rules.transition import Evidence, State, Transition

MONDAY = instant(datetime(2026, 11, 9, tzinfo=UTC)) - HOUR
"""The first moment of week 46 in Paris."""
OPENED = instant(datetime(2026, 11, 14, 22, 8, tzinfo=UTC))
HOSTILE = "<script>alert(1)</script> [/b] {{ 7*7 }} \u202e @channel"


def said(name: str, at: Instant, label: Label = "neutral", brand: str = "acme", **changes: Any) -> StoredMention:
    compound = {"negative": -0.6, "positive": 0.7}.get(label, 0.0)
    known: dict[str, Any] = {
        "id": name,
        "source": "press",
        "platform": "feed",
        "url": f"https://press.example/{name}",
        "author": Author(handle=f"by {name}", followers=10),
        "text": "Vol annulé, personne au comptoir",
        "observed_at": datetime(2026, 11, 14, tzinfo=UTC),
        "created_at": datetime.fromtimestamp(at / 1_000_000, UTC),
    }
    tone = Tone(language="fr", label=label, compound=compound, confidence=0.8, scorer="fr")
    facts = Facts(mention=f"feed:{name}", moment=at, source="press", author=name, label=label, compound=compound)
    return StoredMention(at=at, mention=Mention(**known | changes), facts={brand: facts}, tones={brand: tone})


def step(number: int, state: State, at: Instant, count: int, **changes: Any) -> Transition:
    evidence = Evidence(
        of="negative",
        count=count,
        window=15 * MINUTE,
        usual=3.0,
        posts=count + 9,
        negative=count,
        authors=count - 3,
        sources={"press": count},
        mentions={"first": "feed:first", "largest": "feed:hostile"},
        opening=22,
        opened_at=OPENED,
        first_at=OPENED - 18 * MINUTE,
        peak=max(count, 239 if at > OPENED + 40 * MINUTE else count),
        peak_at=OPENED + 41 * MINUTE,
        during=719,
        answered_at=OPENED + 50 * MINUTE if at > OPENED + 50 * MINUTE else None,
    )
    return Transition(
        at=at,
        incident="i1",
        step=number,
        brand="acme",
        rule="many",
        state=state,
        evidence=evidence,
        **{"severity": "warning", "reasons": ("22 negative mentions in 15 min",)} | changes,
    )


LIFE = [
    step(0, "open", OPENED, 22),
    step(1, "worse", OPENED + 18 * MINUTE, 71, severity="critical"),
    step(2, "acknowledged", OPENED + 21 * MINUTE, 87, by="astreinte 2", severity="critical"),
    step(3, "resolved", OPENED + 162 * MINUTE, 4, severity="critical", ending="real", by="Léa"),
]
PRAISE = {"text": "Merci à l’équipe d’Orly, au top", "label": "positive", "author": Author(handle="u", followers=900)}
ASKS = {"text": "Est-ce que le vol de mardi est maintenu ?", "author": Author(handle="v", followers=50)}


def mentions() -> list[StoredMention]:
    found = []
    for day in range(-36, 7):
        labels: list[Label] = ["negative"] * (2 + (day % 7) // 3) + ["positive"] * 3 + ["neutral"] * (6 + day % 5)
        found += [
            said(f"{day} {number}", MONDAY + day * DAY + 8 * HOUR + number * 20 * MINUTE, label)
            for number, label in enumerate(labels)
        ]
        found += [said(f"rival {day} {n}", MONDAY + day * DAY + n * HOUR, brand="rival") for n in range(7)]
    for minute in range(150):
        bad = max(1, round(8 - abs(minute - 59) / 9))
        at = OPENED - 18 * MINUTE + minute * MINUTE
        found += [said(f"c {minute} {n}", at + n, "negative") for n in range(bad)]
    found += [
        said("first", OPENED - 18 * MINUTE, "negative", text="180 passagers au sol, pas d’hôtel. Voir 06 12 34 56 78"),
        said("hostile", OPENED, "negative", text=HOSTILE, url="javascript:alert(1)", author=Author(handle=HOSTILE)),
        said("praise", OPENED - 2 * DAY, **PRAISE),
        said("asks", OPENED - 3 * DAY, **ASKS),
    ]
    return found


def log() -> list[LogEntry]:
    begin = MONDAY + 2 * DAY
    entries = [
        Coverage(at=MONDAY - DAY, source="press", share=1.0),
        Coverage(at=begin, source="press", share=0.0),
        Missed(at=begin + 100 * MINUTE, source="press", since=begin + 79 * MINUTE),
        Coverage(at=begin + 103 * MINUTE, source="press", share=1.0),
        Gap(at=begin + 5 * HOUR, since=begin + 4 * HOUR),
    ]
    return [LogEntry(brand="acme", entry=entry) for entry in entries]


async def fill(store: Store) -> None:
    at = MONDAY + 7 * DAY
    silence = Silence(number=1, at=MONDAY, until=at + DAY, by="Léa", because="le fournisseur s’en occupe", what=Hush())
    sent = [Outgoing(id=f"d{each.step}", channel="team", thread="i1", due=each.at, transition=each.id) for each in LIFE]
    drill = Drill(number=1, brand="acme", at=at - DAY, until=at, taken_at=at - DAY + 9 * SECOND, ended_at=at - HOUR)
    late = "after quiet hours: person lea"
    sent[1] = replace(sent[1], circle=late, slot=sent[1].due)
    done = [Outcome(delivery=each.id, at=each.due + 2_000_000, attempt=1, state="sent") for each in sent]
    rows = [SourceRow(name="press", kind="file", state="live", last_read=at)]
    note = Note(incident="i1", at=OPENED + 30 * MINUTE, by="Léa", text="client appelé, il publie à 23 h 58")
    await store.commit(
        Commit(
            advanced=at,
            last=at,
            mentions=mentions(),
            inputs=log(),
            transitions=LIFE,
            outgoing=sent,
            outcomes=done,
            silences=[silence],
            held_back=[HeldBack(incident="i1", step=1, at=OPENED, silence=1)],
            spared=[Spared(incident="i1", person="zoe", step=0, at=OPENED, had=2, accept=2)],
            sources=rows,
            remarks=[note],
            drills=[drill],
        )
    )
