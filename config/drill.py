"""Fire drills: a made-up crisis that goes the real way to the phone, so that the way is known to work."""

from datetime import timedelta
from typing import Annotated

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, Field, WithJsonSchema

from config.model import Duration, Model
from config.values import Listed

_FIELDS, _WEEKDAY = 5, 4


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != _FIELDS:
        raise ValueError("write minute, hour, day, month and weekday, like `0 10 1-7 * tue`")
    if any(sign.isdigit() for sign in fields[_WEEKDAY].partition("/")[0]):
        raise ValueError("write weekdays as words, such as tue or mon-fri: programs count them differently")
    try:
        CronTrigger.from_crontab(text, timezone="UTC")
    except ValueError:
        raise ValueError(
            "no such time: write it like `0 10 1-7 * tue`, the first Tuesday of a month at 10:00"
        ) from None
    return " ".join(fields)


Cron = Annotated[
    str,
    AfterValidator(_cron),
    WithJsonSchema({"type": "string", "examples": ["0 10 1-7 * tue", "30 9 * * mon"]}),
]
"""When something comes again: minute, hour, day of the month, month and weekday, all of which must fit."""


class Drill(Model):
    """Fire drills. `badbuzz drill` starts one at any time."""

    every: Cron | None = None
    """When one starts by itself: minute, hour, day, month, weekday, by the daemon's clock on the wall. `0 10 1-7 * tue`
    is the first Tuesday of each month at 10:00. Never when not given."""
    brand: str | None = None
    """The brand it is about, whose routes it takes; the first one when not given."""
    to: Listed[str] = ()
    """The only channels that drills may reach. When not given: those of the routes that are not for some brands alone,
    as such a one may be a client's."""
    lasting: Annotated[Duration, Field(alias="for", ge=timedelta(minutes=1), le=timedelta(hours=24))] = timedelta(
        minutes=30
    )
    """After this long it ends, whether or not somebody has taken it."""
