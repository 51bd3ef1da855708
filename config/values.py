"""Values that several sections of a configuration are made of."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config.model import Model

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


class Stretch(Model):
    """What has a beginning and an end."""

    since: Day = Field(alias="from")
    """Its first day, or the minute it begins, such as `2026-11-19T18:00`, in the daemon's time zone."""
    until: Day = Field(alias="to")
    """Its last day, which is meant whole, or the minute it ends."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begins >= self.ends:
            raise ValueError("`from` must be before `to`")
        return self

    @property
    def begins(self) -> datetime:
        """The first moment, without a time zone."""
        return first_moment(self.since)

    @property
    def ends(self) -> datetime:
        """The first moment after, without a time zone."""
        until = self.until
        return until if isinstance(until, datetime) else first_moment(until + timedelta(days=1))
