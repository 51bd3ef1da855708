"""Who is told: people, how they are reached, and what they see."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from config.hours import Hours
from config.model import Label, Model, TimeZone
from config.values import Language, Listed, OneOrMore

_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_FEW = re.compile(r"(\d{1,3}) per month")


def _few(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _FEW.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError("write how many you accept, like `4 per month`")
    return int(match[1])


PerMonth = Annotated[
    int,
    Field(ge=0, le=999),
    BeforeValidator(_few),
    PlainSerializer(lambda value: f"{value} per month", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["4 per month"]}),
]
"""A number for a month, written `4 per month`."""


def _dialled(value: object) -> object:
    if not isinstance(value, str):
        return value
    abroad = value.removeprefix("tel:").replace("(0)", " ")  # it is left out when one dials from abroad
    number = re.sub(r"[ \u00a0\u202f().-]+", " ", abroad).strip()
    if not _PHONE.fullmatch(number.replace(" ", "")):
        raise ValueError("write a number as one dials it from abroad, like `+33 1 99 00 12 34`")
    return number


Phone = Annotated[str, BeforeValidator(_dialled), WithJsonSchema({"type": "string", "examples": ["+33 1 99 00 12 34"]})]
"""A phone number of the world, `+` and digits, parted by spaces as it was written."""


def plain(called: str) -> str:
    """What people are called somewhere, as it is compared: `@Ann` is `ann`, and `telegram: @Ann` is `telegram:ann`."""
    kind, colon, name = (part.strip().removeprefix("@").strip() for part in called.partition(":"))
    return f"{kind}{colon}{name}".casefold()


def _somebody(value: str) -> str:
    if not all(plain(value).split(":", 1)):
        raise ValueError("names nobody: write a user id or an address, or `telegram:Ann Martin` for a name")
    return value


class Person(Model):
    """Somebody who is told. A route, the watch and the ladder name them by their key."""

    name: Label | None = None
    """What people call them, in alerts; their key when not given."""
    known_as: Listed[Annotated[str, AfterValidator(_somebody)]] = ()
    """How they are known where they take an incident in a channel that others read too: a user id or an address, such
    as `[U012AB34CD, ann@example.org]`; with the kind of channel in front, what they call themselves there, as anybody
    might: `telegram:Ann Martin`."""
    language: Language | None = None
    """Language of what they are told; that of the channel when not given."""
    time_zone: TimeZone | None = None
    """Time zone of what they are told, and of `quiet_hours`; that of the channel when not given."""
    call_by: Listed[str] = ()
    """Channels that reach them, all at once; none of somebody who is only named in playbooks, with a `phone`."""
    phone: Phone | None = None
    """Number by which colleagues call them, such as `+33 1 99 00 12 34`: a step of a playbook that needs them shows it,
    to be tapped. badbuzz itself calls nobody."""
    only: OneOrMore[str] | None = None
    """Only these brands: they hear of no other; all when not given."""
    lock_screen: Literal["full", "private"] = "full"
    """`private`: a notification names no brand, which is seen once the message is opened."""
    quiet_hours: Listed[Hours] = ()
    """When what is not critical waits, such as `22:00-07:00` or `Sat-Sun`, on channels that reach nobody else."""
    false_alarms: PerMonth | None = None
    """How many false alarms they accept in 30 days, such as `4 per month`: the nearer they come to it, the more it
    takes to tell them of something that is not critical, on channels that reach nobody else."""

    @model_validator(mode="after")
    def _somehow(self) -> Self:
        if not (self.call_by or self.phone):
            raise ValueError("cannot be reached: write `call_by`, or a `phone` for a contact in playbooks")
        return self
