"""A slow burn: for days a few more of the mentions are negative than used to be, and no hour of it stands out."""

from datetime import timedelta
from math import e, log
from statistics import NormalDist
from typing import Annotated

import msgspec
from pydantic import Field

from config.model import Duration, Model
from rules.account import Account, Condition, Proportion, Scale, floor_conditions
from rules.budget import Budget
from rules.by_source import PerSource
from rules.instant import MINUTE, Instant
from rules.proportion import UsualShare, interval, judged_at, told
from rules.remembering import Remembering
from rules.rule import Floor, Opening, RuleSpec, Verdict, plural
from rules.series import Counts, minute_of
from rules.transition import Ending, Severity, Share

_DAY, _MONTH = 24 * 60, 30 * 24 * 60
_HALF_LIFE = 30.0 * _DAY
_SPREAD, _SPREAD_DAYS, _SPREAD_MEMORY = 2.0, 7.0, 30.0  # how much more days differ than chance has it, until learnt
_ODD_DAY = 4.0
_HELD = 0.5  # of the evidence that is an alarm: beyond it nothing becomes usual
_ROOM = 1.5
_CONFIDENCE = 0.99  # of each end of the interval that is told; nothing is judged by it
Part = Annotated[float, Field(gt=0, lt=1)]


class CriticalWhen(Model):
    """From here on the incident is critical."""

    share: Part


class DriftOptions(PerSource):
    """Fires when the negative share has been worse for so long that chance does not explain it."""

    worse_by: Part = 0.1
    """The rise that is looked for: 0.1 is 10 points above the usual share. A smaller one is found later, or not."""
    budget: Budget = 1.0
    """How many false alarms you accept for this rule and brand, such as `1 per month`."""
    at_least: Floor = Floor(posts=50, authors=5)
    """Never of fewer mentions since it began, and of fewer different authors of negative ones in the last day."""
    calm_for: Duration = timedelta(days=1)
    """How long the last day must be nearer to the usual share than to the worse one before an incident resolves."""
    critical_when: CriticalWhen | None = None
    """The share since it began from which it is critical, when `severity` is lower."""


