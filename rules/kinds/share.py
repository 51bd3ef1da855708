"""Too large a share of what is said is negative, however much is said."""

from datetime import timedelta
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import Field

from config.model import Model
from rules.account import Account, Condition, Proportion, Scale, floor_conditions
from rules.by_source import PerSource
from rules.instant import Instant
from rules.proportion import UsualShare, interval, judged, judged_at, lower_bound, told
from rules.remembering import Remembering
from rules.rule import Floor, Opening, RuleSpec, Verdict, Window, plural
from rules.series import Counts
from rules.transition import Severity, Share

_HALF_LIFE = 14 * 24 * 60.0
Part = Annotated[float, Field(gt=0, lt=1)]


class CriticalWhen(Model):
    """From here on the incident is critical."""

    share: Part


class ShareOptions(PerSource):
    """Fires when the share is surely above a limit, whatever the number of mentions; those whose tone cannot be judged
    are left out of it.
    """

    of: Literal["negative", "positive"] = "negative"
    """Whose share it is."""
    window: Window = timedelta(hours=1)
    """The stretch of time that is counted."""
    above: Part | None = None
    """The share that is too much, such as 0.4; when not given, the brand's own usual share and `worse_by`."""
    worse_by: Part = 0.15
    """By how much the share must be above the usual one: 0.15 is 15 points. For nothing when `above` is given."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.99
    """How sure it must be that the true share is above: chance alone makes few mentions look bad."""
    at_least: Floor = Floor(posts=20, authors=4)
    """Never of fewer mentions in the window, and of fewer different authors of what is counted."""
    critical_when: CriticalWhen | None = None
    """The share from which it is critical, when `severity` is lower."""


class ShareRule(Remembering[UsualShare]):
    """Fires when the lower end of the share's interval is above the limit, is calm when the share itself is not. The
    usual share is learnt while no incident is open.
    """

    def __init__(self, _name: str, options: ShareOptions) -> None:
        super().__init__(UsualShare)
        self.series: str = options.of
        self.horizon = options.window // timedelta(minutes=1)
        self._options = options
        self._deviations = NormalDist().inv_cdf(options.confidence)

    def learn(self, counts: Counts, minute: int) -> None:
        self.memory.learn(counts.at(self.series, minute), judged_at(counts, minute), _HALF_LIFE)

    def soften(self) -> None:
        self.memory.soften()

    def recall(self, state: object) -> None:
        self.memory.raise_to(self._load(state))

    def judge(self, counts: Counts, at: Instant, _opening: Opening | None = None, /) -> Verdict:
        part, whole = counts.total(self.series, at, self.horizon), judged(counts, at, self.horizon)
        floor, limit, known = self._options.at_least, self._limit, self._is_known
        enough = known and whole >= floor.posts
        return Verdict(
            of=self.series,
            firing=enough
            and lower_bound(part, whole, self._deviations) > limit
            and counts.has_authors(self.series, at, self.horizon, floor.authors),
            calm=part <= limit * whole,
            severity=self._severity(part, whole),
            count=part,
            window=self.horizon,
            learning=not known,
            share=Share(part=part, whole=whole, usual=self._usual),
        )

    def explain(self, counts: Counts, at: Instant, _opening: Opening | None = None, /) -> Account:
        part, whole = counts.total(self.series, at, self.horizon), judged(counts, at, self.horizon)
        low, high = interval(part, whole, self._deviations)
        usual, authors = self._usual, counts.authors(self.series, at, self.horizon)
        sure = Condition(name="sure", met=low > self._limit, observed=low, needed=self._limit)
        known = () if self._options.above is not None else self.memory.known_conditions
        return Account(
            conditions=(*known, *floor_conditions(self._options.at_least, whole, authors), sure),
            scales=(Scale(minutes=self.horizon, observed=part, expected=None if usual is None else usual * whole),),
            proportion=Proportion(
                part=part,
                whole=whole,
                low=low,
                high=high,
                confidence=self._options.confidence,
                usual=usual,
                limit=self._limit,
            ),
        )

    @property
    def _is_known(self) -> bool:
        return self._options.above is not None or self.memory.is_known

    @property
    def _limit(self) -> float:
        above = self._options.above
        return self.memory.worse(self._options.worse_by) if above is None else above

    @property
    def _usual(self) -> float | None:
        return self.memory.share if self.memory.is_known else None

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        floor, share = self._options.at_least, verdict.share
        if share is None:
            return ()
        least = lower_bound(share.part, share.whole, self._deviations)
        reasons = (
            told(share, self.series, f"in {verdict.window} min"),
            f"{least:.0%} or more with a confidence of {self._options.confidence:.1%}; too much is {self._limit:.0%}",
            f"at least {plural(floor.posts, 'mention')}, of the {self.series} by {plural(floor.authors, 'author')}",
        )
        return (*reasons, "still learning what is usual") if verdict.learning else reasons

    def _severity(self, part: int, whole: int) -> Severity:
        critical = self._options.critical_when
        return "critical" if critical and whole and part >= critical.share * whole else self._options.severity


SPEC = RuleSpec(
    kind="share",
    summary="Fires when too large a share of the mentions is negative.",
    options=ShareOptions,
    example={"of": "negative", "window": "1h", "at_least": {"posts": 20, "authors": 4}, "worse_by": 0.15},
    looks_at="share",
    build=ShareRule,
    watches=("posts",),
    learns_from=("posts",),
    pauses=True,
    steady=True,
)
