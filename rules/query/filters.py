"""What may be asked of a mention beside its words, and how it is written."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from types import MappingProxyType

from config.problems import closest
from rules.query.tree import Range
from rules.text import fold

Value = str | Range
Reader = Callable[[str, tzinfo], tuple[Value, ...]]
"""Reads one value, of the hours and days of a time zone. Raises ValueError, whose words are the way out."""

_KINDS = ("post", "comment", "reply", "repost", "quote", "review", "article", "video", "question")
_HELD = ("link", "hashtag", "handle", "cashtag", "emoji", "number", "question")
_TONES = {"negatif": "negative", "neutre": "neutral", "positif": "positive"}
_DAYS = {
    name: number
    for number, names in enumerate(
        ("mon lun 1", "tue mar 2", "wed mer 3", "thu jeu 4", "fri ven 5", "sat sam 6", "sun dim 7"), 1
    )
    for name in names.split()
}
_NUMBER = re.compile(r"(\d{1,15}(?:[.,]\d{1,6})?)(k|m|)", re.IGNORECASE)
_COMPARED = re.compile(r"(>=|<=|>|<|≥|≤)?\s*(.+?)", re.DOTALL)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
UNTOLD = frozenset({"bio"})
"""Fields of other tools that no source fills."""


def _text(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    return (fold(value.strip()),)


def _handle(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    return (fold(value.strip().removeprefix("@")),)


def _address(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", value.strip().lower()).rstrip("/")
    if not re.fullmatch(r"[\w\-]+(?:\.[\w\-]+)+(?::\d+)?(?:/\S*)?", bare):
        raise ValueError("such as site:example.org or site:example.org/news")
    return (bare,)


def _as_is(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    return (value.strip(),)


def _code(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    if not re.fullmatch(r"[A-Za-z]{2,3}", value):
        raise ValueError("two letters, such as fr")
    return (value.lower(),)


def _one_of(*names: str, also: Mapping[str, str] = MappingProxyType({})) -> Reader:
    def read(value: str, _zone: tzinfo) -> tuple[Value, ...]:
        name = fold(value.strip())
        name = also.get(name, name)
        if name not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return (name,)

    return read


def _amount(written: str) -> float:
    found = _NUMBER.fullmatch(written.strip())
    if not found:
        raise ValueError("such as >=5000, <10k or 1000..5000")
    return float(found[1].replace(",", ".")) * _TIMES[found[2].lower()]


def _numbers(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    low, dots, high = value.partition("..")
    if dots:
        return (Range(_amount(low), _amount(high)),)
    found = _COMPARED.fullmatch(value)
    if not found or not found[1]:
        raise ValueError("such as >=5000, <10k or 1000..5000")
    number, sign = _amount(found[2]), found[1]
    if sign[0] in ">≥":
        return (Range(low=number, low_in=sign != ">"),)
    return (Range(high=number, high_in=sign != "<"),)


def _moment(value: str, zone: tzinfo) -> float:
    try:
        if len(value) == len("2026-01-01"):
            at = datetime.combine(date.fromisoformat(value), time(), zone)
        else:
            at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("such as 2026-11-30 or 2026-11-30T18:00") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).timestamp()


def _after(value: str, zone: tzinfo) -> tuple[Value, ...]:
    return (Range(low=_moment(value, zone)),)


def _before(value: str, zone: tzinfo) -> tuple[Value, ...]:
    return (Range(high=_moment(value, zone), high_in=False),)


def _cyclic(names: Mapping[str, int], first: int, last: int, example: str) -> Reader:
    def read(value: str, _zone: tzinfo) -> tuple[Value, ...]:
        begin, dots, end = fold(value).partition("..")
        low, high = names.get(begin.strip()), names.get((end if dots else begin).strip())
        if low is None or high is None:
            raise ValueError(f"such as {example}")
        if low <= high:
            return (Range(low, high),)
        return Range(low, last), Range(first, high)

    return read


_HOURS = {written: hour for hour in range(24) for written in (str(hour), f"{hour:02}", f"{hour}h", f"{hour:02}:00")}

FILTERS: Mapping[str, Reader] = MappingProxyType(
    {
        "author": _handle,
        "to": _handle,
        "site": _address,
        "url": _text,
        "link": _address,
        "lang": _code,
        "country": _code,
        "is": _one_of(*_KINDS),
        "has": _one_of(*_HELD),
        "source": _text,
        "followers": _numbers,
        "reach": _numbers,
        "engagement": _numbers,
        "sentiment": _one_of("negative", "neutral", "positive", "unsupported", also=_TONES),
        "confidence": _numbers,
        "thread": _as_is,
        "after": _after,
        "before": _before,
        "hour": _cyclic(_HOURS, 0, 23, "9..18"),
        "dow": _cyclic(_DAYS, 1, 7, "mon..fri"),
    }
)
"""Filters by their names; values of each are told apart by how they are written."""
BY_TONE = frozenset({"sentiment", "confidence"})
"""Filters that ask in what tone a mention is."""
WORDS = ("title", "text", "raw", "plural")
"""Fields whose value is what is looked for."""


def advice(name: str) -> str:
    """What to write in place of a field that is not known."""
    if name in UNTOLD:
        return "leave it out"
    close = closest(name, [*FILTERS, *WORDS])
    quoted = "put it in quotation marks to look for these words"
    return f"did you mean '{close}:'? Otherwise {quoted}" if close else quoted
