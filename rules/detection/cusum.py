"""Has the rate risen, by whatever factor and since whenever? Page's sequential test, mixed over several factors."""

from collections.abc import Sequence
from math import exp, log

FACTORS = (1.25, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
"""The rises that are tested for, as multiples of what is expected."""

SURE = 25.0
"""Evidence beyond doubt."""

_DENSITY, _SPARSE_DENSITY = 0.075, 2.8  # false alarms a bin at evidence 0, simulated; the latter per mention expected
_POISSON_BELOW = 1e-3
_LEAK = 0.95  # a minute
_BINS_OF_MONTH = 30 * 24 * 60

_OF_ONE = log(sum(FACTORS) / len(FACTORS))

Gains = tuple[tuple[float, float], ...]
"""For each factor the log-likelihood ratio that a mention adds, and what a whole bin adds beside."""


def gains(expected: float, dispersion: float) -> Gains:
    """Of a bin of mean `expected` > 0, negative binomial with variance mean + dispersion * mean², or Poisson."""
    if dispersion * expected <= _POISSON_BELOW:
        return tuple((log(factor), -expected * (factor - 1)) for factor in FACTORS)
    size = 1 / dispersion
    own = size + expected
    risen = ((factor, size + factor * expected) for factor in FACTORS)
    return tuple((log(factor * own / other), size * log(own / other)) for factor, other in risen)


def add(sums: Sequence[float], count: int, gained: Gains, part: float = 1.0) -> list[float]:
    """The sums after a bin, of which `part` has passed. Each is Page's CUSUM for one factor (Biometrika 1954)."""
    found = []
    for total, (each, whole) in zip(sums, gained, strict=True):
        after = total + count * each + part * whole
        found.append(after if after > 0 else 0.0)
    return found


def leaked(total: float, width: float) -> float:
    """A sum after `width` calm minutes: what is beyond `SURE` leaks away, so that it ends soon after its cause."""
    return SURE + (total - SURE) * _LEAK**width if total > SURE else total


def evidence(sums: Sequence[float]) -> float:
    """The log of the mean likelihood ratio over the factors, >= 0."""
    largest = max(sums)
    if largest <= 0:
        return 0.0
    floor = exp(-largest)
    return max(0.0, largest + log(sum(exp(total - largest) - floor for total in sums) / len(sums) + floor))


def own_share(record: float, expected: float, width: float, months: float) -> float:
    """How much the highest evidence of some past says of a series itself, 0 to 1: the probability that chance does not
    make it in so many months.
    """
    return exp(-months * false_alarms(record, expected, width))


def false_alarms(found: float, expected: float, width: float) -> float:
    """How often in 30 days a steady series of `expected` mentions a bin of `width` minutes has so much evidence:
    an exponential tail whose factor was simulated for means from 0.001 to 1,000 and dispersions from 0 to 0.5. What one
    mention alone is evidence for is as frequent as mentions are.
    """
    density = min(_DENSITY, _SPARSE_DENSITY * expected) * exp(-found)
    return _BINS_OF_MONTH / width * (density if found > _OF_ONE else max(density, min(1.0, expected)))
