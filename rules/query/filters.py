"""What may be asked of a mention beside its words, and how it is written."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from types import MappingProxyType

from config.problems import closest
from rules.query.addresses import asked_address
from rules.query.codes import country, language
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
UNTOLD: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("bio", "bio_name", "bio_location"), "what authors say of themselves is not read from any source"
        ),
        **dict.fromkeys(
            ("place", "place_country", "location", "city"), "where authors are is not read from any source"
        ),
        **dict.fromkeys(("gender", "verified", "bot"), "that is not read of authors from any source"),
    }
)
"""Fields of other tools that nothing fills here, and why."""
_INSTEAD = MappingProxyType(
    {
        **dict.fromkeys(("retweet", "share", "rt", "boost"), "is:repost"),
        **dict.fromkeys(("tweet", "toot"), "is:post"),
        **dict.fromkeys(("news", "blog"), "is:article"),
        **dict.fromkeys(("links", "url", "urls"), "has:link"),
        **dict.fromkeys(("mention", "mentions", "handles"), "has:handle"),
        **dict.fromkeys(("video", "videos"), "is:video"),
        **{f"{held}s": f"has:{held}" for held in ("hashtag", "cashtag", "emoji", "number", "question")},
    }
)
"""What is meant by values of `is:` and `has:` of other tools."""
_CALLED: Mapping[str, str] = MappingProxyType(
    {
        "from": "author:", "since": "after:", "until": "before:", "language": "lang:", "domain": "site:",
        "content": "text:", "body": "text:", "type": "is:", "links": "link:", "platform": "source:", "near": "NEAR/5",
        "hashtag": "#word", "hashtags": "#word", "mention": "@name", "mentions": "@name", "list": "@list(name)",
        "emoji": "the emoji alone",
    }
)  # fmt: skip
"""What fields of other tools are called here."""
_UNREAD = frozenset(
    {"image", "images", "picture", "photo", "media", "gif", "poll", "geo", "location", "video_link"}
    | {"verified", "bot", "nullcast", "sensitive"}
)


def _begun(name: str) -> Reader:
    def read(value: str, _zone: tzinfo) -> tuple[Value, ...]:
        folded = fold(value.strip()).removeprefix("@")
        if not folded:
            raise ValueError(f"such as {name}:acme")
        if "*" in folded[:-1] or folded == "*":
            raise ValueError("* stands only at the end of a name, such as acme*")
        return (folded,)

    return read


def _address(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    return (asked_address(value),)


def _inside(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    if "*" in value:
        raise ValueError("leave * out: it is looked for anywhere in the address")
    if not value.strip():
        raise ValueError("such as url:word")
    return (fold(value.strip()),)


def _as_is(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    if not value.strip():
        raise ValueError("such as thread:ID")
    return (value.strip(),)


def _code(known: Callable[[str], str | None], name: str, *also: str) -> Reader:
    def read(value: str, _zone: tzinfo) -> tuple[Value, ...]:
        bare = value.strip().lower()
        code = known(bare)
        if code is None:
            raise ValueError(f"two letters, such as {name}:fr")
        if bare not in (code, *also):
            raise ValueError(f"write {name}:{code}")
        return (code,)

    return read


def _one_of(*names: str, also: Mapping[str, str] = MappingProxyType({})) -> Reader:
    def read(value: str, _zone: tzinfo) -> tuple[Value, ...]:
        name = fold(value.strip())
        name = also.get(name, name)
        if name in names:
            return (name,)
        if name in _INSTEAD:
            raise ValueError(f"write {_INSTEAD[name]}")
        unread = "that is not read from any source: leave it out, or write " if name in _UNREAD else ""
        raise ValueError(f"{unread}one of {', '.join(names)}")

    return read


def _amount(written: str) -> float:
    found = _NUMBER.fullmatch(written.strip())
    if not found:
        raise ValueError("such as >=5000, <10k or 1000..5000")
    return float(found[1].replace(",", ".")) * _TIMES[found[2].lower()]


def _range(value: str) -> Range:
    low, dots, high = value.partition("..")
    if dots:
        if _amount(low) > _amount(high):
            raise ValueError(f"the smaller number stands first: {high.strip()}..{low.strip()}")
        return Range(_amount(low), _amount(high))
    found = _COMPARED.fullmatch(value)
    if not found or not found[1]:
        raise ValueError("such as >=5000, <10k or 1000..5000")
    number, sign = _amount(found[2]), found[1]
    if sign[0] in ">≥":
        return Range(low=number, low_in=sign != ">")
    return Range(high=number, high_in=sign != "<")


def _numbers(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    asked = _range(value)
    if asked.high == 0 and not asked.high_in:
        raise ValueError("nothing is below 0")
    return (asked,)


def _share(value: str, _zone: tzinfo) -> tuple[Value, ...]:
    asked = _range(value)
    if not any(map(asked.holds, (0, 1))) and not (asked.low is not None and asked.low < 1):
        raise ValueError("from 0 to 1, such as >0.8")
    return (asked,)


def _moment(value: str, zone: tzinfo) -> float:
    try:
        return _at(value, zone).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("such as 2026-11-30 or 2026-11-30T18:00") from None


def _at(value: str, zone: tzinfo) -> datetime:
    if len(value) == len("2026-01-01"):
        return datetime.combine(date.fromisoformat(value), time(), zone)
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _after(value: str, zone: tzinfo) -> tuple[Value, ...]:
    return (Range(low=_moment(value, zone)),)


def _before(value: str, zone: tzinfo) -> tuple[Value, ...]:
    return (Range(high=_moment(value, zone), high_in=False),)


def _cyclic(names: Mapping[str, int], first: int, last: int, example: str) -> Reader:
    def read(value: str, _zone: tzinfo) -> tuple[Value, ...]:
        begin, dots, end = fold(value).partition("..")
        low, high = names.get(begin.strip()), names.get((end if dots else begin).strip())
        if low is None or high is None:
            raise ValueError(example)
        if low <= high:
            return (Range(low, high),)
        return Range(low, last), Range(first, high)

    return read


_HOURS = {written: hour for hour in range(24) for written in (str(hour), f"{hour:02}", f"{hour}h", f"{hour:02}:00")}

FILTERS: Mapping[str, Reader] = MappingProxyType(
    {
        "author": _begun("author"),
        "to": _begun("to"),
        "site": _address,
        "url": _inside,
        "link": _address,
        "lang": _code(language, "lang"),
        "country": _code(country, "country", "uk"),
        "is": _one_of(*_KINDS),
        "has": _one_of(*_HELD),
        "source": _begun("source"),
        "followers": _numbers,
        "reach": _numbers,
        "engagement": _numbers,
        "sentiment": _one_of("negative", "neutral", "positive", "unsupported", also=_TONES),
        "confidence": _share,
        "thread": _as_is,
        "after": _after,
        "before": _before,
        "hour": _cyclic(_HOURS, 0, 23, "from 0 to 23, such as 9..18"),
        "dow": _cyclic(_DAYS, 1, 7, "such as mon..fri or lun..ven"),
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
    if name in _CALLED:
        return f"write {_CALLED[name]}"
    close = closest(name, [*FILTERS, *WORDS])
    quoted = "put it in quotation marks to look for these words"
    return f"did you mean '{close}:'? Otherwise {quoted}" if close else quoted
