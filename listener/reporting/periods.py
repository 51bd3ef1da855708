"""Weeks and days as a reader's calendar has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.digest import Every
from rules.instant import Instant, instant, moment

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Period:
    """A week from Monday on, or a day, in a time zone; `first` is its first day."""

    every: Every
    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """`2026-W46`, or `2026-11-14`."""
        if self.every == "day":
            return self.first.isoformat()
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first if self.every == "day" else self.first + WEEK - timedelta(days=1)

    @property
    def since(self) -> Instant:
        """Its first instant."""
        return midnight(self.first, self.zone)

    @property
    def until(self) -> Instant:
        """The first instant after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def following(self) -> "Period":
        """The week or day after it."""
        return Period(every=self.every, first=self.last + timedelta(days=1), zone=self.zone)

    def days(self) -> Iterator[date]:
        """Those it has."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)

    def earlier(self, weeks: int) -> "Period":
        """The same time so many weeks before."""
        return Period(every=self.every, first=self.first - weeks * WEEK, zone=self.zone)


def midnight(day: date, zone: ZoneInfo) -> Instant:
    """When a day begins there."""
    return instant(datetime.combine(day, time(), tzinfo=zone))


def last_before(every: Every, at: Instant, zone: ZoneInfo) -> Period:
    """The last week or day that was over by then."""
    today = moment(at).astimezone(zone).date()
    first = today - timedelta(days=1) if every == "day" else today - timedelta(days=today.weekday()) - WEEK
    return Period(every=every, first=first, zone=zone)


def named(name: str, zone: ZoneInfo) -> Period:
    """The week of `2026-W46`, or the day of `2026-11-14`. Raises ValueError."""
    year, is_week, week = name.upper().partition("-W")
    if is_week:
        return Period(every="week", first=date.fromisocalendar(int(year), int(week), 1), zone=zone)
    return Period(every="day", first=date.fromisoformat(name), zone=zone)
