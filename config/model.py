"""The base of everything an operator writes, and the value types that options are made of."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    DirectoryPath,
    FilePath,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

from config.problems import did_you_mean

Secret = SecretStr
"""A value that never appears in a log, an error, a repr or a metric; `get_secret_value()` reveals it."""

UNFIT = re.compile("[\0\ud800-\udfff]")
"""What no text holds, and neither a file nor a store takes: a zero, and half of a pair of surrogates."""
_UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile(r"(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?")


class Model(BaseModel):
    """Options: immutable, no unknown key, and errors that never repeat the value (it may be a secret)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )


def parse_duration(value: object) -> object:
    """A Prometheus duration (`1h30m`, `90d`, `500ms`) as a timedelta; other types pass through unchanged.

    Raises ValueError with the way out when a string or number is not such a duration.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0:
        raise ValueError(f"a duration needs a unit, such as {value}s or {value}m")
    if value == 0:
        return timedelta()
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text or not _DURATION.fullmatch(text):
        raise ValueError("not a duration: write it like 30s, 5m, 1h30m or 90d, largest unit first")
    parts = re.findall(r"(\d+)(ms|[wdhms])", text)
    try:
        return timedelta(milliseconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except (OverflowError, ValueError):  # Python takes no number of more than 4,300 digits
        raise ValueError("too long a duration: at most 999999999d") from None


def format_duration(span: timedelta) -> str:
    """The shortest Prometheus duration of a span, to the millisecond: `1h30m`; zero is `0s`."""
    rest, text = round(span / timedelta(milliseconds=1)), ""
    for unit, size in _UNITS.items():
        if unit != "w" and rest >= size:
            text += f"{rest // size}{unit}"
            rest %= size
    return text or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "$comment": "duration", "examples": ["30s", "5m", "1h30m", "90d"]}),
]
"""A span of time, written as a Prometheus duration."""


def time_zone(name: str) -> str:
    """`name` when it is a time zone. Raises ValueError with the way out."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:  # a folder of zones, such as `Europe`, is an OSError
        close = did_you_mean(name, available_timezones()) or "write it like Europe/Paris"
        raise ValueError(f"unknown time zone; {close}") from error
    return name


def beside(value: object, info: ValidationInfo) -> object:
    """A relative path as one beside the configuration file, when an option is read from such a file."""
    folder = (info.context or {}).get("folder")
    return str(folder / Path(value).expanduser()) if folder and isinstance(value, str) else value


def writable_name(path: Path) -> Path:
    """`path` when a folder may be called so. Raises ValueError."""
    if UNFIT.search(str(path)):
        raise ValueError("not a usable path")
    return path


def parse_until(value: object) -> object:
    """The day of a text such as `until 2026-12-03`; a day passes through. Raises ValueError with the way out."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).removeprefix("until").strip())
    except ValueError:
        raise ValueError("write the first day on which it rings again, like `until 2026-12-03`") from None


Until = Annotated[
    date,
    BeforeValidator(parse_until),
    PlainSerializer(lambda day: f"until {day}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["until 2026-12-03"]}),
]
"""Up to a day, and not that day itself."""

File = Annotated[FilePath, BeforeValidator(beside)]
"""A file that exists; a relative one is beside the configuration file."""

Folder = Annotated[DirectoryPath, BeforeValidator(beside)]
"""A folder that exists; a relative one is beside the configuration file."""

TimeZone = Annotated[str, AfterValidator(time_zone)]
"""The name of a time zone, such as Europe/Paris."""


LONGEST_LABEL = 40
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
"""What people call something, on one line."""


def secrets_in(value: object) -> Iterator[str]:
    """Every secret inside a model, however deep, revealed: for masking them elsewhere."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from secrets_in(inner)
