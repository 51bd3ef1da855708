"""Moments inside the engine: integers, so that a replay is exact and comparisons are cheap."""

from datetime import UTC, datetime, timedelta

Instant = int
"""Microseconds since 1970-01-01T00:00:00 UTC."""

Span = int
"""Microseconds between two instants."""

SECOND: Span = 1_000_000
MINUTE: Span = 60 * SECOND
HOUR: Span = 60 * MINUTE
DAY: Span = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def instant(moment: datetime) -> Instant:
    """The instant of an aware datetime, exact to the microsecond."""
    return (moment - _EPOCH) // _TICK


def moment(at: Instant) -> datetime:
    """The aware UTC datetime of an instant. Raises OverflowError outside years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=at)


def span(duration: timedelta) -> Span:
    """A duration in microseconds."""
    return duration // _TICK


def duration(microseconds: Span) -> timedelta:
    """The duration of a span."""
    return timedelta(microseconds=microseconds)
