"""How many false alarms its user accepts: `1 per month`."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

_DAYS = {"day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?) per (day|week|month|year)")


def parse_budget(value: object) -> object:
    """False alarms per 30 days of a text such as `1 per month` or `0.5 per week`; numbers pass through.

    Raises ValueError when it is neither, or not positive.
    """
    if not isinstance(value, str):
        return value
    found = _PATTERN.fullmatch(value.strip())
    if not found or float(found[1]) <= 0:
        raise ValueError("an alarm budget is written like `1 per month`, `2 per week` or `0.5 per day`")
    return float(found[1]) * 30.0 / _DAYS[found[2]]


Budget = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    BeforeValidator(parse_budget),
    WithJsonSchema({"type": "string", "examples": ["1 per month", "2 per week"]}),
]
"""False alarms per 30 days."""
