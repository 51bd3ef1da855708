"""What a server says about when to come back."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=24)
"""No server makes us wait longer than this before we look again."""


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A `Retry-After` header as a span from `now`, within [0, 24 h]; None when there is none or it cannot be read.

    Both forms of RFC 9110 10.2.3: seconds (fractions occur) and an HTTP date.
    """
    if value is None:
        return None
    text = value.strip()
    wait = _seconds(text) if text[:1].isdigit() or text[:1] in "+-." else _until(text, now)
    return None if wait is None else min(max(wait, timedelta()), LONGEST)


def _seconds(text: str) -> timedelta | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if math.isnan(number):
        return None
    return timedelta(seconds=min(max(number, 0.0), LONGEST.total_seconds()))


def _until(text: str, now: datetime) -> timedelta | None:
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)) - now
