"""How a week or a day of one brand went, before it is put into words. All of it is counted, or quoted."""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from alerts.alert import Quote
from alerts.figures import Of
from rules.confidence import Word
from rules.transition import Ending, Severity, Unit

Every = Literal["week", "day"]
Because = Literal["silence", "beside", "watched", "quiet", "ceiling"]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Mentions of some time: all, those of each tone, and those in a language of which no tone can be told."""

    posts: int = 0
    negative: int = 0
    positive: int = 0
    unsupported: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            posts=self.posts + other.posts,
            negative=self.negative + other.negative,
            positive=self.positive + other.positive,
            unsupported=self.unsupported + other.unsupported,
        )

    @property
    def judged(self) -> int:
        """Those of which the tone was told."""
        return self.posts - self.unsupported


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the last seven; `usual` is what the same weekday of the weeks before had on average, None where that
    is not known.
    """

    day: date
    counted: Counted
    usual: float | None = None


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """`part` of `whole` mentions of this brand and those `against` it are of this brand; `usual` is its share in the
    weeks before, 0 to 1, None where that is not known.
    """

    against: tuple[str, ...]
    part: int
    whole: int
    usual: float | None = None


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that opened, or was open, in that time. `severity` is the highest it had; `ended_at` is None while it
    is open. It was open `times` times, as it came back after an end; `taken_after` counts from the opening or the
    return before, `replied_after` from the opening; `hears_replies`: the brand's own accounts are known. `peak` in
    `window` was the most, `usual` what that window usually has.
    """

    number: int
    rule: str
    severity: Severity
    of: Of
    opened_at: datetime
    ended_at: datetime | None = None
    times: int = 1
    taken_after: timedelta | None = None
    replied_after: timedelta | None = None
    hears_replies: bool = False
    ending: Ending | None = None
    peak: int = 0
    unit: Unit = "mentions"
    window: timedelta = timedelta()
    usual: float | None = None
    watched: bool = False


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of incidents that nobody was told of: for a silence of `by`, who said why; beside a critical incident; as
    the brand was only watched; or, not told to `by` alone, as they had `had` false alarms of the `accept` they accept.
    In `quiet` hours: that somebody was told of when these were over.
    """

    steps: int
    incidents: tuple[int, ...]
    reason: Because
    by: str = ""
    because: str = ""
    had: int = 0
    accept: int = 0


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """A mention that somebody may want to answer: a question or a wish, or praise."""

    kind: Literal["asks", "praise"]
    quote: Quote


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign: `expected` and `measured` are multiples of what is usual, the latter of the whole days of this time
    on which it ran; None where that is not known.
    """

    name: str
    expected: float | None = None
    measured: float | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A live event that ended in this time, and what was said of the brand meanwhile."""

    tag: str
    begins: datetime
    ends: datetime
    counted: Counted


class Unheard(msgspec.Struct, frozen=True, kw_only=True):
    """How long a source was not heard at all (`blind`) or in part (`partly`); of `lost` nothing can be read any more.
    `never`: it was not heard yet.
    """

    source: str
    blind: timedelta = timedelta()
    partly: timedelta = timedelta()
    lost: timedelta = timedelta()
    never: bool = False


class Believed(msgspec.Struct, frozen=True, kw_only=True):
    """Of the incidents that were told of with `word` when they opened, those that people called `real`, and `false`
    alarms; `unjudged` ones nobody said anything of.
    """

    word: Word
    real: int
    false: int
    unjudged: int


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the time to come: a campaign, a live event or a scheduled post of `name`, who has the watch from
    then on, a planned drill, the end of a silence for that reason, or that of a time of only watching.
    """

    what: Literal["campaign", "live", "post", "watch", "drill", "silence", "rings"]
    name: str
    at: datetime


class Practised(msgspec.Struct, frozen=True, kw_only=True):
    """The last drill about the brand; `taken_after` is None where nobody took it, `missed` counts channels that got
    nothing.
    """

    at: datetime
    taken_after: timedelta | None = None
    missed: int = 0


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """The time from `since` until just before `until`, midnights of the reader's clock; aware UTC, as all moments.

    `before` is the same time of up to four weeks before, the last one first: those of which all is known. `sources` is
    how many listen for the brand. `read` is how many mentions were looked through for `worth`, None when all were.
    `stopped` is how long badbuzz itself was not running.
    """

    id: str
    brand: str
    every: Every
    since: datetime
    until: datetime
    made_at: datetime
    counted: Counted
    before: tuple[Counted, ...] = ()
    days: tuple[Day, ...] = ()
    voice: Voice | None = None
    incidents: tuple[Lived, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    worth: tuple[Worth, ...] = ()
    read: int | None = None
    campaigns: tuple[Campaign, ...] = ()
    events: tuple[Event, ...] = ()
    sources: int = 0
    unheard: tuple[Unheard, ...] = ()
    stopped: timedelta = timedelta()
    believed: tuple[Believed, ...] = ()
    drill: Practised | None = None
    ahead: tuple[Ahead, ...] = ()
