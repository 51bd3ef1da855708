"""A digest read from the store: counted, or quoted, and nothing else."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from alerts.agenda import NOTHING, Span, together, written
from alerts.alert import Quote
from alerts.ceiling import Spared
from alerts.digest import Because, Counted, Digest, Event, Practised, Withheld
from config.settings import Settings
from listener.agenda.copies import elsewhere
from listener.pipeline.believing import believed
from listener.pipeline.notify import directory_of
from listener.pipeline.pacing import has_waited
from listener.pipeline.watched import is_held
from listener.reporting.agenda import ahead, campaigns, events
from listener.reporting.counting import days_of, voice
from listener.reporting.lives import lived
from listener.reporting.periods import Period
from listener.reporting.silent import listening, not_heard
from listener.reporting.worth import worth_answering
from listener.store.port import IncidentRow, Views
from rules.instant import DAY, Instant, duration, instant, moment

_INCIDENTS = 1_000
"""The newest of a brand: what is told of, and what alerts are measured by."""
_LISTED = 50
"""Incidents of one digest."""


class Digests:
    """Reads digests, with the names that people use."""

    def __init__(self, views: Views, settings: Settings) -> None:
        self._views, self._settings = views, settings

    async def of(self, brand: str, period: Period, now: Instant, against: Sequence[str] = ()) -> Digest:
        """How a time went for a brand, beside the brands `against` it. Raises StoreError."""
        views, settings = self._views, self._settings
        days, agenda = await days_of(views, brand, period), await asyncio.to_thread(elsewhere, settings, now)
        planned = together((written(settings), agenda)).get(brand, NOTHING)
        others = {self._called(name): await days_of(views, name, period) for name in against}
        rows = await views.incidents(brand=brand, limit=_INCIDENTS)
        mine = [row for row in rows if _is_in(row, period)][:_LISTED]
        worth, read = await worth_answering(views, brand, period.since, period.until)
        silent, stopped = await not_heard(views, settings, brand, period.since, period.until)
        return Digest(
            id=f"digest-{brand}-{period.name}",
            brand=self._called(brand),
            every=period.every,
            since=moment(period.since),
            until=moment(period.until),
            made_at=moment(now),
            counted=days.of(period) or Counted(),
            before=tuple(days.before(period)),
            days=tuple(days.shown(period)),
            voice=voice(days, others, period),
            incidents=tuple([await lived(views, settings, row) for row in reversed(mine)]),
            withheld=(*await self._withheld(mine), *await self._spared(mine)),
            worth=tuple(replace(each, quote=self._sourced(each.quote)) for each in worth),
            read=read,
            campaigns=tuple(campaigns(planned, period, days)),
            events=tuple([await self._event(brand, each) for each in events(planned, period)]),
            sources=len(listening(settings, brand)),
            unheard=tuple(silent),
            stopped=stopped,
            believed=await believed(rows, views),
            drill=await self._drill(brand, now),
            ahead=tuple(ahead(planned, settings, await views.silences(period.until), brand, period)),
        )

    async def _event(self, brand: str, span: Span) -> Event:
        said = await self._views.counted(brand, instant(span.since), instant(span.until), DAY)
        total = sum(said.values(), Counted())
        return Event(tag=span.tag or "", begins=span.since, ends=span.until, counted=total)

    def _sourced(self, quote: Quote) -> Quote:
        source = self._settings.sources.get(quote.source)
        return replace(quote, source=source.label) if source else quote

    def _called(self, brand: str) -> str:
        configured = self._settings.brands.get(brand)
        return (configured.name if configured else None) or brand

    async def _drill(self, brand: str, now: Instant) -> Practised | None:
        past = [each for each in await self._views.drills() if each.brand == brand and (each.ended_at or now) < now]
        if not past:
            return None
        last = past[0]
        return Practised(
            at=moment(last.at),
            taken_after=duration(last.taken_at - last.at) if last.taken_at else None,
            missed=sum(each.after is None for each in last.reached),
        )

    async def _withheld(self, rows: Sequence[IncidentRow]) -> list[Withheld]:
        silences = {each.number: each for each, _ in await self._views.silences()}
        steps: Counter[tuple[Because, int]] = Counter()
        numbers: dict[tuple[Because, int], list[int]] = {}
        for row in rows:
            held: list[tuple[Because, int]] = [
                ("silence", each.silence) if each.silence else ("beside", 0)
                for each in await self._views.held_back(row.id)
            ]
            waited = {each.transition for each in await self._views.deliveries(thread=row.id) if has_waited(each)}
            held += [("quiet", 0)] * len(waited)
            held += [("watched", 0)] if is_held(self._settings, row) else []
            steps.update(held)
            for key in dict.fromkeys(held):
                numbers.setdefault(key, []).append(row.number)
        return [
            Withheld(
                steps=count,
                incidents=tuple(sorted(numbers[reason, number])),
                reason=reason,
                by=silences[number].by if number in silences else "",
                because=silences[number].because if number in silences else "",
            )
            for (reason, number), count in sorted(steps.items())
        ]

    async def _spared(self, rows: Sequence[IncidentRow]) -> list[Withheld]:
        """What the ceilings of people held back from them, as far as they used them up last."""
        found: dict[str, list[tuple[Spared, int]]] = {}
        for row in rows:
            for each in await self._views.spared(row.id):
                found.setdefault(each.person, []).append((each, row.number))
        last = {person: max(kept, key=lambda each: each[0].at)[0] for person, kept in found.items()}
        people = directory_of(self._settings)
        return [
            Withheld(
                steps=len(kept),
                incidents=tuple(sorted(number for _, number in kept)),
                reason="ceiling",
                by=people.called(person),
                had=last[person].had,
                accept=last[person].accept,
            )
            for person, kept in sorted(found.items())
        ]


def _is_in(row: IncidentRow, period: Period) -> bool:
    is_over = row.state == "resolved"
    return row.opened_at < period.until and not (is_over and row.changed_at < period.since)
