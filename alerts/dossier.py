"""All that is known of one incident, for whoever looks back at it, before it is put into words."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from alerts.alert import Quote
from alerts.digest import Counted, Lived, Unheard
from rules.transition import Severity, State, Unit


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted from a moment on, in one step of a chart."""

    at: datetime
    counted: Counted


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Mentions in steps of `width`, of which those that the rule counts are `of`; `usual` is what such a step usually
    has, None where that is not known.
    """

    width: timedelta
    of: Literal["negative", "posts"]
    bins: tuple[Bin, ...] = ()
    usual: float | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: a step of the incident, its first mention, a note, an official reply, or a delivery of a
    step through `channel`, of which `outcome` tells what came. `held` says that nobody was told of a step, and `spared`
    who was not, for the ceiling of their false alarms.
    """

    at: datetime
    what: Literal["step", "first", "note", "reply", "delivery"]
    state: State | None = None
    severity: Severity | None = None
    count: int = 0
    unit: Unit = "mentions"
    by: str = ""
    text: str = ""
    channel: str = ""
    outcome: Literal["sent", "due", "parked", "cancelled", ""] = ""
    held: bool = False
    spared: tuple[str, ...] = ()


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """A mention that its author deleted since the incident is on hold, as it was."""

    deleted_at: datetime
    quote: Quote


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The legal hold on an incident."""

    at: datetime
    by: str
    because: str


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """Times are aware UTC. `lived` is its life in figures; `posts`, `negative` and `authors` were counted at its last
    step, `during` since its opening. `moments` are in order; `more` moments and `unquoted` mentions were left out.
    `peak_at` is when most was said, `replied_at` when the brand itself first wrote since the opening.
    """

    incident: str
    brand: str
    lived: Lived
    made_at: datetime
    peak_at: datetime | None = None
    replied_at: datetime | None = None
    during: int | None = None
    sources: dict[str, int] = {}
    words: dict[str, int] = {}
    curve: Curve | None = None
    moments: tuple[Moment, ...] = ()
    more: int = 0
    quotes: tuple[Quote, ...] = ()
    unquoted: int = 0
    listening: int = 0
    unheard: tuple[Unheard, ...] = ()
    stopped: timedelta = timedelta()
    judged_by: str = ""
    judged_because: str = ""
    hold: Held | None = None
    removed: tuple[Removed, ...] = ()
