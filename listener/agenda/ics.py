"""iCalendar (RFC 5545) as others keep it: the events of a stretch of time, and nothing that would take for ever."""

from datetime import UTC, date, datetime, timedelta
from math import prod
from time import monotonic
from typing import Any

import msgspec

from config.values import YEARS
from listener.errors import FetchError

LARGEST = 1024 * 1024
"""Bytes of a calendar that are read."""
MOST = 2_000
"""Events that one may hold, and moments at which they take place in the stretch that is looked at."""
_REPEATING = 300
_LISTED = 1_000
_PATIENCE = 5.0
"""Seconds after which no further event is worked out."""
_SCARCE = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
_PACES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_TIMES_A_DAY = 24
_LONGEST = timedelta(days=366)
_WORDS = 500
# what libraries let out when they meet what no calendar holds
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


class CalendarError(FetchError):
    """What cannot be read as a calendar; the message says why, and holds nothing of it."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One time that an event takes place: a day when it is given without an hour, and without a time zone when it goes
    by the reader's clocks. `marks` are its categories and the hashtags of its title, in small letters; all of it is
    what strangers wrote.
    """

    title: str
    start: datetime | date
    end: datetime | date
    marks: frozenset[str] = frozenset()


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The events, in order, without those that were called off; `skipped` is how many cannot be worked out."""

    events: tuple[Event, ...] = ()
    skipped: int = 0


def contents(body: bytes, begin: datetime, end: datetime) -> Contents:
    """What takes place from `begin` to `end`, aware moments. Raises CalendarError when it is no calendar, or a larger
    one than anybody keeps by hand.
    """
    if len(body) > LARGEST:
        raise CalendarError(f"larger than {LARGEST // 1_048_576} MiB")
    try:
        return _contents(body, begin, end)
    except _BROKEN as error:
        raise CalendarError("not a calendar in iCalendar form") from error


def _contents(body: bytes, begin: datetime, end: datetime) -> Contents:
    from icalendar import Calendar  # noqa: PLC0415 - 5 MiB, for calendars that are kept elsewhere

    calendar: Any = Calendar.from_ical(body)
    listed = calendar.walk("VEVENT")
    if calendar.name != "VCALENDAR":
        raise CalendarError("not a calendar in iCalendar form")
    if len(listed) > MOST or sum("RRULE" in each for each in listed) > _REPEATING:
        raise CalendarError(f"more than {MOST} events, or more than {_REPEATING} that are repeated")
    found, skipped, until = list[Any](), 0, monotonic() + _PATIENCE
    for series in _series(listed):
        times = _times(calendar, series, begin, end)
        found += times or ()
        skipped += times is None
        if len(found) > MOST or monotonic() > until:
            raise CalendarError(f"more than {MOST} events within {(end - begin).days} days, or too much to work out")
    events = sorted((_event(each) for each in found if each.get("STATUS") != "CANCELLED"), key=_order)
    return Contents(events=tuple(events), skipped=skipped)


def _times(calendar: Any, series: list[Any], begin: datetime, end: datetime) -> list[Any] | None:
    """Each time that an event takes place; None when that cannot be worked out."""
    import recurring_ical_events  # noqa: PLC0415 - the same

    alone: Any = type(calendar)()
    alone.update({key: calendar[key] for key in ("X-WR-TIMEZONE",) if key in calendar})
    alone.subcomponents = [*calendar.walk("VTIMEZONE"), *series]
    try:
        return list(recurring_ical_events.of(alone).between(begin, end)) if all(map(_is_fit, series)) else None
    except _BROKEN:
        return None


def _series(events: list[Any]) -> list[list[Any]]:
    """Events with what changes single times of them."""
    by_name: dict[str, list[Any]] = {}
    for number, event in enumerate(events):
        by_name.setdefault(str(event.get("UID", number)), []).append(event)
    return list(by_name.values())


def _is_fit(event: Any) -> bool:
    """Whether its times can be worked out, and soon."""
    start = event.get("DTSTART")
    if start is None or start.dt.year not in YEARS or _length(event) > _LONGEST:
        return False
    listed = [dates for key in ("RDATE", "EXDATE") for dates in _many(event.get(key))]
    return sum(len(each.dts) for each in listed) <= _LISTED and all(map(_is_soon, _many(event.get("RRULE"))))


def _length(event: Any) -> timedelta:
    start, end, lasting = event["DTSTART"].dt, event.get("DTEND"), event.get("DURATION")
    if end is not None:
        return timedelta(days=(_day(end.dt) - _day(start)).days)
    length: timedelta = lasting.dt if lasting is not None else timedelta()
    return abs(length)


def _is_soon(rule: Any) -> bool:
    """Days are gone through one by one until one fits, to the year 9999 when none does: no rule of days may be such."""
    pace = str(rule.get("FREQ", [""])[0]).upper()
    a_day = prod(len(rule.get(key, [0])) for key in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if pace not in _PACES or a_day > _TIMES_A_DAY or int(rule.get("INTERVAL", [1])[0]) < 1:
        return False
    months = [int(month) for month in rule.get("BYMONTH", [1])]
    return pace in {"MONTHLY", "YEARLY"} or (not _SCARCE & rule.keys() and all(1 <= month <= 12 for month in months))


def _event(event: Any) -> Event:
    title = str(event.get("SUMMARY", ""))[:_WORDS]
    start = event["DTSTART"].dt
    categories = [str(each) for listed in _many(event.get("CATEGORIES")) for each in listed.cats][:_WORDS]
    words = [word.removeprefix("#") for word in title.split() if word.startswith("#")]
    marks = frozenset(mark.strip()[:_WORDS].casefold() for mark in (*categories, *words))
    return Event(
        title=title, start=_plain(start), end=_plain(event["DTEND"].dt if "DTEND" in event else start), marks=marks
    )


def _plain(moment: datetime | date) -> datetime | date:
    aware = isinstance(moment, datetime) and moment.tzinfo is not None
    return moment.astimezone(UTC) if aware and isinstance(moment, datetime) else moment


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _order(event: Event) -> tuple[str, str]:
    return str(event.start), event.title