class Memory(msgspec.Struct, kw_only=True, array_like=True):
    """`evidence` is Page's CUSUM (Biometrika 1954) of the log-likelihood ratio between the usual share and the worse
    one; `part` of `whole` mentions were negative since the minute `since` at which it last left 0, which is the
    estimate of when the drift began. `spread` / `days` is how much more whole days differ from what is usual than
    chance has it; of the present day, `surplus` beyond what was expected, `chance` its variance, `minutes` heard.
    `hours` are (hour, part, whole) of the last day.
    """

    usual: UsualShare = msgspec.field(default_factory=UsualShare)
    evidence: float = 0.0
    since: int | None = None
    part: int = 0
    whole: int = 0
    spread: float = _SPREAD * _SPREAD_DAYS
    days: float = _SPREAD_DAYS
    surplus: float = 0.0
    chance: float = 0.0
    minutes: int = 0
    hours: list[tuple[int, int, int]] = []

    def forget(self) -> None:
        """Look for a drift that begins now."""
        self.evidence, self.since, self.part, self.whole = 0.0, None, 0, 0

    def add(self, part: int, whole: int, minute: int, *, by: float, most: float) -> None:
        """The evidence of one more minute. Mentions speak of the same things on the same day: each says less than one
        that stands alone, by as much as days are known to differ.
        """
        usual, worse = self.usual.share, self.usual.worse(by)
        gain = part * log(worse / usual) + (whole - part) * log((1 - worse) / (1 - usual))
        self.evidence = min(most, self.evidence + gain / max(1.0, self.spread / self.days))
        if self.evidence <= 0:
            self.forget()
            return
        self.since = minute if self.since is None else self.since
        self.part, self.whole = self.part + part, self.whole + whole

    def note(self, part: int, whole: int, minute: int) -> None:
        """Count a minute for the last day."""
        hour = minute // 60
        if self.hours and self.hours[-1][0] == hour:
            _, before, of = self.hours.pop()
            part, whole = before + part, of + whole
        self.hours = [*(each for each in self.hours if each[0] > hour - 24), (hour, part, whole)]

    def last_day(self, now: int) -> tuple[int, int]:
        """How many were negative of how many, in the 24 hours before the minute `now`."""
        hours = [hour for hour in self.hours if hour[0] > now // 60 - 24]
        return sum(part for _, part, _ in hours), sum(whole for _, _, whole in hours)

    def learn_days(self, part: int, whole: int) -> None:
        """How far whole days lie from what is usual."""
        usual = self.usual.share
        self.surplus += part - whole * usual
        self.chance += whole * usual * (1 - usual)
        self.minutes += 1
        if self.minutes >= _DAY:
            if self.chance >= 1:
                kept = 2 ** (-1 / _SPREAD_MEMORY)
                self.spread = self.spread * kept + min(_ODD_DAY, self.surplus * self.surplus / self.chance)
                self.days = self.days * kept + 1
            self.surplus, self.chance, self.minutes = 0.0, 0.0, 0


class Drift(Remembering[Memory]):
    """Fires when the evidence is more than chance gives as often as `budget`, is calm when of the last day the share is
    nearer to the usual one than to the worse. Closed minutes alone count: it tells of days.
    """

    series = "negative"
    horizon = _DAY

    def __init__(self, _name: str, options: DriftOptions) -> None:
        super().__init__(Memory)
        self._options = options

    def learn(self, counts: Counts, minute: int) -> None:
        memory, part, whole = self.memory, counts.at("negative", minute), judged_at(counts, minute)
        if whole:
            memory.note(part, whole, minute)
        if memory.usual.is_known and whole:
            memory.add(part, whole, minute, by=self._options.worse_by, most=_ROOM * self._alarm)
        if memory.evidence <= _HELD * self._alarm:
            memory.usual.learn(part, whole, _HALF_LIFE)
            memory.learn_days(part, whole)

    @property
    def _alarm(self) -> float:
        """The evidence that is an alarm: a CUSUM of likelihood ratios goes beyond it once in e to its power mentions or
        more rarely (Lorden, Annals of Mathematical Statistics 1971).
        """
        return log(max(e, self.memory.usual.rate(_MONTH) / self._options.budget))

    def end(self, _ending: Ending | None = None, /) -> None:
        self.memory.forget()

    def soften(self) -> None:
        usual = self.memory.usual
        usual.soften()
        self.memory = Memory(usual=usual)

    def recall(self, state: object) -> None:
        self.memory.usual.raise_to(self._load(state).usual)

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        known = self.memory.usual.is_known
        today, of_day = self.memory.last_day(minute_of(at))
        calm = today <= self._half_way * of_day
        return Verdict(
            of="negative",
            firing=known and not calm and opening is None and self._is_found(counts, at),
            calm=calm,
            severity=self._severity,
            count=today,
            window=_DAY,
            learning=not known,
            share=self._share(today, of_day),
        )

    @property
    def _half_way(self) -> float:
        """The share that is as near to the usual one as to the worse one."""
        usual = self.memory.usual
        return (usual.share + usual.worse(self._options.worse_by)) / 2

    def explain(self, counts: Counts, at: Instant, _opening: Opening | None = None, /) -> Account:
        memory, (today, of_day) = self.memory, self.memory.last_day(minute_of(at))
        authors, share = counts.authors("negative", at, _DAY), self._share(today, of_day)
        of_today = today / of_day if of_day else 0.0
        evidence, alarm = memory.evidence, self._alarm
        low, high = interval(share.part, share.whole, NormalDist().inv_cdf(_CONFIDENCE))
        return Account(
            conditions=(
                *memory.usual.known_conditions,
                Condition(name="evidence", met=evidence >= alarm, observed=evidence, needed=alarm),
                Condition(name="day", met=today > self._half_way * of_day, observed=of_today, needed=self._half_way),
                *floor_conditions(self._options.at_least, memory.whole, authors),
            ),
            scales=(
                Scale(minutes=_DAY, observed=today, expected=None if share.usual is None else share.usual * of_day),
            ),
            proportion=Proportion(
                part=share.part,
                whole=share.whole,
                low=low,
                high=high,
                confidence=_CONFIDENCE,
                usual=share.usual,
                limit=self._half_way,
                since=share.since,
            ),
        )

    def _is_found(self, counts: Counts, at: Instant) -> bool:
        memory, floor = self.memory, self._options.at_least
        enough = memory.whole >= floor.posts and memory.evidence >= self._alarm
        return enough and counts.has_authors("negative", at, _DAY, floor.authors)

    def _share(self, today: int, of_day: int) -> Share:
        memory, usual = self.memory, self.memory.usual
        own = usual.share if usual.is_known else None
        if memory.since is None:
            return Share(part=today, whole=of_day, usual=own)
        return Share(part=memory.part, whole=memory.whole, usual=own, since=memory.since * MINUTE)

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        share, floor = verdict.share, self._options.at_least
        if share is None:
            return ()
        when = "in the last day" if share.since is None else "since the drift seems to have begun"
        reasons = (
            told(share, "negative", when),
            f"evidence {self.memory.evidence:.1f}, an alarm is {self._alarm:.1f}",
            f"at least {plural(floor.posts, 'mention')}, of the negative by {plural(floor.authors, 'author')}",
        )
        return (*reasons, "still learning what is usual") if verdict.learning else reasons

    @property
    def _severity(self) -> Severity:
        critical, memory = self._options.critical_when, self.memory
        beyond = critical and memory.whole and memory.part >= critical.share * memory.whole
        return "critical" if beyond else self._options.severity


SPEC = RuleSpec(
    kind="drift",
    summary="Fires when for days more of the mentions are negative than used to be.",
    options=DriftOptions,
    example={"worse_by": 0.1, "budget": "1 per month", "at_least": {"posts": 50, "authors": 5}},
    looks_at="share",
    build=Drift,
    watches=None,
    learns_from=("posts",),
    steady=True,
)
