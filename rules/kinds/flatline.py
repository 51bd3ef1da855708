"""Nothing is said where usually something is, although everything is heard."""

from datetime import timedelta
from math import exp, log1p
from typing import Annotated

import msgspec
from pydantic import Field

from rules.account import Account, Condition, Scale, days_condition
from rules.budget import Budget
from rules.by_source import PerSource
from rules.detection.level import Level
from rules.instant import Instant
from rules.listened import Listened, Stretch, said
from rules.remembering import Remembering
from rules.rule import Of, Opening, RuleSpec, Verdict, Window, plural
from rules.series import Counts, minute_of
from rules.transition import Severity

_MONTH = 30 * 24 * 60
_KNOWN = 7 * 24 * 60  # minutes: before, nobody has seen a week-end
_LOOKS = 4.0  # windows that slide are worth about as many that stand side by side
_AT_MOST = 0.25  # of what is expected: what is more than that is no silence
_STEP = 30  # minutes for which what is expected is asked at once
_SPREAD, _SPREAD_WINDOWS, _SPREAD_MEMORY = 0.25, 10.0, 60.0
_LEAST_SPREAD, _ODD_WINDOW = 0.1, 4.0
_PRIOR_MINUTES = 120.0


class FlatlineOptions(PerSource):
    """Fires when far less is said than usual, or nothing. Minutes in which a source was down, heard in part or not
    heard at all say nothing: the window reaches back beyond them, to twice its length.
    """

    of: Of = "posts"
    """What is counted: all posts, or negative mentions."""
    window: Window = timedelta(hours=6)
    """The stretch of time that is counted."""
    fewer_than: Annotated[int, Field(ge=1)] | None = None
    """The number of mentions that is too few; when not given, what is improbable by the brand's own past."""
    budget: Budget = 1.0
    """How many false alarms you accept for this rule and brand when `fewer_than` is not given."""
    severity: Severity = "info"
    """How serious an incident of this rule is."""


class Memory(msgspec.Struct, kw_only=True, array_like=True):
    """`spread` / `windows` is how much more windows differ from what is expected of them than single mentions would
    have it: the variance of a count of mean m is m + that * m². Of the present window, `count`, `expected`, `minutes`.
    """

    level: Level = msgspec.field(default_factory=Level)
    listened: Listened = msgspec.field(default_factory=Listened)
    spread: float = _SPREAD * _SPREAD_WINDOWS
    windows: float = _SPREAD_WINDOWS
    count: int = 0
    expected: float = 0.0
    minutes: int = 0

    @property
    def dispersion(self) -> float:
        """How much more windows differ."""
        return max(_LEAST_SPREAD, self.spread / self.windows)

    @property
    def is_known(self) -> bool:
        """Whether a week was heard."""
        return self.level.heard >= _KNOWN

    def learn(self, count: int, minute: int, window: int) -> None:
        """The next minute that was heard."""
        mean = self.level.expected(minute, 1.0)
        self.level.learn(count, mean, minute, 1.0, quiet=True)
        self.count, self.expected, self.minutes = self.count + count, self.expected + mean, self.minutes + 1
        if self.minutes < window:
            return
        if self.expected >= 1:
            odd = ((self.count - self.expected) ** 2 - self.expected) / self.expected**2
            kept = 2 ** (-1 / _SPREAD_MEMORY)
            self.spread = self.spread * kept + max(0.0, min(_ODD_WINDOW, odd))
            self.windows = self.windows * kept + 1
        self.count, self.expected, self.minutes = 0, 0.0, 0

    def usual(self, stretches: list[Stretch]) -> float:
        """Mentions to be expected there."""
        return sum(
            self.level.expected(begin, min(_STEP, after - begin))
            for first, after in stretches
            for begin in range(first, after, _STEP)
        )


