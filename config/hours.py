"""Hours of a week as people write them: `Mon-Fri 19:00-08:00`, `Fri 19:00 - Mon 08:00`, `Sat-Sun`, `08:00-20:00`."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_NAME, _TIME = rf"(?:{'|'.join(DAYS)})", r"\d{1,2}:\d\d"
_STRETCH = re.compile(rf"({_NAME}) +({_TIME}) *- *({_NAME}) +({_TIME})", re.IGNORECASE)
_DAILY = re.compile(
    rf"((?:{_NAME}(?:-{_NAME})?)(?:, *{_NAME}(?:-{_NAME})?)*)?(?:(?:^| +)({_TIME}) *- *({_TIME}))?", re.IGNORECASE
)


def within(hours: str, local: datetime) -> bool:
    """Whether the clock on the wall shows one of these hours. An hour that a clock change leaves out is never shown,
    and one that it repeats counts twice.
    """
    now = local.weekday() * _DAY + local.hour * 60 + local.minute
    return any((now - begin) % _WEEK < length for begin, length in _stretches(hours))


def fill_a_week(hours: Iterable[str]) -> bool:
    """Whether these hours together leave out no minute of a week."""
    return stretches(hours) == [(0, _WEEK)]


def stretches(hours: Iterable[str]) -> list[tuple[int, int]]:
    """(first minute of the week, minutes) of each stretch that these hours make together, in order; Monday 00:00 is 0.
    Those that overlap or follow each other are one; a whole week is (0, 10080).
    """
    taken = {
        (begin + minute) % _WEEK for each in hours for begin, length in _stretches(each) for minute in range(length)
    }
    if len(taken) == _WEEK:
        return [(0, _WEEK)]
    begins = sorted(minute for minute in taken if (minute - 1) % _WEEK not in taken)
    return [(begin, next(n for n in range(1, _WEEK) if (begin + n) % _WEEK not in taken)) for begin in begins]


def minute_of_week(text: str) -> int:
    """Minutes since Monday 00:00 of a text such as `Fri 19:00`. Raises ValueError with the way out."""
    match = re.fullmatch(rf"({_NAME}) +({_TIME})", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError("not a moment of the week: write a day and a time, such as `Fri 19:00`")
    return (_number(match[1]) * _DAY + _minute(match[2])) % _WEEK


def checked(text: str) -> str:
    """`text` when it says hours of a week. Raises ValueError with the way out."""
    _stretches(text)
    return text


@lru_cache(maxsize=256)
def _stretches(text: str) -> tuple[tuple[int, int], ...]:
    """(minute of the week, minutes) of each stretch."""
    plain = text.strip().replace("–", "-")
    if match := _STRETCH.fullmatch(plain):
        begin, end = _number(match[1]) * _DAY + _minute(match[2]), _number(match[3]) * _DAY + _minute(match[4])
        return ((begin, _positive((end - begin) % _WEEK)),)
    match = _DAILY.fullmatch(plain)
    if not match or not plain:
        raise ValueError("not hours of a week: write `Mon-Fri 19:00-08:00`, `Fri 19:00 - Mon 08:00` or `Sat-Sun`")
    first, last = _minute(match[2] or "0:00"), _minute(match[3] or "24:00")
    length = _positive(last - first if last > first else (last - first) % _DAY)
    return tuple((day * _DAY + first, length) for day in sorted(set(_days(match[1] or "Mon-Sun"))))


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begin = _number(first)
        for further in range((_number(last or first) - begin) % 7 + 1):
            yield (begin + further) % 7


def _number(day: str) -> int:
    return DAYS.index(day.title())


def _minute(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > _DAY:
        raise ValueError(f"no time of a day: {clock}; write 00:00 to 24:00")
    return hour * 60 + minute


def _positive(length: int) -> int:
    if length == 0:
        raise ValueError("ends when it begins: a whole day is `00:00-24:00`, or its name alone")
    return length


def _moment_of_week(text: str) -> str:
    minute_of_week(text)
    return text


MomentOfWeek = Annotated[
    str,
    AfterValidator(_moment_of_week),
    WithJsonSchema({"type": "string", "examples": ["Fri 19:00"]}),
]
"""A day of the week and a time, by the clock on the wall of some place."""
Hours = Annotated[
    str,
    AfterValidator(checked),
    WithJsonSchema({"type": "string", "examples": ["Mon-Fri 19:00-08:00", "Fri 19:00 - Mon 08:00", "Sat-Sun"]}),
]
"""Hours of a week, by the clock on the wall of some place."""
