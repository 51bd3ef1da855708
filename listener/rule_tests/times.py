"""Moments of a test as people write them: `2d 00:05` from its beginning on, a duration, or an instant."""

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from config.model import parse_duration
from rules.instant import Instant, instant, span

_CLOCK = re.compile(r"(?:(\S+)\s+)?(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_DATE = re.compile(r"\d{4}-")
_REPEAT = re.compile(r"(\d{1,9})\s*[x×]\s*(\S+)")
_LONGEST = timedelta(days=100_000)  # longer than any test: what is added cannot overflow
_WRITE = "write it like 2d 00:05, 1h30m, or 2026-11-02T08:00:00+01:00"


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return parse_duration(value)
    text = value.strip()
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = clock.groups()
        passed = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
        return min(_duration(days or "0s"), _LONGEST) + passed
    return _instant(text) if _DATE.match(text) else _duration(text)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not a time: {_WRITE}") from None
    if found.tzinfo is None:
        raise ValueError(f"no time zone: {_WRITE}")
    return found


def _duration(text: str) -> timedelta:
    try:
        found = parse_duration(text)
    except ValueError:
        raise ValueError(f"not a time: {_WRITE}") from None
    assert isinstance(found, timedelta)
    return found


def _repeat(value: object) -> object:
    """`30x20s` as (30, 20 s)."""
    found = _REPEAT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None and not isinstance(value, tuple):
        raise ValueError("not a repeat: write it like 30x20s, thirty times with 20 seconds in between")
    return (int(found[1]), parse_duration(found[2])) if found else value


When = Annotated[
    timedelta | datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "$comment": "time", "examples": ["2d 00:05", "1h30m", "2026-11-02T08:00+01:00"]}),
]
"""A moment: so long after the beginning, or an instant with its time zone."""

Repeat = Annotated[
    tuple[int, timedelta],
    BeforeValidator(_repeat),
    WithJsonSchema({"type": "string", "$comment": "repeat", "examples": ["30x20s"]}),
]
"""How often, and how long after each other."""


def resolve(when: timedelta | datetime, start: datetime) -> Instant:
    """The instant of a moment in a test that begins at `start`."""
    return instant(start) + span(when) if isinstance(when, timedelta) else instant(when)


def told(at: Instant, start: datetime) -> str:
    """An instant as `2d 00:05`, with seconds where there are some."""
    seconds, rest = divmod(at - instant(start), 1_000_000)
    minutes, second = divmod(seconds, 60)
    days, minute = divmod(minutes, 24 * 60)
    exact = f":{second:02}" + (f".{rest:06}" if rest else "") if second or rest else ""
    return f"{days}d {minute // 60:02}:{minute % 60:02}{exact}"