class Flatline(Remembering[Memory]):
    """Fires when a window that was heard in full holds too few mentions, is calm when it holds more again. Judges
    nothing while not all is heard.
    """

    def __init__(self, _name: str, options: FlatlineOptions) -> None:
        super().__init__(Memory)
        self.series: str = options.of
        self._minutes = options.window // timedelta(minutes=1)
        self.horizon = 2 * self._minutes
        self._options = options
        self._chance = options.budget * self._minutes / _MONTH / _LOOKS
        self._last: tuple[object, list[Stretch], float | None] = (None, [], None)

    def learn(self, counts: Counts, minute: int) -> None:
        if self.memory.listened.learn(counts, minute, self.horizon):
            self.memory.learn(counts.at(self.series, minute), minute, self._minutes)

    def soften(self) -> None:
        self.memory.level.soften(_PRIOR_MINUTES)
        self.memory = Memory(level=self.memory.level, listened=self.memory.listened)
        self._last = (None, [], None)

    def restore(self, state: object) -> None:
        super().restore(state)
        self._last = (None, [], None)

    def recall(self, state: object) -> None:
        self._last = (None, [], None)
        before = self._load(state)
        if before.is_known and self.memory.level.is_below(before.level):
            self.memory.level = before.level

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        heard, usual = self._window(counts, at)
        count = said(counts, self.series, at, heard) if heard else counts.total(self.series, at, self._minutes)
        silent = bool(heard) and self._is_silent(count, usual)
        return Verdict(
            of=self.series,
            firing=silent,
            calm=bool(heard) and not silent and (opening is None or count > 0),
            severity=self._options.severity,
            count=count,
            window=self._minutes,
            expected=usual,
            usual=usual,
            learning=not self.memory.is_known and self._options.fewer_than is None,
            fewer=True,
        )

    def _window(self, counts: Counts, at: Instant) -> tuple[list[Stretch], float | None]:
        """What was heard, and how many mentions are usual there: the same for the whole of a minute."""
        key = (minute_of(at), counts.open, counts.full_since, *counts.deaf)
        if self._last[0] != key:
            heard = self.memory.listened.last(counts, at, self._minutes, self.horizon - 1)
            usual = self.memory.usual(heard) if heard and self.memory.is_known else None
            self._last = (key, heard, usual)
        return self._last[1:]

    def _is_silent(self, count: int, usual: float | None) -> bool:
        if self._options.fewer_than is not None:
            return count < self._options.fewer_than
        if usual is None or count > _AT_MOST * usual:
            return False
        return at_most(count, usual, self.memory.dispersion, self._chance) <= self._chance

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        (heard, usual), count = self._window(counts, at), self.judge(counts, at, opening).count
        is_few = usual is not None and count <= usual  # of more, nobody asks how improbable so few are
        chance = at_most(count, usual, self.memory.dispersion) if usual is not None and is_few else None
        within = Condition(name="heard", met=bool(heard))
        return Account(
            conditions=(within, *self._conditions(count, usual, chance)),
            scales=(Scale(minutes=self._minutes, observed=count, expected=usual, tail=chance),),
        )

    def _conditions(self, count: int, usual: float | None, chance: float | None) -> tuple[Condition, ...]:
        fewer = self._options.fewer_than
        if fewer is not None:
            return (Condition(name="too_few", met=count < fewer, observed=count, needed=fewer - 1),)
        known = days_condition(self.memory.level.heard, _KNOWN)
        if usual is None:
            return (known,)
        most, rare = _AT_MOST * usual, self._chance
        return (
            known,
            Condition(name="quiet", met=count <= most, observed=count, needed=int(most)),
            Condition(name="silence", met=chance is not None and chance <= rare, observed=chance, needed=rare),
        )

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        fewer, usual = self._options.fewer_than, verdict.usual
        normal = "" if usual is None else f", usually {usual:.1f}"
        counted = f"{plural(verdict.count, 'mention')} in {verdict.window} min in which all was heard{normal}"
        if fewer is not None:
            return counted, f"fewer than {plural(fewer, 'mention')} are too few"
        if usual is None:
            return counted, "still learning what is usual, or not all is heard"
        return counted, f"too few are what one window of {1 / self._chance:,.0f} has by chance"


def at_most(count: int, mean: float, dispersion: float, enough: float = 1.0) -> float:
    """The probability of `count` or fewer, negative binomial with the variance mean + dispersion * mean². Sums no
    further than beyond `enough`.
    """
    size = 1 / dispersion
    term = exp(-size * log1p(mean / size))
    total = term
    for number in range(count):
        if total > enough:
            break
        term *= (size + number) / (number + 1) * mean / (size + mean)
        total += term
    return total


SPEC = RuleSpec(
    kind="flatline",
    summary="Fires when far less is said than usual, although all sources are heard.",
    options=FlatlineOptions,
    example={"of": "posts", "window": "6h", "budget": "1 per month", "severity": "info"},
    build=Flatline,
    watches=None,
    learns_from=(),
    silence=lambda _: True,
    steady=True,
)
