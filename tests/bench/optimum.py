"""The best that can be done where both rates are known: Page's CUSUM of the log-likelihood ratio, which has the
shortest worst delay for its rate of false alarms (Lorden, Annals of Mathematical Statistics 1971; Moustakides, Annals
of Statistics 1986). Bins are minutes, counts Poisson or negative binomial.
"""

from collections.abc import Callable, Sequence
from math import log
from random import Random

from tests.bench.simulated import drawn

MONTH = 30 * 24 * 60
LONGEST = MONTH
"""Minutes after which nobody waits any longer."""
_FROM = 4.0
_STEADY = 200

Growth = Callable[[int], float]
"""By which factor the rate has risen, minutes after it began to, of which the first is 1."""


def step(factor: float) -> Growth:
    """The rate is suddenly so many times as high."""
    return lambda _: factor


def ramp(doubling: float) -> Growth:
    """The rate doubles every so many minutes, up to a thousandfold."""
    return lambda minute: min(2 ** (minute / doubling), 1000.0)


class Optimum:
    """The CUSUM for a rise by `factor` of counts whose mean is known."""

    def __init__(self, factor: float, dispersion: float) -> None:
        self.factor, self.dispersion = factor, dispersion
        self.total = 0.0

    def add(self, count: int, mean: float) -> float:
        """The sum after a bin of which `mean` was expected."""
        self.total = max(0.0, self.total + self.increment(count, mean))
        return self.total

    def increment(self, count: int, mean: float) -> float:
        """The log-likelihood ratio of one bin."""
        each, whole = self._gains(mean)
        return count * each + whole

    def _gains(self, mean: float) -> tuple[float, float]:
        if not self.dispersion:
            return log(self.factor), -mean * (self.factor - 1)
        size = 1 / self.dispersion
        ratio = (size + mean) / (size + self.factor * mean)
        return log(self.factor * ratio), size * log(ratio)

    def threshold(self, random: Random, mean: float, steps: int) -> float:
        """The sum that is passed once a month: how often 4 is, in so many steps, and an exponential tail."""
        each, whole = self._gains(mean)
        total, above, excursions = 0.0, False, 0
        for _ in range(steps):
            total = max(0.0, total + drawn(random, mean, self.dispersion) * each + whole)
            if total > _FROM and not above:
                above, excursions = True, excursions + 1
            elif total <= 0:
                above = False
        return _FROM + log(max(excursions, 1) / steps * MONTH)

    def delay(self, random: Random, mean: float, threshold: float, growth: Growth) -> int:
        """Minutes from the rise to the alarm, after some steady ones; LONGEST if there is none."""
        each, whole = self._gains(mean)
        total = 0.0
        for _ in range(_STEADY):
            total = max(0.0, total + drawn(random, mean, self.dispersion) * each + whole)
            total = 0.0 if total > threshold else total
        for minute in range(1, LONGEST + 1):
            count = drawn(random, mean * growth(minute), self.dispersion)
            total = max(0.0, total + count * each + whole)
            if total > threshold:
                return minute
        return LONGEST


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of them lies, between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    before = int(place)
    after = min(before + 1, len(ordered) - 1)
    return ordered[before] + (place - before) * (ordered[after] - ordered[before])
