"""A dossier read from the store."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from alerts.alert import Quote
from alerts.digest import Counted
from alerts.dossier import Bin, Curve, Dossier, Held, Moment, Removed
from config.settings import Settings
from listener.pipeline.notify import directory_of
from listener.pipeline.remarking import begin_of
from listener.reporting.lives import life_of
from listener.reporting.silent import listening, not_heard
from listener.store.port import IncidentRow, StoredMention, Views
from rules.classify import full_text
from rules.instant import HOUR, MINUTE, Instant, Span, duration, moment
from rules.mention import Mention
from rules.series import series_of
from rules.transition import Transition

_BINS = 48
"""Steps of a chart, which is told as a table as well."""
_AROUND = 2 * HOUR
_MOMENTS, _DELIVERIES = 300, 200
_QUOTED, _READ = 20, 2_000
_Outcome = Literal["sent", "due", "parked", "cancelled"]


class Dossiers:
    """Reads dossiers, in the names that people use."""

    def __init__(self, views: Views, settings: Settings) -> None:
        self._views, self._settings = views, settings

    async def of(self, row: IncidentRow, now: Instant) -> Dossier:
        """All of an incident. Raises StoreError."""
        views, settings = self._views, self._settings
        steps = [step async for step in views.transitions(row.id)]
        last, begin = steps[-1].evidence, await begin_of(row, views)
        end = steps[-1].at if steps[-1].state == "resolved" else max(now, steps[-1].at + 1)
        moments = sorted(await self._moments(row, steps), key=lambda each: each.at)
        quotes, unquoted = await self._quotes(row, steps, begin, end)
        silent, stopped = await not_heard(views, settings, row.brand, begin, end)
        replied = next((step.evidence.answered_at for step in reversed(steps) if step.evidence.answered_at), None)
        hold, brand = await views.hold(row.id), settings.brands.get(row.brand)
        return Dossier(
            incident=row.id,
            brand=(brand.name if brand else None) or row.brand,
            lived=life_of(steps, settings, row),
            made_at=moment(now),
            peak_at=None if last.peak_at is None else moment(last.peak_at),
            replied_at=None if replied is None else moment(replied),
            during=last.during,
            sources={self._source(name): count for name, count in _widest(steps).evidence.sources.items()},
            words=_widest(steps).evidence.words,
            curve=await self._curve(row, steps[0], begin, end),
            moments=tuple(moments[:_MOMENTS]),
            more=len(moments[_MOMENTS:]),
            quotes=tuple(quotes),
            unquoted=unquoted,
            listening=len(listening(settings, row.brand)),
            unheard=tuple(silent),
            stopped=stopped,
            judged_by=row.judged_by or "",
            judged_because=row.judged_because or "",
            hold=Held(at=moment(hold.at), by=hold.by, because=hold.because) if hold else None,
            removed=tuple(
                [
                    Removed(deleted_at=moment(each.deleted_at), quote=self._quote(each.mention))
                    for each in await views.kept(row.id)
                ]
            ),
        )

    def _source(self, name: str) -> str:
        source = self._settings.sources.get(name)
        return source.label if source else name

    async def _moments(self, row: IncidentRow, steps: Sequence[Transition]) -> list[Moment]:
        held = {each.step for each in await self._views.held_back(row.id) if each.told_at is None}
        spared, called = await self._views.spared(row.id), directory_of(self._settings).called
        found = [*_first(steps)]
        for step in steps:
            names = tuple(called(each.person) for each in spared if each.step == step.step)
            found.append(_step(step, held=step.step in held, spared=names))
        found += [
            Moment(at=moment(note.at), what="note", by=note.by, text=note.text)
            for note in await self._views.notes(row.id)
        ]
        channels = self._settings.channels
        for each in await self._views.deliveries(thread=row.id, limit=_DELIVERIES):
            label = channels[each.channel].label if each.channel in channels else each.channel
            at, outcome = each.finished or each.created, msgspec.convert(each.state, _Outcome)
            found.append(Moment(at=moment(at), what="delivery", channel=label, outcome=outcome))
        return found

    async def _quotes(
        self, row: IncidentRow, steps: Sequence[Transition], begin: Instant, end: Instant
    ) -> tuple[list[Quote], int]:
        """The texts that steps were told by, then those of most followers; and how many were left out."""
        named = {name for step in steps for name in step.evidence.mentions.values()}
        told = await self._views.mentions(identities=sorted(named), limit=_QUOTED) if named else []
        all_ = await self._views.mentions(brand=row.brand, until=end, limit=_READ)
        of = steps[0].evidence.of
        mine = [each for each in all_ if each.at >= begin and of in series_of(each.facts[row.brand])]
        rest = sorted(mine, key=lambda each: -(each.mention.author.followers or 0))
        # what many copy is quoted once
        chosen: dict[str, StoredMention] = {}
        for each in (*sorted(told, key=_taken), *rest):
            if not each.deleted:
                chosen.setdefault(full_text(each.mention), each)
        quoted = [self._quote(each.mention) for each in chosen.values()]
        return quoted[:_QUOTED], len(quoted[_QUOTED:])

    def _quote(self, mention: Mention) -> Quote:
        return Quote(
            role="latest",
            platform=mention.platform,
            source=self._source(mention.source),
            text=mention.text or mention.title or "",
            handle=mention.author.handle or mention.author.name,
            followers=mention.author.followers,
            url=mention.url,
            created_at=mention.created_at,
            language=mention.language,
        )

    async def _curve(self, row: IncidentRow, opening: Transition, begin: Instant, end: Instant) -> Curve | None:
        width = _width(opening.evidence.window, begin - _AROUND, end)
        since, until = (begin - _AROUND) // width * width, -(-end // width) * width
        counted = await self._views.counted(row.brand, since, until, width)
        if not counted:
            return None
        evidence = opening.evidence
        return Curve(
            width=duration(width),
            of="negative" if evidence.of == "negative" else "posts",
            bins=tuple(Bin(at=moment(at), counted=counted.get(at, Counted())) for at in range(since, until, width)),
            usual=evidence.usual if width == evidence.window and evidence.unit == "mentions" else None,
        )


def _width(window: Span, since: Instant, until: Instant) -> Span:
    """The window of the rule, or so many of them that a chart has few steps."""
    width = max(window, 5 * MINUTE)
    while (until - since) > (_BINS - 2) * width:
        width *= 2
    return width


def _widest(steps: Sequence[Transition]) -> Transition:
    return max(steps, key=lambda step: step.evidence.count)


def _taken(stored: StoredMention) -> Instant:
    return stored.at


def _first(steps: Sequence[Transition]) -> Iterator[Moment]:
    evidence = [step.evidence for step in steps]
    first = evidence[0].first_at
    if first is not None:
        yield Moment(at=moment(first), what="first")
    replied = next((each.answered_at for each in reversed(evidence) if each.answered_at), None)
    if replied is not None:
        yield Moment(at=moment(replied), what="reply")


def _step(step: Transition, *, held: bool, spared: tuple[str, ...]) -> Moment:
    return Moment(
        at=moment(step.at),
        what="step",
        state=step.state,
        severity=step.severity,
        count=step.evidence.count,
        unit=step.evidence.unit,
        by=step.by or "",
        text=step.because or "",
        held=held,
        spared=spared,
    )
