"""Watch-only mode: incidents are recorded as ever, and nobody is woken; once a day people hear what would have rung."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.alert import Held, Notice
from alerts.delivery import Outgoing
from alerts.step import Step
from config.settings import Settings
from listener.pipeline.describe import page_of
from listener.pipeline.notify import route, to_operator
from listener.pipeline.watched import is_held, watched_until
from listener.store.port import IncidentRow, Views
from rules.instant import Instant, duration, instant, moment
from rules.transition import SEVERITIES, Transition

TOLD_AT = time(9)
"""When in a day people hear of it, in the time zone of the configuration."""
_MOST = 1_000
_CAUGHT_UP = 7
"""Days that are told of afterwards when the daemon was away."""


class Digest:
    """Tells each day once, when all before its hour is committed. A day is told anew after a start: as its notices have
    the same ids then, nothing is delivered twice.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._told: Instant = 0

    def begin(self, settings: Settings, committed: Instant) -> None:
        """Go on after what was committed last, of which the last day may not have been told."""
        zone = ZoneInfo(settings.daemon.time_zone)
        self._told = _last_hour(_last_hour(committed, zone) - 1, zone) if committed else 0

    async def due(self, settings: Settings, committed: Instant, at: Instant) -> list[Outgoing]:
        """What is to be told now; everything up to `committed` can be read. Raises StoreError."""
        zone = ZoneInfo(settings.daemon.time_zone)
        last = _last_hour(committed, zone)
        since = self._told or _last_hour(last - 1, zone)
        if not committed or since >= last:
            return []
        self._told = last
        return [
            each
            for begin, end in _days(since, last, zone)
            for brand in settings.brands
            for each in await self._of(settings, brand, begin, end, at)
        ]

    async def _of(self, settings: Settings, brand: str, begin: Instant, end: Instant, at: Instant) -> list[Outgoing]:
        until = watched_until(settings, brand)
        if until is None:
            return []
        rows = [row for row in await self._views.incidents(brand=brand, limit=_MOST) if begin <= row.opened_at < end]
        steps = [(row, await self._views.transition(f"{row.id}.0")) for row in reversed(rows) if is_held(settings, row)]
        held = [_held(row, step) for row, step in steps if step]
        if not held:
            return []
        notice = Notice(
            id=f"held-{brand}-{end}",
            topic="held",
            at=moment(end),
            subject=brand,
            brand=brand,
            link=page_of(steps[0][0], settings),
            held=tuple(held),
            watched_since=moment(begin),
            until=until,
        )
        worst = max((each.severity for each in held), key=SEVERITIES.index)
        return to_operator(notice, route(settings, Step(brand=brand, severity=worst, at=end)).channels, at)


def _held(row: IncidentRow, opening: Transition) -> Held:
    evidence = opening.evidence
    return Held(
        number=row.number,
        rule=row.rule,
        severity=next(each for each in SEVERITIES if each == row.severity),
        at=moment(row.opened_at),
        count=evidence.count,
        window=duration(evidence.window),
        usual=evidence.usual,
        unit=evidence.unit,
    )


def _last_hour(at: Instant, zone: ZoneInfo) -> Instant:
    """The last time that the clock there struck TOLD_AT."""
    local = moment(max(at, 0)).astimezone(zone)
    today = instant(datetime.combine(local.date(), TOLD_AT, tzinfo=zone))
    return today if today <= at else instant(datetime.combine(local.date() - timedelta(days=1), TOLD_AT, tzinfo=zone))


def _days(since: Instant, until: Instant, zone: ZoneInfo) -> Iterator[tuple[Instant, Instant]]:
    ends = [until]
    while len(ends) <= _CAUGHT_UP and ends[-1] > since:
        ends.append(_last_hour(ends[-1] - 1, zone))
    return pairwise(reversed(ends))
