"""What an operator knows beforehand of brands: campaigns, scheduled posts, live events, calendars kept elsewhere."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

from config.model import Duration, Label, Model, beside
from config.values import YEARS, Stretch, Times

_DATE = len("2026-11-09")
_WEB = re.compile(r"(?:https?|webcals?)://", re.IGNORECASE)
_LONGEST_ADDRESS = 2_000
SHORTEST_INTERVAL = timedelta(minutes=5)


def _minute(value: object) -> object:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or (isinstance(value, str) and len(value) <= _DATE):
        raise ValueError("write a minute of a day, like 2026-11-14T23:30")
    if moment.year not in YEARS:
        raise ValueError("too far away")
    return moment


def _hashtag(text: str) -> str:
    if not re.fullmatch(r"#\w+", text) or text[1:].isdecimal():
        raise ValueError("write one hashtag, like `#AcmeAirRepond`")
    return text


Minute = Annotated[
    datetime,
    BeforeValidator(_minute),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-11-14T23:30"]}),
]
"""A minute of a day; without an offset from UTC, by the clocks of the daemon's time zone."""
Hashtag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=100),
    AfterValidator(_hashtag),
]
"""A hashtag with its sign."""
Note = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""A few words on one line."""


def _place(value: object, info: ValidationInfo) -> object:
    """A web address as it is asked for, or a path beside the configuration file."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("write the address of a calendar, https://..., or a file, such as acme.ics")
    text = value.strip()
    if len(text) > _LONGEST_ADDRESS:
        raise ValueError("too long an address")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        return beside(text, info)
    if not _WEB.match(text):
        raise ValueError("not a web address: it starts with https://, http:// or webcal://")
    return re.sub(r"^webcals?://", "https://", text, flags=re.IGNORECASE)


class Expected(Model):
    """What a campaign brings."""

    posts: Times
    """How many times as many posts as usual, at most, such as `x2`."""


class OfBrand(Model):
    """What concerns one brand."""

    brand: str
    """The brand it is of."""


class Campaign(Stretch, OfBrand):
    """A campaign that is known beforehand: while it runs, `spike` expects more posts, authors and stories. Rules on
    negative mentions and on words stay as watchful as they are.
    """

    name: Label
    """What people call it."""
    expect: Expected
    """What it brings: `{posts: x2}`."""


class Post(OfBrand):
    """A post that is scheduled: alerts name it, so that somebody can hold it."""

    name: Label
    """What people call it."""
    post_at: Minute
    """When it is published, such as `2026-11-14T23:30`, in the daemon's time zone."""
    stop_with: Note | None = None
    """Where it is stopped, such as `scheduler, button Hold`."""


class Live(Stretch, OfBrand):
    """A live event: for its time, every post with its hashtag is a mention of the brand, whatever the query says."""

    live: Hashtag
    """The hashtag, such as `#AcmeAirRepond`."""
    report: bool = False
    """Whether those who hear of the brand's serious incidents are told at its end what came of it."""
    expect: Expected | None = None
    """What it brings, as for a campaign: `{posts: x5}`."""


class CalendarFile(Model):
    """A calendar that is kept elsewhere, in iCalendar form."""

    ics: Annotated[str, BeforeValidator(_place)]
    """Its address (`https://...`, `webcal://...`), or a file; a relative one is beside the configuration file."""
    every: Annotated[Duration, Field(ge=SHORTEST_INTERVAL)] = timedelta(hours=1)
    """How often it is read."""
    brand: str | None = None
    """The brand of all its events; without it, each event names its own."""
    unmarked: Literal["post", "campaign"] | None = None
    """What an event is that does not say so; left out when not given."""
    stop_with: Note | None = None
    """Where its posts are stopped."""
    allow_private: bool = False
    """Whether the address may be one of a private network."""

    @property
    def is_file(self) -> bool:
        """Whether it is read from this machine."""
        return not _WEB.match(self.ics)

    @property
    def label(self) -> str:
        """What it may be called where others read it: an address may hold a secret anywhere but in its host."""
        return (
            Path(self.ics).name
            if self.is_file
            else re.split(r"[/?#]", self.ics.partition("://")[2])[0].rpartition("@")[2]
        )


Entry = Campaign | Post | Live | CalendarFile
EXAMPLE = "- {brand: ..., name: ..., from: ..., to: ..., expect: {posts: x2}}"


def model_of(held: Any) -> type[Campaign | Post | Live | CalendarFile]:
    """The model of an entry as it is written: its keys tell."""
    keys = held if isinstance(held, dict) else {}
    marks: dict[str, type[Campaign | Post | Live | CalendarFile]] = {"ics": CalendarFile, "post_at": Post, "live": Live}
    return next((model for key, model in marks.items() if key in keys), Campaign)


def on_the_clock(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which clocks of `zone` show `local`, in UTC; the first where they show it twice, and where they
    leave it out, the moment they would show it had they not been put forward. One with an offset is that moment.
    """
    return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(ZoneInfo("UTC"))


def shown_times(local: datetime, zone: ZoneInfo) -> int:
    """How often clocks of `zone` show `local`: once, but for nights on which they are put forward (0) or back (2)."""
    if local.tzinfo:
        return 1
    utc = ZoneInfo("UTC")
    moments = {local.replace(tzinfo=zone, fold=fold).astimezone(utc) for fold in (0, 1)}
    return sum(moment.astimezone(zone).replace(tzinfo=None) == local for moment in moments)
