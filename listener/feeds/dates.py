"""Dates as feeds write them. Nothing is invented: what cannot be read with certainty is no date."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import get_month_names

_LONGEST = 100
_ENGLISH = ("en",)
_LOCALES = ("en", "fr", "de", "es", "it", "nl", "pt", "el", "hu", "ru", "pl", "sv", "da", "nb", "ro", "tr")
_EARLIEST_YEAR = 1000  # year 1 is how some programs write "never"

# hours from UTC; where a name has several meanings, the one RFC 5322 or most feeds give it
_ZONES = {
    **dict.fromkeys(("", "z", "ut", "utc", "gmt", "wet"), 0.0),
    "est": -5,
    "edt": -4,
    "et": -5,
    "cst": -6,
    "cdt": -5,
    "ct": -6,
    "mst": -7,
    "mdt": -6,
    "mt": -7,
    "pst": -8,
    "pdt": -7,
    "pt": -8,
    "akst": -9,
    "akdt": -8,
    "hst": -10,
    "ast": -4,
    "adt": -3,
    "nst": -3.5,
    "ndt": -2.5,
    "cet": 1,
    "met": 1,
    "mez": 1,
    "west": 1,
    "bst": 1,
    "cest": 2,
    "mest": 2,
    "mesz": 2,
    "eet": 2,
    "sast": 2,
    "eest": 3,
    "msk": 3,
    "trt": 3,
    "msd": 4,
    "gst": 4,
    "pkt": 5,
    "ist": 5.5,
    "ict": 7,
    "wib": 7,
    "hkt": 8,
    "sgt": 8,
    "awst": 8,
    "jst": 9,
    "kst": 9,
    "acst": 9.5,
    "aest": 10,
    "acdt": 10.5,
    "aedt": 11,
    "nzst": 12,
    "nzdt": 13,
    "brt": -3,
    "art": -3,
    "clt": -4,
    "cat": 2,
    "eat": 3,
    "wat": 1,
}

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:\s*[tT ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?\s*(.*)",
    re.DOTALL,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[tT ]?(\d{2})(\d{2})(\d{2})?(?:[.,](\d+))?)?\s*([^\d].*)?", re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})(?=\D|$)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?!\d)")
_COUNTED = re.compile(r"\d{4}-?w\d{2}(?:-?\d)?|(\d{4}-\d{3})")
_EPOCH = re.compile(r"(1\d{9})(\d{3})?")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|\.)?(?:\s+(?:de|of)\s+|[\s,-]*)([^\W\d_]{3,12})[\s.,-]*(?:de\s+)?(\d{4}|\d{2,3})(?![\d:])"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,12})[\s.,-]+(\d{1,2})(?:st|nd|rd|th|er)?[\s,]+(\d{4})(?![\d:])")
_UNIX = re.compile(r"([a-z]{3,12})\s+(\d{1,2})\s+(\d{1,2}:\d{2}(?::\d{2})?)\s+(?:([a-z]{1,5}|[+-]\d{4})\s+)?(\d{4})$")
_CLOCK = re.compile(
    r"(?<![\d.])(\d{1,2})(?:\s?[:h]\s?(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?|\.(\d{2})(?![\d.])|\s?h(?!\w))\s*([ap]\.?m\b\.?)?"
)
_OFFSET = re.compile(r"(?:gmt|utc|z)?\s*([+-])\s?(\d{1,2}):?(\d{2})?(?!\d)")


def read_date(text: str | None) -> datetime | None:
    """The moment a date names, in UTC; None when there is none or it is no date.

    Reads RFC 822, RFC 3339, W3CDTF, ISO 8601's weeks and days of the year, seconds or milliseconds since 1970, and
    their usual mistakes, with month names of many European languages, with or without accents. A date without time is
    midnight UTC, a time without zone or with an unknown one is UTC, and a month or a year alone is its first day, as
    W3CDTF has it. Two-digit years follow RFC 5322: 00 to 49 are in this century.
    """
    if not text or len(text) > _LONGEST:
        return None
    folded = _folded(text)
    for reader in (_iso, _counted, _compact, _unix, _worded):
        found = reader(folded)
        if found:
            return found
    return None


def _folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", re.sub(r"\([^)]*\)", " ", text.replace("\u2212", "-")))
    return " ".join("".join(mark for mark in bare if not unicodedata.combining(mark)).lower().split())


def _month(name: str) -> int | None:
    """The number of a month. What the libraries know of sixteen languages is 16 MiB, and most feeds write English."""
    return _months(_ENGLISH).get(name) or _months(_LOCALES).get(name)


@cache
def _months(locales: tuple[str, ...]) -> dict[str, int]:
    return {name: number for name, number in _month_names(locales) if len(name) >= 3}


def _month_names(locales: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for locale in locales:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=locale).items():
                yield _folded(name).rstrip("."), number
    yield from (("sept", 9), ("juil", 7), ("fev", 2), ("fevr", 2), ("janv", 1), ("avr", 4), ("dec", 12), ("aou", 8))


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if not match:
        return _made(int(text), 1, 1) if re.fullmatch(r"[12]\d{3}", text) else None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if hour is None and zone and not _is_offset(zone):
        return None
    clock = (int(hour), int(minute), int(second or 0), _micro(fraction)) if hour else None
    return _made(int(year), int(month), int(day or 1), clock, zone if clock else "")


def _counted(text: str) -> datetime | None:
    """Weeks of a year (`2021-w36-1`), days of a year (`2021-249`), seconds since 1970 (from 2001 to 2033)."""
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC) + timedelta(milliseconds=int(epoch[2] or 0))
    match = _COUNTED.fullmatch(text)
    if not match:
        return None
    try:
        found = datetime.strptime(f"{text} Z", "%Y-%j %z") if match[1] else datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC)


def _compact(text: str) -> datetime | None:
    match = _COMPACT.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    clock = (int(hour), int(minute), int(second or 0), _micro(fraction)) if hour else None
    return _made(int(year), int(month), int(day), clock, zone or "")


def _unix(text: str) -> datetime | None:
    match = _UNIX.search(text)
    month = _month(match[1]) if match else None
    if not match or not month:
        return None
    hour, minute, *second = map(int, match[3].split(":"))
    return _made(int(match[5]), month, int(match[2]), (hour, minute, second[0] if second else 0, 0), match[4] or "")


def _worded(text: str) -> datetime | None:
    found = _calendar(text)
    if not found:
        return None
    (year, month, day), rest = found
    match = _CLOCK.search(rest)
    if not match:
        return _made(year, month, day)
    clock = _hour(int(match[1]), match[6]), int(match[2] or match[5] or 0), int(match[3] or 0), _micro(match[4])
    return _made(year, month, day, clock, rest[match.end() :].strip(" .,"))


def _calendar(text: str) -> tuple[tuple[int, int, int], str] | None:
    """Year, month and day in a text, and what follows them (or stands before, when nothing follows)."""
    for match in _DAY_MONTH.finditer(text):
        if month := _month(match[2]):
            return (_century(match[3]), month, int(match[1])), _around(text, match)
    for match in _MONTH_DAY.finditer(text):
        if month := _month(match[1]):
            return (int(match[3]), month, int(match[2])), _around(text, match)
    if first := _YEAR_FIRST.search(text):
        return (int(first[1]), int(first[2]), int(first[3])), _around(text, first)
    last = _NUMBERS.search(text)
    order = _order(int(last[1]), int(last[3]), dotted=last[2] == ".") if last else None
    return ((int(last[4]), *order), _around(text, last)) if last and order else None


def _order(first: int, second: int, *, dotted: bool) -> tuple[int, int] | None:
    """Month and day of `25.3`, `3/25` or `25/3`; which of `3/4` is the month nobody can tell."""
    if dotted:
        return second, first
    if first == second or second > 12 >= first:
        return first, second
    return (second, first) if first > 12 >= second else None


def _around(text: str, match: re.Match[str]) -> str:
    after = text[match.end() :]
    return after if _CLOCK.search(after) else text[: match.start()]


def _century(year: str) -> int:
    number = int(year)
    if len(year) == 4:
        return number
    return number + (2000 if len(year) == 2 and number < 50 else 1900)


def _hour(hour: int, half: str | None) -> int:
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if half.startswith("p") else 0)


def _micro(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


def _made(
    year: int, month: int, day: int, clock: tuple[int, int, int, int] | None = None, zone: str = ""
) -> datetime | None:
    hour, minute, second, micro = clock or (0, 0, 0, 0)
    extra = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta(seconds=second == 60)
    try:
        local = datetime(
            year, month, day, hour % 24 if extra.days else hour, minute, min(second, 59), micro, _zone(zone)
        )
        found = local.astimezone(UTC) + extra
    except (ValueError, OverflowError):
        return None
    return found if found.year >= _EARLIEST_YEAR and second <= 60 else None


def _is_offset(text: str) -> bool:
    return text == "z" or bool(_OFFSET.fullmatch(text))


def _zone(text: str) -> tzinfo:
    match = _OFFSET.match(text)
    if match:
        hours, minutes = _offset(match[2], match[3])
        return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if match[1] == "-" else 1))
    name = text.split(" ", 1)[0].rstrip(".,;")
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    return _region(name) if "/" in name else UTC


def _offset(hours: str, minutes: str | None) -> tuple[int, int]:
    return int(hours), int(minutes or 0)


def _region(name: str) -> tzinfo:
    area, _, city = name.partition("/")
    try:
        return ZoneInfo(f"{area.title()}/{city.title().replace(' ', '_')}")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
