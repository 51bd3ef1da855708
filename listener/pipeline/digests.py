"""When a digest is due, and for whom. What it says is read when it is sent, so that nothing deleted is quoted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from alerts.alert import DigestOf, Notice
from alerts.delivery import Outgoing
from config.digest import DigestPlan
from config.settings import Settings
from listener.pipeline.notify import directory_of, to_operator
from listener.reporting.periods import last_before
from rules.instant import DAY, HOUR, MINUTE, Instant, instant, moment

_CAUGHT_UP = 28 * DAY
"""How far back what was due while the daemon was away is sent."""


class Digests:
    """Sends each once, when all before its hour is committed. What was due within the last hour before a start may be
    due anew: it has the same ids then, so nothing is delivered twice.
    """

    def __init__(self) -> None:
        self._told: Instant = 0

    def begin(self, committed: Instant) -> None:
        """Go on after what was committed last."""
        self._told = max(0, committed - HOUR)

    def due(self, settings: Settings, committed: Instant, at: Instant) -> list[Outgoing]:
        """What is to be sent now; everything up to `committed` can be read."""
        since = max(self._told or committed, committed - _CAUGHT_UP)
        if committed - since < MINUTE and self._told:
            return []
        self._told = committed
        return [
            each
            for plan in settings.digest
            for fire in fires(plan, since, committed, ZoneInfo(settings.daemon.time_zone))
            for brand in plan.brands
            for each in _of(plan, brand, fire, settings, at)
        ]


def fires(plan: DigestPlan, since: Instant, until: Instant, zone: ZoneInfo) -> Iterator[Instant]:
    """When it is due after `since`, up to `until`."""
    day, hour, minute = plan.when
    trigger = CronTrigger(day_of_week=day, hour=hour, minute=minute, timezone=zone)
    last = moment(since)
    while True:
        found: datetime | None = trigger.get_next_fire_time(None, last + timedelta(microseconds=1))
        if found is None or instant(found) > until:
            return
        last = found
        yield instant(found)


def _of(plan: DigestPlan, brand: str, fire: Instant, settings: Settings, at: Instant) -> list[Outgoing]:
    period = last_before(plan.every, fire, ZoneInfo(settings.daemon.time_zone))
    notice = Notice(
        id=f"digest-{brand}-{period.name}",
        topic="digest",
        at=moment(fire),
        subject=brand,
        brand=brand,
        digest=DigestOf(period=period.name, against=plan.against),
    )
    return to_operator(notice, readers(plan, brand, settings, at), at)


def readers(plan: DigestPlan, brand: str, settings: Settings, at: Instant) -> list[str]:
    """The channels of those who may know of the brand, and of those that it is compared with."""
    people = directory_of(settings)
    reached = [[people.reach(name, each, at) for each in (brand, *plan.against)] for name in plan.to]
    told = [each[0].seats for each in reached if all(meant.seats for meant in each)]
    return list(dict.fromkeys(seat.channel for seats in told for seat in seats))
