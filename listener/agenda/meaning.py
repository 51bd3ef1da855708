"""What the events of a calendar mean for brands: posts and campaigns, by a rule that is stated in the documents."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.agenda import NOTHING, Planned, Span
from alerts.alert import Slot
from config.calendar import CalendarFile, on_the_clock
from config.settings import Brand
from config.values import MOST_TIMES, first_moment
from listener.agenda.ics import Event
from rules.text import defuse, shorten

POSTS, CAMPAIGNS = frozenset({"post", "publication"}), frozenset({"campaign", "campagne"})
"""Marks that say what an event is."""
LONGEST_NAME = 80
_TIMES = re.compile(r"(?<!\w)x\s?(\d{1,3}(?:[.,]\d{1,2})?)(?!\w)", re.IGNORECASE)
_MARK = re.compile(r"#\w+")


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What is planned by brand, and how many events are left out: `unmarked` do not say what they are, `nobodys` are of
    no brand that is watched, `hourless` are posts of a whole day.
    """

    agenda: dict[str, Planned]
    unmarked: int = 0
    nobodys: int = 0
    hourless: int = 0


def meaning_of(events: Iterable[Event], entry: CalendarFile, brands: Mapping[str, Brand], zone: ZoneInfo) -> Meaning:
    """What the events of the calendar `entry` come to. `zone` is that of events that name none."""
    agenda: dict[str, Planned] = {}
    left_out = {"unmarked": 0, "nobodys": 0, "hourless": 0}
    for event in events:
        brand, kind = _brand(event, entry, brands), _kind(event, entry)
        if kind is None or brand is None:
            left_out["unmarked" if kind is None else "nobodys"] += 1
        elif kind == "post" and not isinstance(event.start, datetime):
            left_out["hourless"] += 1
        else:
            own = _post(event, entry, zone) if kind == "post" else _campaign(event, zone)
            agenda[brand] = agenda.get(brand, NOTHING) + own
    return Meaning(agenda=agenda, **left_out)


def _kind(event: Event, entry: CalendarFile) -> str | None:
    if event.marks & CAMPAIGNS:
        return "campaign"
    return "post" if event.marks & POSTS else entry.unmarked


def _brand(event: Event, entry: CalendarFile, brands: Mapping[str, Brand]) -> str | None:
    if entry.brand is not None:
        return entry.brand
    named = [key for key, brand in brands.items() if event.marks & {key, (brand.name or key).casefold()}]
    alone = list(brands) if len(brands) == 1 else []
    return next(iter(named or alone), None)


def _post(event: Event, entry: CalendarFile, zone: ZoneInfo) -> Planned:
    at = on_the_clock(first_moment(event.start), zone)
    return Planned(posts=(Slot(name=_name(event.title), at=at, stop_with=entry.stop_with),))


def _campaign(event: Event, zone: ZoneInfo) -> Planned:
    since, until = (on_the_clock(first_moment(day), zone) for day in (event.start, event.end))
    whole = not isinstance(event.start, datetime)
    until = max(until, on_the_clock(first_moment(_next(event.start)), zone)) if whole else until
    found = _TIMES.search(event.title)
    posts = float(found[1].replace(",", ".")) if found else 0.0
    span = Span(since=since, until=until, name=_name(event.title), posts=posts if 1 < posts <= MOST_TIMES else None)
    return Planned(spans=(span,)) if since < until else NOTHING


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _name(title: str) -> str:
    """The title without the marks that are for us."""
    bare = " ".join(_TIMES.sub(" ", _MARK.sub(" ", defuse(title))).split())
    return shorten(bare or defuse(title), LONGEST_NAME) or "?"
