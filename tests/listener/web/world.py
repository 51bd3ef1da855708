from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
from aiohttp import web

from alerts.ceiling import Spared
from alerts.links import Links
from alerts.silence import HeldBack, HushFor, Silence
from config.model import Secret
from config.problems import Problem
from listener.observe.metrics import Metrics
from listener.signal import Signal
from listener.store.asking import Answered, Command
from listener.store.marks import Wish, by_person
from listener.store.notes import Hold, Note
from listener.store.port import IncidentRow, StoredMention
from listener.web.status import BrandStatus, RuleStatus, Settings, Site, SourceStatus
from rules.facts import Facts, Tone
from rules.instant import HOUR, MINUTE, SECOND, Instant
from rules.mention import Author, Mention
from rules.transition import Evidence, Transition

NOW: Instant = 1_794_694_200 * SECOND
"""Saturday 14 November 2026, 23:10 in Paris."""
TOKEN = "a-long-enough-token"
LINKS = Links(b"l" * 32)
HOSTILE = "Vol 4218 <script>alert(1)</script> \u202eécalé\u202c {{ 7 * 7 }}"


def step(number: int, state: str = "open", **changes: object) -> Transition:
    values = {
        "at": NOW - 2 * MINUTE + number,
        "incident": "5f0c",
        "step": number,
        "brand": "acme-air",
        "rule": "bad-buzz",
        "state": state,
        "severity": "warning",
        "reasons": ("22 negative, usually 3",),
        "evidence": Evidence(
            of="negative",
            count=22,
            window=15 * MINUTE,
            usual=3,
            learning=True,
            mentions={"first": "bluesky:1", "largest": "bluesky:1", "latest": "bluesky:2"},
            authors=19,
            sources={"press": 3, "bluesky": 19},
            unheard=("fedi",),
        ),
    }
    return Transition(**{**values, **changes})


def stored(
    identity: str, text: str, *, url: str | None = None, deleted: bool = False, created_at: datetime | None = None
) -> StoredMention:
    mention = Mention(
        id=identity,
        source="bluesky",
        platform="bluesky",
        text="" if deleted else text,
        url=url,
        author=Author(handle=None if deleted else "@lea.example"),
        created_at=created_at,
        observed_at=datetime(2026, 11, 14, 22, 0, tzinfo=UTC),
    )
    facts = Facts(mention=mention.identity, moment=NOW, source="bluesky", label="negative")
    tone = Tone(language="fr", label="negative", compound=-0.6, confidence=0.8, scorer="fr")
    return StoredMention(
        at=NOW - MINUTE, mention=mention, facts={"acme-air": facts}, tones={"acme-air": tone}, deleted=deleted
    )


def _marked(one: StoredMention, wish: Wish) -> StoredMention:
    return msgspec.structs.replace(one, tones={**one.tones, wish.brand: by_person(one.tones[wish.brand], wish.label)})


@dataclass
class Shelf:
    """The reading side of a store, held in memory."""

    rows: list[IncidentRow] = field(default_factory=list)
    steps: list[Transition] = field(default_factory=list)
    said: list[StoredMention] = field(default_factory=list)
    sends: list[SimpleNamespace] = field(default_factory=list)
    asked: list[Command] = field(default_factory=list)
    answers: dict[int, Answered] = field(default_factory=dict)
    quiet: list[HeldBack] = field(default_factory=list)
    hushed: list[Silence] = field(default_factory=list)
    kept_from: list[Spared] = field(default_factory=list)
    written: list[Note] = field(default_factory=list)
    kept_for: Hold | None = None
    broken: Exception | None = None
    reads: int = 0
    """How often the incidents were listed, the open ones alone not counted."""

    async def incidents(self, *, brand=None, open_only=False, limit=100) -> list[IncidentRow]:
        self.reads += not open_only
        if self.broken:
            raise self.broken
        rows = [row for row in self.rows if brand in {None, row.brand}]
        return [row for row in rows if not open_only or row.state != "resolved"][:limit]

    async def incident(self, name: str) -> IncidentRow | None:
        return next((row for row in self.rows if name in {str(row.number), row.id}), None)

    async def transitions(self, incident: str | None = None) -> AsyncIterator[Transition]:
        for transition in self.steps:
            if transition.incident == incident:
                yield transition

    async def transition(self, name: str) -> Transition | None:
        return next((transition for transition in self.steps if transition.id == name), None)

    async def mentions(self, *, brand=None, identities=None, limit=50) -> list[StoredMention]:
        said = [one for one in self.said if brand is None or brand in one.facts]
        return [one for one in said if identities is None or one.mention.identity in identities][:limit]

    async def deliveries(self, *, state=None, thread=None, limit=100) -> list[SimpleNamespace]:
        return [one for one in self.sends if state in {None, one.state} and thread in {None, one.thread}][:limit]

    async def notes(self, _incident: str) -> list[Note]:
        return self.written

    async def hold(self, _incident: str) -> Hold | None:
        return self.kept_for

    async def ask(self, verb: str, target: str, by: str, at: Instant, because: str | None = None, **more) -> int:
        number = len(self.asked) + 1
        self.asked.append(Command(id=number, at=at, verb=verb, target=target, by=by, because=because, **more))
        return len(self.asked)

    async def ask_silence(self, wish: HushFor, because: str, by: str, at: Instant) -> int:
        silence = Silence(number=1, at=at, until=at + wish.span, by=by, because=because, what=wish.what)
        self.hushed.append(silence)
        return await self.ask("silence", wish.what.incident, by, at, because)

    async def ask_labels(self, wishes: Sequence[tuple[str, Wish]], by: str, at: Instant) -> int:
        if self.broken:
            raise self.broken
        for target, wish in wishes:
            number = len(self.asked) + 1
            self.asked.append(Command(id=number, at=at, verb="label", target=target, by=by, wish=wish))
            self.answers.setdefault(number, Answered(id=number, at=at))
            if wish.label:
                self.said = [_marked(one, wish) if one.mention.identity == target else one for one in self.said]
        return len(self.asked)

    async def held_back(self, incident: str) -> list[HeldBack]:
        return [each for each in self.quiet if each.incident == incident]

    async def spared(self, incident: str) -> list[Spared]:
        return [each for each in self.kept_from if each.incident == incident]

    async def silences(self) -> list[tuple[Silence, int]]:
        return [(each, 0) for each in self.hushed]

    async def answer(self, command: int) -> Answered | None:
        return self.answers.get(command)


