"""One negative mention that very many people read."""

from datetime import timedelta
from typing import Annotated

import msgspec
from pydantic import Field

from config.model import Model
from rules.account import Account, Condition, Scale
from rules.budget import Budget
from rules.instant import Instant
from rules.remembering import Remembering
from rules.rule import Opening, RuleOptions, RuleSpec, Verdict, Window
from rules.series import Counts, minute_of
from rules.transition import SEVERITIES, Severity

_MONTH = 30 * 24 * 60
_MOST = 200
_MANY = 50  # a month: those who accept more get the alarms of this many
Followers = Annotated[int, Field(ge=1)]


class When(Model):
    """From here on the incident is that serious."""

    followers: Followers


class InfluencerOptions(RuleOptions):
    """Fires at one negative mention whose author has many followers, where the platform says how many."""

    followers: Followers = 50_000
    """Never below this number of followers."""
    window: Window = timedelta(hours=1)
    """For how long such a mention counts."""
    only_beyond_usual: bool = True
    """Only when the audience is larger than those that negative mentions of this brand have anyway: a brand of which
    journalists speak every day has large ones."""
    budget: Budget = 1.0
    """How often an audience may be beyond the usual ones. `1 per month`: larger than all of the last 30 days."""
    severity: Severity = "info"
    """How serious an incident of this rule is when it opens."""
    warning_when: When | None = When(followers=500_000)
    """The number of followers from which it is serious, when `severity` is lower."""
    critical_when: When | None = None
    """The number of followers from which it is critical, when `severity` is lower."""


class Memory(msgspec.Struct, kw_only=True, array_like=True):
    """`largest` are audiences of the past, oldest first: (minute, audience, how many later ones reach it). One that
    `many` later ones reach is dropped, and still the `many`th largest of the time kept can always be told.
    """

    largest: list[tuple[int, int, int]] = []

    def learn(self, minute: int, reach: int, *, many: int, keep: int) -> None:
        """The largest audience of one minute."""
        if reach <= 0:
            return
        counted = [(when, size, later + (reach >= size)) for when, size, later in self.largest if when > minute - keep]
        kept = [entry for entry in counted if entry[2] < many]
        self.largest = [*kept, (minute, reach, 0)][-_MOST:]

    def usual(self, many: int, since: int) -> int:
        """The audience that was reached `many` times since that minute; 0 when fewer are known."""
        sizes = sorted((size for minute, size, _ in self.largest if minute > since), reverse=True)
        return sizes[many - 1] if len(sizes) >= many else 0


class Influencer(Remembering[Memory]):
    """Fires at once when an audience is beyond both limits; is calm when the window holds no negative mention of so
    large an audience any more. `count` is the largest audience in the window.
    """

    series = "negative"

    def __init__(self, _name: str, options: InfluencerOptions) -> None:
        super().__init__(Memory)
        self.horizon = options.window // timedelta(minutes=1)
        self._options = options
        self._many = min(_MANY, max(1, round(options.budget)))
        self._keep = round(self._many * _MONTH / options.budget)

    def learn(self, counts: Counts, minute: int) -> None:
        cell = counts.bins.get(self.series, {}).get(minute)
        self.memory.learn(minute, cell.reach if cell else 0, many=self._many, keep=self._keep)

    def judge(self, counts: Counts, at: Instant, _opening: Opening | None = None, /) -> Verdict:
        reach = max((cell.reach for _, cell in counts.window(self.series, at, self.horizon)), default=0)
        large, usual = reach >= self._options.followers, self._usual(minute_of(at))
        return Verdict(
            of=self.series,
            firing=large and reach > usual,
            calm=not large,
            severity=self._severity(reach),
            count=max(0, reach),
            window=self.horizon,
            usual_high=float(usual) if usual else None,
            unit="followers",
        )

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        reach, least = self.judge(counts, at, opening).count, self._options.followers
        usual = self._usual(minute_of(at))
        beyond = Condition(name="audience_usual", met=reach > usual, observed=reach, needed=usual)
        return Account(
            conditions=(
                Condition(name="audience", met=reach >= least, observed=reach, needed=least),
                *((beyond,) if usual else ()),
            ),
            scales=(Scale(minutes=self.horizon, observed=reach),),
        )

    def _usual(self, now: int) -> int:
        return self.memory.usual(self._many, now - self._keep) if self._options.only_beyond_usual else 0

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        whose = f"an account with {verdict.count:,} followers" if verdict.count else "an account with followers"
        said = f"{'a' if verdict.count else 'no'} negative mention by {whose}"
        usual = verdict.usual_high
        normal = () if usual is None else (f"accounts with {usual:,.0f} followers are usual among the negative ones",)
        return said, *normal, f"at least {self._options.followers:,} followers"

    def _severity(self, reach: int) -> Severity:
        steps: tuple[tuple[Severity, When | None], ...]
        steps = (("critical", self._options.critical_when), ("warning", self._options.warning_when))
        found = [name for name, when in steps if when and reach >= when.followers]
        return max([self._options.severity, *found], key=SEVERITIES.index)


SPEC = RuleSpec(
    kind="influencer",
    summary="Fires at one negative mention whose author has very many followers.",
    options=InfluencerOptions,
    example={
        "followers": 50_000,
        "only_beyond_usual": True,
        "severity": "info",
        "warning_when": {"followers": 500_000},
    },
    build=Influencer,
    steady=True,
)
