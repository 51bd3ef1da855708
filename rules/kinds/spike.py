"""Far more mentions than is usual for this brand, from enough different people."""

from collections.abc import Sequence
from statistics import fmean
from typing import Annotated, Any

import msgspec
from pydantic import Field

from config.model import Model
from rules.baseline import SCALES, Baseline, threshold
from rules.budget import Budget
from rules.instant import Instant
from rules.rule import Floor, Of, RuleOptions, RuleSpec, Verdict, plural
from rules.series import Counts, minute_of
from rules.transition import Severity

_WINDOW = 15
_BEFORE = max(SCALES) - _WINDOW
_STRETCH, _LEAST_STRETCHES = 5, 3  # minutes of one, and how many before the window tell what is usual
_LEAST_USUAL, _LEAST_USUAL_LEARNING, _LEAST_USUAL_EARLY = 1.0, 1.5, 3.0  # what `times_usual` is taken of at least


class CriticalWhen(Model):
    """From here on the incident is critical."""

    times_usual: Annotated[float, Field(gt=1)]


class SpikeOptions(RuleOptions):
    """Fires when a count is far beyond this brand's own usual bursts."""

    of: Of = "negative"
    """What is counted: negative mentions, or all posts."""
    budget: Budget = 1.0
    """How many false alarms you accept for this rule and brand, such as `1 per month`."""
    at_least: Floor = Floor(posts=8, authors=5)
    """Never below this number of mentions in 15 minutes, by this number of different authors."""
    critical_when: CriticalWhen | None = CriticalWhen(times_usual=10)
    """The multiple of the usual count from which it is critical."""


class Spike:
    """Fires when the count of 15 minutes is above its floor and the score above what the budget allows; is calm when
    the count is back inside the usual range.
    """

    horizon = max(SCALES)

    def __init__(self, _name: str, options: SpikeOptions) -> None:
        self.series: str = options.of
        self._options = options
        self._threshold = threshold(options.budget)
        self._baseline = Baseline()

    def learn(self, count: int) -> None:
        self._baseline.learn(count)

    def soften(self) -> None:
        self._baseline.soften()

    def judge(self, counts: Counts, at: Instant, usual: float | None = None, /) -> Verdict:
        totals = [counts.total(self.series, at, minutes) for minutes in SCALES]
        count, floor = totals[1], self._options.at_least
        level, early = self._level(counts, at, usual)
        high = self._baseline.high(_WINDOW, level)
        firing = (
            count >= floor.posts
            and self._baseline.score(totals, level) >= self._threshold
            and counts.has_authors(self.series, at, _WINDOW, floor.authors)
        )
        return Verdict(
            of=self.series,
            firing=firing,
            calm=count <= high,
            severity=self._severity(count, _LEAST_USUAL_EARLY if early else level * _WINDOW),
            count=count,
            window=_WINDOW,
            expected=level * _WINDOW,
            usual=None if early else level * _WINDOW,
            usual_high=None if early else high,
            learning=self._baseline.learning,
        )

    def _level(self, counts: Counts, at: Instant, usual: float | None) -> tuple[float, bool]:
        """The level to compare with, a minute, and whether it is a guess since too little was heard. While learning it
        is no lower than what was heard before the window: a brand always loud is news once, at its start.
        The loudest third of it does not count: a crisis that grows is not its own normal.
        """
        level = self._baseline.level
        if usual is not None:
            return max(level, usual / _WINDOW), False
        if not self._baseline.learning:
            return level, False
        before = self._before(counts, at)
        if not before:
            return level, True
        quieter = sorted(before)[: -(-2 * len(before) // 3)]
        return max(level, fmean(quieter) / _STRETCH), len(before) < _LEAST_STRETCHES

    def _before(self, counts: Counts, at: Instant) -> Sequence[int]:
        """Counts of the stretches that were heard before the window, the latest first."""
        stretches = min(_BEFORE, counts.heard(at) - _WINDOW) // _STRETCH
        last = minute_of(at) - _WINDOW
        return [
            sum(counts.at(self.series, last - number * _STRETCH - minute) for minute in range(_STRETCH))
            for number in range(stretches)
        ]

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        floor = self._options.at_least
        counted = f"{plural(verdict.count, f'{self.series} mention')} in {verdict.window} min"
        normal = (
            f", usually {verdict.usual:.1f}, more than {verdict.usual_high:.0f} in one window of 200"
            if verdict.usual is not None and verdict.usual_high is not None
            else ""
        )
        reasons = (
            f"{counted}{normal}",
            f"at least {plural(floor.posts, 'mention')} by {plural(floor.authors, 'author')}",
        )
        return (*reasons, "still learning what is usual") if verdict.learning else reasons

    def dump(self) -> Any:
        return msgspec.to_builtins(self._baseline)

    def restore(self, state: Any) -> None:
        self._baseline = msgspec.convert(state, Baseline)

    def recall(self, state: Any) -> None:
        self._baseline.level = max(self._baseline.level, msgspec.convert(state, Baseline).level)

    def _severity(self, count: int, usual: float) -> Severity:
        critical = self._options.critical_when
        base = max(usual, _LEAST_USUAL_LEARNING if self._baseline.learning else _LEAST_USUAL)
        return "critical" if critical and count >= critical.times_usual * base else self._options.severity


SPEC = RuleSpec(
    kind="spike",
    summary="Fires when mentions go far beyond what is usual for the brand.",
    options=SpikeOptions,
    example={"of": "negative", "budget": "1 per month", "at_least": {"posts": 8, "authors": 5}, "severity": "warning"},
    build=Spike,
)
