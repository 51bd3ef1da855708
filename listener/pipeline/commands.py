"""What people ask for: a command becomes an input of the log, or is refused in words for its author."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from alerts.silence import MOST, Silence
from listener.pipeline.engines import Engines
from listener.pipeline.history import objection
from listener.pipeline.remarking import remark_on
from listener.store.asking import Answered, Command, Judged
from listener.store.notes import Remark
from listener.store.port import IncidentRow, LogEntry, Views
from rules.engine import Engine
from rules.inputs import Acknowledged, Released, Resolved
from rules.instant import Instant

_PARKED = 10_000
"""The newest of the deliveries that were given up: those a person can still mean."""


@dataclass(kw_only=True)
class Answer:
    """What a command comes to."""

    answered: Answered
    entries: list[LogEntry] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    unpark: list[tuple[str, Instant]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    silence: Silence | None = None


class Commands:
    """Carries commands out."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def carry_out(
        self, command: Command, engines: Engines, at: Instant, silences: Mapping[int, Silence]
    ) -> Answer:
        """The entries that a command becomes; none when it is refused. `silences` are those in force."""
        match command.verb:
            case "ack" | "unack" | "resolve":
                return await self._on_incident(command, engines, at)
            case "note" | "hold" | "release":
                refusal, remark = await remark_on(command, self._views, at)
                return Answer(answered=Answered(id=command.id, at=at, refusal=refusal), remarks=remark)
            case "retry":
                return await self._retry(command, at)
            case "import":
                return _import(command, engines.get(command.target), at)
            case "silence" | "expire":
                return await self._quieten(command, at, silences)
            case _:
                return _refused(command, at, f"unknown command '{command.verb}'")

    async def _retry(self, command: Command, at: Instant) -> Answer:
        parked = {each.id for each in await self._views.deliveries(state="parked", limit=_PARKED)}
        if command.target not in parked:
            return _refused(command, at, f"no delivery {command.target} was given up")
        return Answer(answered=Answered(id=command.id, at=at), unpark=[(command.target, at)])

    async def _quieten(self, command: Command, at: Instant, silences: Mapping[int, Silence]) -> Answer:
        if command.verb == "expire":
            return _expire(command, at, silences)
        return await self._silence(command, at, silences)

    async def _silence(self, command: Command, at: Instant, silences: Mapping[int, Silence]) -> Answer:
        wish, asked = command.hush, min(command.at, at)
        refusal = wish.objection if wish else "a silence says of what, and for how long"
        if wish is None or refusal:
            return _refused(command, at, refusal)
        if asked + wish.span <= at:
            return _refused(command, at, "its time was over before the daemon took it")
        if len(silences) >= MOST:
            return _refused(command, at, f"there are {MOST} silences already")
        row = await self._views.incident(wish.what.incident) if wish.what.incident else None
        if wish.what.incident and row is None:
            return _refused(command, at, f"there is no incident {wish.what.incident}")
        stored = [each.number for each, _ in await self._views.silences(limit=1)]
        silence = Silence(
            number=1 + max([0, *stored, *silences]),
            at=asked,
            until=asked + wish.span,
            by=command.by,
            because=command.because or "",
            what=replace(wish.what, incident=row.id) if row else wish.what,
        )
        return Answer(answered=Answered(id=command.id, at=at), silence=silence)

    async def _on_incident(self, command: Command, engines: Engines, at: Instant) -> Answer:
        row = await self._views.incident(command.target)
        if row is None:
            return await self._on_several(command, engines, at)
        return _on_one(command, row, engines, at)

    async def _on_several(self, command: Command, engines: Engines, at: Instant) -> Answer:
        """Take all of which one message told, but for what somebody has or what is over."""
        named = await self._views.told_in(command.target) if command.verb == "ack" else []
        rows = [row for each in named if (row := await self._views.incident(each))]
        answers = [_on_one(command, row, engines, at) for row in rows]
        entries = [entry for answer in answers for entry in answer.entries]
        if entries:
            return Answer(answered=Answered(id=command.id, at=at), entries=entries)
        return answers[0] if answers else _refused(command, at, f"there is no incident {command.target}")


def _on_one(command: Command, row: IncidentRow, engines: Engines, at: Instant) -> Answer:
    engine = engines.get(row.brand)
    open_now = {each.id: each for each in engine.open_incidents()} if engine else {}
    incident = open_now.get(row.id)
    if incident is None and command.verb == "resolve" and command.ending:
        return _look_back(command, row, at, logged=engine is not None)
    if incident is None:
        return _refused(command, at, f"incident {row.number} is already resolved")
    if command.verb == "ack" and incident.acknowledged_by:
        return _refused(command, at, f"{incident.acknowledged_by} already has incident {row.number}")
    if command.verb == "unack" and not incident.acknowledged_by:
        return _refused(command, at, f"nobody has incident {row.number}")
    entry = _entry(command, row, at)
    return Answer(answered=Answered(id=command.id, at=at), entries=[LogEntry(brand=row.brand, entry=entry)])


def _expire(command: Command, at: Instant, silences: Mapping[int, Silence]) -> Answer:
    number = int(command.target) if command.target.isascii() and command.target.isdecimal() else 0
    silence = silences.get(number)
    if silence is None or silence.until <= at:
        return _refused(command, at, f"no silence {command.target} is in force")
    ended = replace(silence, until=at, ended_by=command.by)
    return Answer(answered=Answered(id=command.id, at=at), silence=ended)


def _import(command: Command, engine: Engine | None, at: Instant) -> Answer:
    refusal = objection(engine, command.history) if engine and engine.plan else f"there is no brand {command.target}"
    if refusal:
        return _refused(command, at, refusal)
    entries = [LogEntry(brand=command.target, entry=replace(entry, at=at)) for entry in command.history]
    return Answer(answered=Answered(id=command.id, at=at), entries=entries)


def _look_back(command: Command, row: IncidentRow, at: Instant, *, logged: bool) -> Answer:
    """What is said of an incident that is over; the log of a brand that nobody listens to any more stays as it is."""
    assert command.ending
    return Answer(
        answered=Answered(id=command.id, at=at),
        entries=[LogEntry(brand=row.brand, entry=_resolved(command, row, at))] if logged else [],
        judged=[Judged(incident=row.id, ending=command.ending, by=command.by, because=command.because)],
    )


def _entry(command: Command, row: IncidentRow, at: Instant) -> Acknowledged | Released | Resolved:
    match command.verb:
        case "ack":
            return Acknowledged(at=at, incident=row.id, by=command.by)
        case "unack":
            return Released(at=at, incident=row.id, by=command.by)
    return _resolved(command, row, at)


def _resolved(command: Command, row: IncidentRow, at: Instant) -> Resolved:
    return Resolved(at=at, incident=row.id, by=command.by, because=command.because, ending=command.ending)


def _refused(command: Command, at: Instant, refusal: str) -> Answer:
    return Answer(answered=Answered(id=command.id, at=at, refusal=refusal))
