"""Who reads how the week went, or the day, and when."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from config.hours import DAYS
from config.model import Model
from config.values import Listed, OneOrMore

_AT = re.compile(rf"(?:({'|'.join(DAYS)}) +)?(\d\d?):(\d\d)", re.IGNORECASE)


def _moment(text: str) -> str:
    match = _AT.fullmatch(text.strip())
    if not match or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError("write a time of the day, like `08:00`, or of a week, like `Mon 08:00`")
    return text.strip()


class DigestPlan(Model):
    """Who hears, once a week or once a day, how their brands fared: one message for each brand, so that no message
    mixes two clients. A calm week is told as well.
    """

    to: OneOrMore[str]
    """Channels that are told, each in its own language."""
    brands: OneOrMore[str]
    """Brands that these readers may know of."""
    against: Listed[str] = ()
    """Other brands that are watched to compare with, such as competitors: the brand's share of what is said of all."""
    every: Literal["week", "day"] = "week"
    """`week` tells the last week from Monday to Sunday, `day` the day before."""
    at: Annotated[str, AfterValidator(_moment)] = "08:00"
    """When, in the daemon's time zone: `08:00`, or `Tue 08:00` of a week, which else is Monday."""

    @model_validator(mode="after")
    def _fits(self) -> "DigestPlan":
        if self.every == "day" and " " in self.at:
            raise ValueError("`at` names a day of the week: leave it out, or write `every: week`")
        if set(self.brands) & set(self.against):
            raise ValueError("a brand is not compared with itself: take it out of `against`")
        return self

    @property
    def when(self) -> tuple[str, int, int]:
        """Days of the week as cron names them, hour and minute."""
        match = _AT.fullmatch(self.at)
        assert match
        day = (match[1] or "Mon").lower() if self.every == "week" else "*"
        return day, int(match[2]), int(match[3])
