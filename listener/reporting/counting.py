"""How much was said of a brand, day by day, beside the weeks before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alerts.digest import Counted, Day, Voice
from listener.reporting.periods import WEEK, Period, midnight
from listener.store.port import Views
from rules.instant import DAY, moment

BEFORE = 4
"""Weeks that tell what is usual."""
SHOWN = 7
"""Days of the chart."""


@dataclass(frozen=True)
class Days:
    """What was counted on each day; a day that is missing was not heard."""

    counted: Mapping[date, Counted]

    def of(self, period: Period) -> Counted | None:
        """The whole of a time; None where a day of it is missing."""
        days = [self.counted.get(day) for day in period.days()]
        return sum((day for day in days if day), Counted()) if all(day is not None for day in days) else None

    def before(self, period: Period) -> list[Counted]:
        """The same time of the weeks before, the last one first, as far as it is known."""
        found = [self.of(period.earlier(weeks)) for weeks in range(1, BEFORE + 1)]
        return [each for each in found if each is not None]

    def usual(self, day: date) -> float | None:
        """What the same weekday of the weeks before had on average."""
        found = [self.counted.get(day - weeks * WEEK) for weeks in range(1, BEFORE + 1)]
        known = [each.posts for each in found if each is not None]
        return sum(known) / len(known) if known else None

    def shown(self, period: Period) -> list[Day]:
        """The last seven days of a time."""
        days = [period.last - timedelta(days=number) for number in reversed(range(SHOWN))]
        return [Day(day=day, counted=self.counted[day], usual=self.usual(day)) for day in days if day in self.counted]


async def days_of(views: Views, brand: str, period: Period) -> Days:
    """Every day up to the end of a time that a comparison needs, of those that the brand was listened to and of which
    mentions are kept. Raises StoreError.
    """
    first = period.last - timedelta(days=SHOWN - 1) - BEFORE * WEEK
    heard = await views.heard_since(brand)
    if heard is None:
        return Days({day: Counted() for day in period.days()})
    known = moment(heard).astimezone(period.zone).date()
    # the first day may not have been heard from its beginning
    first = min(max(first, known + timedelta(days=1)), period.first)
    days = [first + timedelta(days=number) for number in range((period.last - first).days + 1)]
    return Days({day: await _on(views, brand, day, period.zone) for day in days})


async def _on(views: Views, brand: str, day: date, zone: ZoneInfo) -> Counted:
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return sum((await views.counted(brand, begin, end, DAY)).values(), Counted())


def voice(own: Days, others: Mapping[str, Days], period: Period) -> Voice | None:
    """The share of a brand beside others; None where nothing was said of any."""
    now = [days.of(period) or Counted() for days in (own, *others.values())]
    if not others or not sum(each.posts for each in now):
        return None
    return Voice(
        against=tuple(others),
        part=now[0].posts,
        whole=sum(each.posts for each in now),
        usual=_usual_share([days.before(period) for days in (own, *others.values())]),
    )


def _usual_share(before: Sequence[Sequence[Counted]]) -> float | None:
    weeks = min(map(len, before))
    whole = sum(each.posts for brand in before for each in brand[:weeks])
    return sum(each.posts for each in before[0][:weeks]) / whole if whole else None
