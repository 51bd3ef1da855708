"""What the tests of stores share: short builders, and everything a store shows as one plain value."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.delivery import Outgoing
from alerts.silence import HeldBack, Hush, Silence
from listener.store.port import Commit, LogEntry, Store, StoreAwayError, StoreBusyError, StoredMention, Views
from listener.store.reached import Snapshot
from listener.store.store import open_store
from rules.facts import Facts, Tone
from rules.inputs import Heard
from rules.mention import Author, Mention
from rules.transition import Evidence, Transition

T0 = 1_700_000_000_000_000


def mention(name: str, **changes: Any) -> Mention:
    known: dict[str, Any] = {
        "id": name,
        "source": "press",
        "platform": "feed",
        "url": f"https://press.example/{name}",
        "author": Author(handle="camille"),
        "title": "Retards",
        "text": "Vol annulé, personne au comptoir",
        "observed_at": datetime(2026, 11, 14, tzinfo=UTC),
        "counts": {"likes": 3},
    }
    return Mention(**known | changes)


def facts(name: str, **changes: Any) -> Facts:
    return Facts(**{"mention": f"feed:{name}", "moment": T0, "source": "press", "author": "a1"} | changes)


def stored(name: str, *brands: str, at: int = T0, **changes: Any) -> StoredMention:
    tone = Tone(language="fr", label="negative", compound=-0.5, confidence=0.8, scorer="fr", words=("annulé",))
    brands = brands or ("acme",)
    return StoredMention(
        at=at,
        mention=mention(name, **changes),
        facts={brand: facts(name) for brand in brands},
        tones=dict.fromkeys(brands, tone),
    )


def heard(name: str, brand: str = "acme", at: int = T0) -> LogEntry:
    return LogEntry(brand=brand, entry=Heard(at=at, facts=facts(name)))


def transition(incident: str, step: int, state: str = "open", **changes: Any) -> Transition:
    known: dict[str, Any] = {
        "at": T0 + step,
        "incident": incident,
        "step": step,
        "brand": "acme",
        "rule": "bad-buzz",
        "state": state,
        "severity": "warning",
        "reasons": ("22 negative mentions in 15 min",),
        "evidence": Evidence(of="negative", count=22, window=900_000_000),
    }
    return Transition(**known | changes)


def outgoing(name: str, channel: str = "team", thread: str = "i1", due: int = T0, **changes: Any) -> Outgoing:
    return Outgoing(id=name, channel=channel, thread=thread, due=due, **changes)


def silence(number: int = 1, until: int = T0 + 9, **changes: Any) -> Silence:
    known: dict[str, Any] = {"at": T0, "by": "Léa", "because": "connu", "what": Hush(brand="acme", severity="warning")}
    return Silence(number=number, until=until, **known | changes)


def held_back(incident: str = "i1", step: int = 0, **changes: Any) -> HeldBack:
    return HeldBack(**{"incident": incident, "step": step, "at": T0, "silence": 1} | changes)


def commit(at: int = T0, **rows: Any) -> Commit:
    return Commit(advanced=at, last=at, **rows)


@asynccontextmanager
async def opened(where: str, owner: str = "a test") -> AsyncIterator[Store]:
    store = open_store(where)
    await store.open(owner)
    try:
        yield store
    finally:
        await store.close()


async def taken(where: str, owner: str, lease: timedelta) -> Store:
    """The store, opened once whoever had it is gone: on a server, that one is dead is told by its silence alone. Of a
    short lease the server ends a session that a busy machine lets stand still.
    """
    while True:
        store = open_store(where, lease)
        try:
            await store.open(owner)
        except (StoreAwayError, StoreBusyError):
            await asyncio.sleep(0.05)
        else:
            return store


async def newest_snapshot(store: Store, brand: str) -> Snapshot | None:
    return (await store.heads([brand]))[brand].snapshot


async def everything(store: Store, views: Views, brands: tuple[str, ...] = ("acme", "zen")) -> dict[str, Any]:
    """All that can be read, but for the salt."""
    return {
        "position": await store.position(),
        "mentions": {kept.mention.identity: kept for kept in await views.mentions(limit=10_000)},
        "listed": {brand: {kept.mention.identity for kept in await views.mentions(brand=brand)} for brand in brands},
        "log": {brand: [numbered async for numbered in views.log(brand)] for brand in brands},
        "inputs": {brand: [numbered async for numbered in store.inputs(brand, 0)] for brand in brands},
        "transitions": [step async for step in views.transitions()],
        "incidents": await views.incidents(limit=1_000),
        "deliveries": await views.deliveries(limit=1_000),
        "sources": await views.sources(),
        "snapshots": {brand: await newest_snapshot(store, brand) for brand in brands},
        "commands": await store.commands(),
        "silences": await views.silences(),
        "held_back": await views.held_back("i1"),
    }
