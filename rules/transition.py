"""One step in the life of an incident, with the reasons and the evidence for it."""

from typing import Literal

import msgspec

from rules.instant import Instant, Span

Severity = Literal["info", "warning", "critical"]
State = Literal["open", "worse", "better", "acknowledged", "released", "resolved", "reopened"]
Ending = Literal["real", "false-alarm"]
"""What an incident was, as a person says who ended it or looked back."""
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
Unit = Literal["mentions", "authors", "stories", "sources", "followers", "reactions"]
"""What a count counts: mentions, the different authors, stories or sources of them, the followers of the largest
author, or the reactions to one of them.
"""


class Share(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`part` of `whole` mentions whose tone could be judged, in the window or, where it is given, `since` then. `usual`
    is the brand's own share, 0 to 1, None when the rule has no notion of it.
    """

    part: int
    whole: int
    usual: float | None = None
    since: Instant | None = None


class Trend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The count doubles in `minutes`, or halves where it `falls`: in between `fastest` and `slowest`, in four of five
    cases. From `low` to `high` mentions are to come within `ahead`, when nothing changes; None when that is too wide to
    be of use.
    """

    minutes: float
    fastest: float
    slowest: float
    falls: bool = False
    low: int | None = None
    high: int | None = None
    ahead: Span = 0


class Easing(msgspec.Struct, frozen=True, kw_only=True):
    """It was told that the count eases to `to`; the highest since the rise before was `high`, at `high_at`."""

    to: int
    high: int
    high_at: Instant


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """The incident had ended at `ended_at` and came back, for the `times`-th time. So it must be calm for `calm_for`
    before its end is told again.
    """

    times: int
    ended_at: Instant
    calm_for: Span


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was counted when the step was taken. Counts are of mentions of `of` inside the last `window`.

    `usual` is the expected count of the same window, None when the rule has no notion of it; `opening` the count when
    the incident opened, `first_at` the minute of the mention it began with; `peak` the highest count so far, at
    `peak_at`; `during` counts since the opening; `second_half` the count of the latter half of the window, the longer
    one of an odd window; `sources` maps source name to count; `words` maps what was said of a keyword rule's words to
    mentions, the most frequent first, few; `mentions` maps first, largest (audience) and latest to identities.
    `unheard` are the sources that were not heard, `coverage` is how much of what the brand usually hears was, 0 to 1.
    `stories` is how many different stories the mentions tell, 0 when that is not known.
    `unit` says what `count`, `opening` and `peak` are numbers of; `fewer`: too few is what is wrong; `share` is told by
    rules that watch one. `source` is the only one that is counted, "" where all are, and `also` are others that were as
    bad by themselves since; `raised_by` are the rules whose incidents made this one critical. `trend` is told when it
    is sure. `most` is how many of them one author wrote at most, `followers` how many the author with the most has, 0
    when that is not known; `answered_at` is when the brand itself first wrote since the opening. `wrong_rate` is how
    often in 30 days ringing at the rarest so far would be wrong, None where the rule does not judge by that. `eased` is
    told until the next rise, `rose_from` the count that it had eased to before the last, and `returned` of what ended.
    """

    of: str
    count: int
    window: Span
    usual: float | None = None
    usual_high: float | None = None
    learning: bool = False
    posts: int = 0
    negative: int = 0
    authors: int = 0
    sources: dict[str, int] = {}
    mentions: dict[str, str] = {}
    opening: int | None = None
    opened_at: Instant | None = None
    first_at: Instant | None = None
    during: int | None = None
    peak: int | None = None
    peak_at: Instant | None = None
    unheard: tuple[str, ...] = ()
    unsupported: int = 0
    second_half: int | None = None
    words: dict[str, int] = {}
    coverage: float = 1.0
    unit: Unit = "mentions"
    fewer: bool = False
    share: Share | None = None
    stories: int = 0
    source: str = ""
    also: tuple[str, ...] = ()
    raised_by: tuple[str, ...] = ()
    trend: Trend | None = None
    most: int = 0
    followers: int = 0
    answered_at: Instant | None = None
    wrong_rate: float | None = None
    eased: Easing | None = None
    rose_from: int | None = None
    returned: Return | None = None


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """`step` counts the transitions of an incident from 0; `(incident, step)` is unique. `reasons` are English
    sentences for logs and JSON; what people read is rendered from `evidence`.
    """

    at: Instant
    incident: str
    step: int
    brand: str
    rule: str
    state: State
    severity: Severity
    reasons: tuple[str, ...]
    evidence: Evidence
    by: str | None = None
    because: str | None = None
    ending: Ending | None = None

    @property
    def id(self) -> str:
        """Stable across replays: two transitions with one id are the same transition."""
        return f"{self.incident}.{self.step}"
