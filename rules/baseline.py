"""What is usual for a series: a slow level of its counts per minute, and how far its own bursts go beyond it."""

from collections.abc import Sequence
from math import exp, log, sqrt

import msgspec

SCALES = (5, 15, 60)
"""Minutes over which bursts are measured."""
TAIL = 0.005
"""Share of windows that lie beyond the tail quantile."""
LEARNING_MINUTES = 3 * 24 * 60
"""Minutes heard before the baseline is no longer called learning."""

_OFFSET = 1 / 15  # added to both rates per minute: one post after a silence is then no surprise
_PRIOR_LEVEL, _PRIOR_MINUTES = 0.05, 120
_HALF_LIFE = 3 * 24 * 60
_SLOWEST = 1 - 2 ** (-1 / _HALF_LIFE)
_DISPERSION = 0.25  # variance = mean + dispersion * mean^2, until the series has shown its own
_PRIOR_EXCEEDANCES = 20


class Tail(msgspec.Struct, kw_only=True):
    """The upper tail of ln((rate + c) / (level + c)) at one scale: its quantile `u`, the mean excess `e` beyond it,
    both in units of the prior's, and the number of exceedances seen.
    """

    u: float = 1.0
    e: float = 1.0
    seen: int = 0


class Baseline(msgspec.Struct, kw_only=True):
    """Learns from one closed minute after the other; `score` compares the present with it.

    `level` is the expected count per minute, an exponentially weighted mean of winsorised counts, so that a burst does
    not raise its own normal. The score is a mean over scales of (x - u) / e with x the log ratio to the level: in log
    space an exponential tail is a Pareto tail of counts (Hill, Annals of Statistics 1975), so exp(-score) is about the
    share of this series' own bursts that go further.
    """

    level: float = _PRIOR_LEVEL
    minutes: int = 0
    tails: tuple[Tail, ...] = ()
    recent: list[int] = []

    @property
    def learning(self) -> bool:
        """Too little history to speak of what is usual with confidence."""
        return self.minutes < LEARNING_MINUTES

    def soften(self) -> None:
        """Keep the level as a prior only."""
        self.minutes, self.tails, self.recent = min(self.minutes, _PRIOR_MINUTES), (), []

    def high(self, minutes: int, level: float) -> float:
        """The count that one window of 200 exceeds at this level, at the scale nearest to `minutes`."""
        scale = min(range(len(SCALES)), key=lambda index: abs(SCALES[index] - minutes))
        quantile, _ = self._tail(scale, level)
        return max(0.0, minutes * (exp(quantile) * (level + _OFFSET) - _OFFSET))

    def score(self, totals: Sequence[int], level: float) -> float:
        """How far the counts of the last 5, 15 and 60 minutes lie beyond this series' own bursts, >= 0, unbounded."""
        beyond = 0.0
        for index, total in enumerate(totals):
            quantile, excess = self._tail(index, level)
            beyond += max(0.0, _ratio(total, SCALES[index], level) - quantile) / excess
        return beyond / len(SCALES)

    def learn(self, count: int) -> None:
        """The next closed minute."""
        self.recent = [*self.recent[-(SCALES[-1] - 1) :], count]
        if len(self.recent) == SCALES[-1]:
            self._learn_tails()
        cap = self.level + 3 * sqrt(self.level + _DISPERSION * self.level**2) + 1
        pace = max(_SLOWEST, 1 / (self.minutes + _PRIOR_MINUTES))
        self.level += pace * (min(count, cap) - self.level)
        self.minutes += 1

    def _learn_tails(self) -> None:
        if not self.tails:
            self.tails = tuple(Tail() for _ in SCALES)
        for index, tail in enumerate(self.tails):
            prior_u, prior_e = _prior(SCALES[index], self.level)
            beyond = _ratio(sum(self.recent[-SCALES[index] :]), SCALES[index], self.level) - tail.u * prior_u
            tail.u = max(0.1, tail.u + 0.05 * ((beyond > 0) - TAIL))
            if beyond > 0:
                tail.seen += 1
                tail.e += (min(beyond / prior_e, 5 * tail.e) - tail.e) / (_PRIOR_EXCEEDANCES + min(tail.seen, 200))

    def _tail(self, index: int, level: float) -> tuple[float, float]:
        prior_u, prior_e = _prior(SCALES[index], level)
        if not self.tails:
            return prior_u, prior_e
        return self.tails[index].u * prior_u, max(0.2, self.tails[index].e) * prior_e


def _prior(minutes: int, level: float) -> tuple[float, float]:
    """The tail that an overdispersed count of this level would have."""
    mean = level * minutes
    deviation = sqrt(mean + _DISPERSION * mean**2)
    quantile = mean + 2.6 * deviation + 1.5
    offset = _OFFSET * minutes
    return log((quantile + offset) / (mean + offset)), (0.9 * deviation + 0.5) / (quantile + offset)


def _ratio(total: int, minutes: int, level: float) -> float:
    return log((total / minutes + _OFFSET) / (level + _OFFSET))


def threshold(budget: float) -> float:
    """The score that a quiet series passes `budget` times in 30 days: windows of 15 minutes taken as independent, each
    beyond the tail quantile with probability TAIL and beyond score s with TAIL * exp(-s).
    """
    windows = 30 * 24 * 4
    return max(0.5, log(windows * TAIL / budget))