def delivery(**changes: object) -> SimpleNamespace:
    values = {
        "id": "5f0c.0/team",
        "channel": "team",
        "thread": "5f0c",
        "state": "parked",
        "due": NOW - MINUTE,
        "attempts": 3,
        "transition": "5f0c.0",
        "notice": None,
        "reason": "authError",
        "detail": "Slack answered 404 (no_service)",
        "finished": None,
    }
    return SimpleNamespace(**{**values, **changes})


@dataclass
class Daemon:
    """The present state of a daemon, as a test wants it."""

    version: str = "1.2.3"
    started: Instant = NOW - 26 * HOUR
    trouble: str = ""
    wait: str = ""
    held_numbers: tuple[int, ...] = ()
    watched: list[BrandStatus] = field(
        default_factory=lambda: [
            BrandStatus(
                name="acme-air",
                rules=[RuleStatus(rule="bad-buzz", of="negative", value=22, window=15 * MINUTE, usual=3.4)],
                unsupported=["de"],
            )
        ]
    )
    labels: dict[str, str] = field(default_factory=lambda: {"acme-air": "Acme Air"})
    source: list[SourceStatus] = field(
        default_factory=lambda: [
            SourceStatus(name="press", kind="feed", state="live", last_event=NOW - MINUTE, last_mention=NOW - HOUR),
            SourceStatus(name="fedi", kind="mastodon", state="auth_failed", detail="the token has expired (401)"),
        ]
    )

    def sick(self) -> str:
        return self.trouble

    def waiting(self) -> str:
        return self.wait

    def brand(self, name: str) -> BrandStatus | None:
        return next((each for each in self.watched if each.name == name), None)

    def brand_names(self) -> dict[str, str]:
        return {each.name: self.labels.get(each.name, each.name) for each in self.watched}

    async def loudest(self) -> Sequence[str]:
        """As they came, the last first."""
        return [each.name for each in reversed(self.watched)]

    def sources(self) -> Sequence[SourceStatus]:
        return self.source

    def held(self, incident: IncidentRow) -> bool:
        return incident.number in self.held_numbers

    def called(self, person: str) -> str:
        return {"zoe": "Zoé"}.get(person, person)

    def channels(self) -> dict[str, str]:
        return {"team": "Équipe", "boss": "boss"}


@dataclass
class World:
    """A site, and everything a test may want to change about it."""

    views: Shelf
    daemon: Daemon
    settings: Settings
    news: Signal = field(default_factory=Signal)
    now: Instant = NOW
    warnings: Sequence[Problem] = ()
    refused: Exception | None = None
    routes: dict[str, Sequence[web.RouteDef]] = field(default_factory=dict)

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        return Metrics(version="1.2.3", now=lambda: self.now).exposition(accept)

    async def reload(self) -> Sequence[Problem]:
        if self.refused:
            raise self.refused
        return self.warnings

    def site(self) -> Site:
        return Site(
            settings=lambda: self.settings,
            views=self.views,
            status=self.daemon,
            news=self.news,
            now=lambda: self.now,
            key=b"k" * 32,
            links=LINKS,
            reload=self.reload,
            inbound=lambda name: self.routes.get(name, ()),
            exposition=self.exposition,
            hide=lambda text: text.replace(TOKEN, "***"),
        )

    def demand_token(self) -> None:
        self.settings = replace(self.settings, local=False, token=Secret(TOKEN))


def incident(number: int = 37, **changes: object) -> IncidentRow:
    row = IncidentRow(
        id="5f0c",
        number=number,
        brand="acme-air",
        rule="bad-buzz",
        state="open",
        severity="warning",
        opened_at=NOW - 2 * MINUTE,
        changed_at=NOW - 2 * MINUTE,
        acknowledged_by=None,
        steps=1,
    )
    return replace(row, **changes)
