"""The port every rule kind implements: a rule answers with a verdict and its reasons, never with a bare bool."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol

import msgspec
from pydantic import AfterValidator, Field

from config.model import Duration, Model, Until
from config.spec import Catalog, Spec
from config.values import Listed
from rules.instant import Instant
from rules.series import Counts
from rules.transition import Ending, Severity, Share, Unit


def _whole_minutes(window: timedelta) -> timedelta:
    if window % timedelta(minutes=1) or not timedelta(minutes=1) <= window <= timedelta(days=1):
        raise ValueError("a window is a whole number of minutes, from 1m to 1d")
    return window


Window = Annotated[Duration, AfterValidator(_whole_minutes)]
Of = Literal["negative", "posts"]


class Floor(Model):
    """The least that may be called an incident."""

    posts: Annotated[int, Field(ge=1)] = 1
    authors: Annotated[int, Field(ge=1)] = 1


class RuleOptions(Model):
    """What every rule accepts."""

    brands: Listed[str] | None = None
    """Only these brands; all when not given."""
    severity: Severity = "warning"
    """How serious an incident of this rule is when it opens."""
    calm_for: Duration = timedelta(minutes=30)
    """How long everything must be as usual before an incident resolves: twice as long each time it came back, up to
    four hours. What fires again within twice the time, and an hour at least, is the same incident.
    """
    fused: bool = True
    """An incident that opens or gets worse as `warning` is `critical` while a rule that looks at something else
    (numbers, shares, words or reach) has an incident of the brand that is `warning` or more. It never falls because of
    that, and nobody is told once more.
    """
    watch_only: Until | None = None
    """As for a brand, for this rule alone: `until 2026-12-03`."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`firing`: an incident should be open; `calm`: an open one may end; between the two nothing changes.

    `count` mentions of the series `of` were seen in the last `window` minutes and compared with `expected`. `usual` is
    the same once enough was heard to call it so, and all but one window of 200 have at most `usual_high` (None: too
    little was heard, or the rule has no notion of it); `learning`: little history stands behind these.
    `series` is what was counted, when that is another than the rule's own; it stays the one of its incident. `source`
    is the only one of which all this is said, "" where it is of all; `also` are others that fire by themselves.
    `mention` is the one that it is all about, told by the source `told_by`, when there is one. `wrong_rate` is
    how often in 30 days ringing at this would be wrong, of what fires by a budget.
    `unit` says what `count` and what is usual are numbers of, when not mentions; `fewer`: less than usual is what is
    wrong; `share` is told by rules that watch one.
    """

    of: str
    firing: bool
    calm: bool
    severity: Severity
    count: int
    window: int
    expected: float | None = None
    usual: float | None = None
    usual_high: float | None = None
    learning: bool = False
    unit: Unit = "mentions"
    fewer: bool = False
    share: Share | None = None
    series: str = ""
    source: str = ""
    also: tuple[str, ...] = ()
    mention: str = ""
    told_by: str = ""
    wrong_rate: float | None = None


class Opening(msgspec.Struct, frozen=True):
    """What a rule said when the incident that is open now began: `window`, `usual`, `usual_high`, `series` and
    `source` of its verdict; `mention` is the one it began with, "" once deleted.
    """

    window: int
    usual: float | None = None
    usual_high: float | None = None
    series: str = ""
    source: str = ""
    mention: str = ""


class Rule(Protocol):
    """Judges one series of one brand. Deterministic: the same calls give the same answers.

    `series` names what is counted; `horizon` is how many minutes `judge` looks back, the present one included.
    """

    series: str
    horizon: int

    def learn(self, counts: Counts, minute: int) -> None:
        """The next minute (since the epoch), in order, that will not change any more and was heard."""

    def end(self, ending: Ending | None = None, /) -> None:
        """An incident of this rule has ended at the instant that was judged last: what led to it is no news any more.
        `ending` is what it was, when a person said so.
        """

    def soften(self) -> None:
        """What was learnt was about something else: keep it as a prior only."""

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        """What the rule says of the moment `at`. `opening` is that of the incident that is open now: a crisis is not
        compared with itself, and told of by the same window.
        """

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        """Why, in English sentences with every figure beside its normal."""

    def dump(self) -> Any:
        """What must survive a restart, as plain JSON data."""

    def restore(self, state: Any) -> None:
        """Take up what `dump` gave."""

    def recall(self, state: Any) -> None:
        """A source is heard again that was not for long: nothing is less usual than it was when `dump` gave this."""


def plural(count: int, noun: str) -> str:
    """`1 mention`, `2 mentions`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@dataclass(frozen=True, kw_only=True)
class RuleSpec(Spec[RuleOptions]):
    """`build` makes a rule from its name and options; `words` are the terms it wants found in mentions. News of its own
    series and of those it `watches` is judged at once, with None within 10 s only. `pauses`: it learns nothing while an
    incident of it is open. `silence` says whether there is something to judge when nothing is said.
    `learns_from`: the counts of its own series and of these alone teach it, so that a history of them can; None when
    counts do not. `terms`: it wants to know the few telling words of negative mentions, `reactions`: how many people
    react to each of them. `looks_at` names what it goes
    by: rules that look at the same thing tell the same news twice, others confirm it; by default no other kind looks at
    what this one does. `steady`: what does not fire will not do so before the minute ends, unless something is counted
    in its series or in one of those it watches (with None, in any), or something else than a mention is taken in; until
    then it need not be asked.
    """

    build: Callable[[str, Any], Rule]
    words: Callable[[Any], tuple[str, ...]] = lambda _: ()
    watches: tuple[str, ...] | None = ()
    pauses: bool = False
    silence: Callable[[Any], bool] = lambda _: False
    learns_from: tuple[str, ...] | None = None
    terms: bool = False
    reactions: bool = False
    looks_at: str = ""
    steady: bool = False

    def confirms(self, other: "RuleSpec") -> bool:
        """Whether an incident of this kind tells something that one of the other does not."""
        return (self.looks_at or self.kind) != (other.looks_at or other.kind)

    def is_hasty(self, series: str, touched: set[str]) -> bool:
        """Whether a rule on `series` must be judged at once when those were `touched`."""
        return self.watches is not None and not touched.isdisjoint((series, *self.watches))


RULES = Catalog("rule", "rules.kinds", "badbuzz.rules", RuleSpec)
