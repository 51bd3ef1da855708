"""How far the last minutes go beyond the bursts that a series has had before."""

from collections.abc import Sequence
from math import exp, log, sqrt

import msgspec

SCALES = (5, 15, 60)
"""Minutes over which bursts are measured."""
TAIL = 0.005
"""Share of windows that lie beyond the tail quantile."""

_OFFSET = 1 / 15  # added to both rates per minute: one post after a silence is then no surprise
_HALF_LIFE = 7 * 24 * 60
_PRIOR_LEVEL, _PRIOR_MINUTES = 0.05, 0.6
_WIDE, _SETTLING, _CAP = 100.0, 5.0, 3.0
_DISPERSION = 0.25  # variance = mean + dispersion * mean², until the series has shown its own
_PRIOR_EXCEEDANCES = 20
_PACE = 0.01  # of the quantile, a minute
_MEMORY = 200.0
_BETWEEN = 5.0  # minutes after which windows are taken for new ones


class Tail(msgspec.Struct, kw_only=True, array_like=True):
    """The upper tail of ln((rate + c) / (level + c)) at one scale: its quantile `u`, the mean excess `e` beyond it,
    both in units of the prior's, and the number of exceedances seen.
    """

    u: float = 1.0
    e: float = 1.0
    seen: float = 0.0


class Bursts(msgspec.Struct, kw_only=True, array_like=True):
    """Learns from one closed bin after the other.

    `level` is the mean count per minute of winsorised counts, over about a week. A surprise is the mean over scales of
    (x - u) / e with x the log ratio to the level: in log space an exponential tail is a Pareto tail of counts
    (Hill, Annals of Statistics 1975), so exp(-surprise) is about the share of this series' own bursts that go further.
    """

    level: float = _PRIOR_LEVEL
    heard: float = 0.0
    tails: tuple[Tail, ...] = msgspec.field(default_factory=lambda: tuple(Tail() for _ in SCALES))
    recent: list[int] = msgspec.field(default_factory=list)

    def totals(self, count: int, width: float) -> tuple[list[int], list[float]]:
        """The counts of the last windows, and how many minutes they really are, with `count` as the last bin."""
        bins = [max(1, int(scale / width)) for scale in SCALES]
        counts = [*self.recent, count]
        return [sum(counts[-many:]) for many in bins], [many * width for many in bins]

    def learn(self, count: int, width: float) -> float:
        """The next closed bin; returns how surprising it was."""
        totals, minutes = self.totals(count, width)
        found = self._excesses(totals, minutes)
        self.recent = [*self.recent, count][-max(1, int(SCALES[-1] / width)) :]
        if self.heard > SCALES[-1]:
            for tail, (excess, unit) in zip(self.tails, found, strict=True):
                _learn_tail(tail, excess, unit / max(0.2, tail.e), width)
        mean = self.level * width
        cap = mean + (_CAP + _WIDE * exp(-self.heard / _SETTLING)) * sqrt(mean + _DISPERSION * mean * mean) + 1
        pace = max(1 - 2 ** (-width / _HALF_LIFE), width / (self.heard + _PRIOR_MINUTES))
        self.level += min(1.0, pace) * (min(count, cap) / width - self.level)
        self.heard += width
        return sum(max(0.0, excess / unit) for excess, unit in found) / len(SCALES)

    def high(self, minutes: int, level: float) -> float:
        """The count that one window of 200 exceeds at this level a minute, at the scale nearest to `minutes`."""
        scale = min(range(len(SCALES)), key=lambda index: abs(SCALES[index] - minutes))
        quantile, _ = self._tail(scale, level)
        return max(0.0, minutes * (exp(quantile) * (level + _OFFSET) - _OFFSET))

    def surprise(self, totals: Sequence[int]) -> float:
        """How far the counts of the last 5, 15 and 60 minutes lie beyond this series' own bursts, >= 0, unbounded."""
        return sum(max(0.0, excess / unit) for excess, unit in self._excesses(totals, SCALES)) / len(SCALES)

    def beyond(self, totals: Sequence[int]) -> list[float]:
        """The same for each scale alone; below 0 within the bursts."""
        return [excess / unit for excess, unit in self._excesses(totals, SCALES)]

    def soften(self) -> None:
        """Keep the level as a prior only."""
        self.tails, self.recent, self.heard = tuple(Tail() for _ in SCALES), [], min(self.heard, 120.0)

    def _excesses(self, totals: Sequence[int], minutes: Sequence[float]) -> list[tuple[float, float]]:
        """For each scale what the log ratio is beyond the quantile, and the mean excess beyond it."""
        found = []
        for index, (total, span) in enumerate(zip(totals, minutes, strict=True)):
            quantile, excess = self._tail(index, self.level, span)
            ratio = log((total / span + _OFFSET) / (self.level + _OFFSET))
            found.append((ratio - quantile, excess))
        return found

    def _tail(self, index: int, level: float, span: float | None = None) -> tuple[float, float]:
        prior_u, prior_e = _prior(span or SCALES[index], level)
        tail = self.tails[index]
        return tail.u * prior_u, max(0.2, tail.e) * prior_e


def _learn_tail(tail: Tail, excess: float, unit: float, width: float) -> None:
    tail.u = max(0.1, tail.u + _PACE * width * ((excess > 0) - TAIL))
    if excess > 0:
        weight = min(1.0, width / _BETWEEN)
        tail.seen = min(_MEMORY, tail.seen + weight)
        tail.e += (min(excess / unit, 5 * tail.e) - tail.e) * weight / (_PRIOR_EXCEEDANCES + tail.seen)


def _prior(minutes: float, level: float) -> tuple[float, float]:
    """The tail that an overdispersed count of this level would have."""
    mean = level * minutes
    deviation = sqrt(mean + _DISPERSION * mean**2)
    quantile = mean + 2.6 * deviation + 1.5
    offset = _OFFSET * minutes
    return log((quantile + offset) / (mean + offset)), (0.9 * deviation + 0.5) / (quantile + offset)
