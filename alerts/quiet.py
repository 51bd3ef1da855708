"""Quiet hours of a person: until when what is not critical waits. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.hours import within
from rules.instant import DAY, MINUTE, Instant, moment

LONGEST = 8 * DAY
"""Nothing waits longer, whatever the hours say."""


def quiet_until(hours: Sequence[str], zone: str, at: Instant) -> Instant | None:
    """When the quiet hours end that the clock of a place shows at a moment: the first minute outside them. None when it
    shows none. An hour that a clock change repeats is quiet twice, one that it leaves out is not waited for.
    """
    end = _end(tuple(hours), zone, at // MINUTE)
    return None if end * MINUTE <= at else end * MINUTE


@lru_cache(maxsize=1_024)
def _end(hours: tuple[str, ...], zone: str, minute: int) -> int:
    place, last = ZoneInfo(zone), minute + LONGEST // MINUTE
    while minute < last and any(within(each, moment(minute * MINUTE).astimezone(place)) for each in hours):
        minute += 1
    return minute
