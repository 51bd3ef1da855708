"""The reading side of the port, and the one thing it writes: commands."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from alerts.ceiling import Spared
from alerts.delivery import Delivery
from alerts.digest import Counted
from alerts.drill import Drill, DrillFor
from alerts.silence import HeldBack, HushFor, Silence
from listener.store import drilling, following, marking, noting, outbox, owned, queries, silencing, sparing, tallies
from listener.store.asking import Answered, Command
from listener.store.database import Place, finished, in_words, place, reading, writing
from listener.store.inserting import leave
from listener.store.marks import MOST_MARKS, Marked, Marking, ModelRow, Wish
from listener.store.notes import Hold, Kept, Note
from listener.store.port import IncidentRow, NoStoreError, SchemaError, SourceRow, StoredMention, Views
from listener.store.reached import Position, Snapshot
from listener.store.rows import encode
from listener.store.tables import HEAD
from listener.store.upkeep import current, refuse_moved
from rules.facts import Tone
from rules.inputs import Imported, Input
from rules.instant import HOUR, Instant, Span
from rules.transition import Ending, Transition

T = TypeVar("T")

_PART: Span = 12 * HOUR


def open_views(where: str | Path, limit: timedelta = timedelta(seconds=5)) -> Views:
    """Views of the store in a data directory or at a `postgresql://` URL; no read lasts longer than `limit`. Nothing is
    read before it is asked for; each method raises StoreError, also while there is no store yet.
    """
    return _SqlViews(place(where), limit)


class _SqlViews:
    def __init__(self, at: Place, limit: timedelta) -> None:
        self._place = at
        self._engine = reading(at, limit)
        self._checked = False

    async def close(self) -> None:
        await self._engine.dispose()

    async def position(self) -> Position | None:
        return await self._read(queries.position)

    async def positions(self) -> dict[int, Position]:
        return await self._read(owned.positions)

    async def brands(self) -> list[str]:
        return await self._read(queries.brands)

    async def incidents(
        self, *, brand: str | None = None, open_only: bool = False, limit: int = 100
    ) -> list[IncidentRow]:
        return await self._read(partial(queries.incidents, brand=brand, open_only=open_only, limit=limit))

    async def incident(self, name: str) -> IncidentRow | None:
        return await self._read(partial(queries.incident, name=name))

    async def transitions(self, incident: str | None = None) -> AsyncIterator[Transition]:
        after = 0
        while page := await self._read(partial(queries.transitions, incident_id=incident, after=after)):
            for _, transition in page:
                yield transition
            after = page[-1][0]

    async def transition(self, name: str) -> Transition | None:
        return await self._read(partial(queries.transition, name=name))

    async def mentions(
        self,
        *,
        brand: str | None = None,
        identities: Sequence[str] | None = None,
        until: Instant | None = None,
        limit: int = 50,
    ) -> list[StoredMention]:
        query = partial(queries.mentions, brand=brand, identities=identities, until=until, limit=limit)
        return await self._read(query)

    async def sources(self) -> list[SourceRow]:
        return await self._read(queries.sources)

    async def deliveries(
        self, *, state: str | None = None, thread: str | None = None, besides: Collection[str] = (), limit: int = 100
    ) -> list[Delivery]:
        query = partial(outbox.deliveries, state=state, thread=thread, besides=besides, limit=limit)
        return await self._read(query)

    async def missed(
        self, channel: str, since: Instant, until: Instant, *, critical: bool, limit: int = 1_000
    ) -> list[Delivery]:
        query = partial(outbox.missed, channel=channel, since=since, until=until, critical=critical, limit=limit)
        return await self._read(query)

    async def log(self, brand: str, after: int | None = None) -> AsyncIterator[tuple[int, Input]]:
        if after is None:
            first = await self.first_snapshot(brand)
            after = first.seq if first else 0
        while page := await self._read(partial(queries.inputs, brand=brand, after=after)):
            for numbered in page:
                yield numbered
            after = page[-1][0]

    async def first_snapshot(self, brand: str) -> Snapshot | None:
        return await self._read(partial(queries.first_snapshot, brand=brand))

    async def snapshot_before(self, brand: str, at: Instant) -> Snapshot | None:
        return await self._read(partial(queries.snapshot_before, brand=brand, at=at))

    async def ask(
        self,
        verb: str,
        target: str,
        by: str,
        at: Instant,
        because: str | None = None,
        *,
        ending: Ending | None = None,
        once: str | None = None,
    ) -> int:
        with in_words(self._place):
            await self._check()
        details = None if ending is None else encode(ending)
        row = {"at": at, "verb": verb, "target": target, "by": by, "because": because, "refusal": ""}
        row |= {"details": details, "once": once}
        return await finished(self._leave([row]), "store ask")

    async def ask_labels(self, wishes: Sequence[tuple[str, Wish]], by: str, at: Instant) -> int:
        with in_words(self._place):
            await self._check()
        return await finished(self._leave(marking.label_rows(wishes, by, at)), "store ask")

    async def ask_history(self, brand: str, history: Sequence[Imported], by: str, at: Instant) -> int:
        with in_words(self._place):
            await self._check()
        return await finished(self._leave([marking.history_row(brand, history, by, at)]), "store ask")

    async def asked_before(self, once: str) -> int | None:
        return await self._read(partial(queries.asked_before, once=once))

    async def ask_silence(self, wish: HushFor, because: str, by: str, at: Instant, *, once: str | None = None) -> int:
        with in_words(self._place):
            await self._check()
        return await finished(self._leave([{**silencing.wish_row(wish, because, by, at), "once": once}]), "store ask")

    async def ask_drill(self, wish: DrillFor, by: str, at: Instant) -> int:
        with in_words(self._place):
            await self._check()
        return await finished(self._leave([dict(drilling.wish_row(wish, by, at))]), "store ask")

    async def drills(self, *, number: int | None = None, open_only: bool = False, limit: int = 100) -> list[Drill]:
        return await self._read(partial(drilling.drills, number=number, open_only=open_only, limit=limit))

    async def silences(self, since: Instant | None = None, limit: int = 1_000) -> list[tuple[Silence, int]]:
        return await self._read(partial(silencing.silences, since=since, limit=limit))

    async def held_back(self, incident: str) -> list[HeldBack]:
        return await self._read(partial(silencing.held_back, incident=incident))

    async def told_in(self, message: str) -> list[str]:
        return await self._read(partial(outbox.told_in, message=message)) if message else []

    async def spared(self, incident: str) -> list[Spared]:
        return await self._read(partial(sparing.spared, incident=incident))

    async def kept_from(self, person: str, channels: Sequence[str], since: Instant) -> list[tuple[Spared, str, int]]:
        return await self._read(partial(sparing.kept_from, person=person, channels=channels, since=since))

    async def false_alarms(self, channels: Sequence[str], since: Instant) -> int:
        return await self._read(partial(sparing.false_alarms, channels=channels, since=since))

    async def notes(self, incident: str) -> list[Note]:
        return await self._read(partial(noting.notes, incident=incident))

    async def hold(self, incident: str) -> Hold | None:
        return await self._read(partial(noting.hold, incident=incident))

    async def kept(self, incident: str, limit: int = 1_000) -> list[Kept]:
        return await self._read(partial(noting.kept, incident=incident, limit=limit))

    async def ends(self) -> dict[str, int]:
        return await self._read(queries.sequences)

    async def since(self, after: Mapping[str, int], limit: int = 5_000) -> list[tuple[str, int, Input]]:
        return await self._read(partial(following.since, after=after, limit=limit)) if after else []

    async def counted(self, brand: str, since: Instant, until: Instant, width: Span) -> dict[Instant, Counted]:
        found: defaultdict[Instant, Counter[str]] = defaultdict(Counter)
        # in parts, so that no read lasts long however much was said
        for begin in range(since, until, _PART):
            part = partial(tallies.counted, brand=brand, since=begin, until=min(begin + _PART, until), width=width)
            for bin_, series in (await self._read(part)).items():
                found[bin_].update(series)
        return {begin: tallies.summed(series) for begin, series in sorted(found.items())}

    async def heard_since(self, brand: str) -> Instant | None:
        return await self._read(partial(tallies.heard_since, brand=brand))

    async def hearing(self, brand: str, since: Instant, until: Instant) -> tuple[bytes | None, list[Input]]:
        return await self._read(partial(tallies.hearing, brand=brand, since=since, until=until))

    async def asked_labels(self, limit: int = 10_000) -> list[Command]:
        return await self._read(partial(marking.waiting_labels, limit=limit))

    async def marks(self, brand: str, limit: int = MOST_MARKS) -> list[Marking]:
        return await self._read(partial(marking.marks, brand=brand, limit=limit))

    async def marked(self) -> dict[str, Marked]:
        return await self._read(marking.marked)

    async def models(self) -> list[ModelRow]:
        return await self._read(marking.models)

    async def tones(self, brand: str, limit: int = 20_000) -> list[tuple[Instant, Tone]]:
        return await self._read(partial(marking.tones, brand=brand, limit=limit))

    async def answer(self, command: int) -> Answered | None:
        return await self._read(partial(queries.answer, command=command))

    async def _leave(self, rows: Sequence[dict[str, object]]) -> int:
        engine = writing(self._place)
        try:
            with in_words(self._place):
                return await engine.run(partial(leave, rows=rows))
        finally:
            await engine.dispose()

    async def _read(self, query: Callable[[Connection], T]) -> T:
        with in_words(self._place):
            await self._check()
            return await self._engine.run(query)

    async def _check(self) -> None:
        if self._checked:
            return
        if self._place.file and not self._place.file.exists():
            refuse_moved(self._place.file)
            raise NoStoreError(
                f"there is no store at {self._place} yet: `badbuzz run` makes it; check the data directory"
            )
        found = await current(self._place, self._engine)
        if found != HEAD:
            way_out = (
                "`badbuzz run` or `badbuzz db migrate` brings" if self._place.file else "`badbuzz db migrate` brings"
            )
            raise SchemaError(f"the store {self._place} has the schema {found or 'of none'}: {way_out} it up to date")
        self._checked = True
