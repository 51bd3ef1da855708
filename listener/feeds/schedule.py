"""When a feed is read next: what the operator wants, and never sooner than the publisher asks."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from listener.feeds.entry import Feed

LONGEST = timedelta(hours=24)
"""No publisher keeps us away longer than this."""

_LONGEST_BACKOFF = timedelta(hours=1)
_MOST_DOUBLINGS = 10
_AGE = re.compile(r"(?<![\w-])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_HOUR = timedelta(hours=1)


def next_reading(
    now: datetime, every: timedelta, *, headers: Mapping[str, str], feed: Feed | None, random: Random
) -> datetime:
    """When to read again after a reading that went well: `every` give or take a tenth, or later when `Cache-Control`,
    `Expires` or the feed's ttl say so, and outside the hours and days on which the publisher wants no readers.
    """
    asked = max(timedelta(minutes=feed.ttl if feed else 0), _fresh(headers, now))
    wait: timedelta = max(every * random.uniform(0.9, 1.1), min(asked, LONGEST))
    return _outside(now + wait, feed) if feed else now + wait


def after_failure(
    now: datetime, every: timedelta, failures: int, *, asked: timedelta | None, random: Random
) -> datetime:
    """When to try again after `failures` in a row (1 or more): twice as long each time, up to an hour or `every`,
    and not before `asked` (what the server said) has passed.
    """
    wait: timedelta = min(every * 2 ** min(failures - 1, _MOST_DOUBLINGS), max(every, _LONGEST_BACKOFF))
    return now + max(wait * random.uniform(0.9, 1.1), asked or timedelta())


def _fresh(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long the answer stays fresh, as a cache would reckon (RFC 9111 4.2.1)."""
    said = headers.get("cache-control", "")
    if re.search(r"no-cache|no-store", said, re.IGNORECASE):
        return timedelta()
    match = _AGE.search(said)
    if match:
        age = headers.get("age", "").strip()
        return timedelta(seconds=max(0, int(match[1]) - (int(age) if re.fullmatch(r"\d{1,9}", age) else 0)))
    expires = _http_date(headers.get("expires"))
    return max(timedelta(), expires - (_http_date(headers.get("date")) or now)) if expires else timedelta()


def _http_date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found and not found.tzinfo else found


def _outside(due: datetime, feed: Feed) -> datetime:
    latest = due + LONGEST
    while due < latest and (due.hour in feed.quiet_hours or due.weekday() in feed.quiet_days):
        due = due.replace(minute=0, second=0, microsecond=0) + _HOUR
    return min(due, latest)
