"""Values that several sections of a configuration are made of."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Language = Literal["fr", "en"]
Severity = Literal["info", "warning", "critical"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

ItemT = TypeVar("ItemT")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _OneOrMore:
    """In an editor's eyes: one value or a list of them."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


Listed = Annotated[tuple[ItemT, ...], BeforeValidator(_listed), _OneOrMore()]
"""A value or a list of values, as a tuple."""
OneOrMore = Annotated[tuple[ItemT, ...], Field(min_length=1), BeforeValidator(_listed), _OneOrMore()]
"""A value or a list of values, as a tuple; never empty."""


def _language_code(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", text):
        raise ValueError("not a language code: write fr, en, es ...")
    return text


LanguageCode = Annotated[str, AfterValidator(_language_code)]


def times(value: object) -> object:
    """The number of a multiple such as `x2`. Raises ValueError with the way out."""
    if isinstance(value, str) and (match := re.fullmatch(r"x\s*(\d+(?:\.\d+)?)", value.strip())):
        return float(match[1])
    raise ValueError("write how many times as many, like `x2` or `x1.5`")


def _day(value: object) -> object:
    if isinstance(value, date):
        moment = value
    else:
        try:
            moment = date.fromisoformat(str(value)) if len(str(value)) <= _DATE else datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError("write a day, like 2026-11-09, or a minute of it, like 2026-11-09T18:00") from None
    if moment.year not in YEARS:
        raise ValueError("too far away")
    if isinstance(moment, datetime) and moment.tzinfo:
        raise ValueError("without a time zone: it is the daemon's")
    return moment


_DATE = len("2026-11-09")
YEARS = range(2000, 2200)
"""Years that somebody may mean."""
MOST_TIMES = 100
Times = Annotated[
    float,
    Field(gt=1, le=MOST_TIMES),
    BeforeValidator(times),
    PlainSerializer(lambda value: f"x{value:g}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["x2"]}),
]
"""A multiple of what is usual."""
Day = Annotated[
    datetime | date,
    BeforeValidator(_day),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-11-09", "2026-11-19T18:00"]}),
]
"""A day, or a minute of it where clocks are those of the daemon's time zone."""


def first_moment(day: date) -> datetime:
    """When a `Day` begins, without a time zone."""
    return day if isinstance(day, datetime) else datetime.combine(day, time())


def moment_after(day: date) -> datetime:
    """The first moment after a `Day`, without a time zone; a day is meant whole, a minute ends where it is named."""
    return day if isinstance(day, datetime) else datetime.combine(day + timedelta(days=1), time())
