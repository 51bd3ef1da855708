"""What chance does to counts."""

from collections.abc import Callable
from math import exp, lgamma, log, sqrt
from random import Random

_LARGE = 50


def drawn(random: Random, mean: float) -> int:
    """A count of independent events of which `mean` are expected (Poisson; from 50 on as good as normal)."""
    if mean >= _LARGE:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    number, passed = 0, random.expovariate(1.0)
    while passed < mean:
        number, passed = number + 1, passed + random.expovariate(1.0)
    return number


def interval(count: int) -> tuple[float, float]:
    """The means at which so many or more, so many or fewer, have a probability of 2.5 % (Garwood, Biometrika 1936)."""
    upper = _root(lambda mean: _at_most(count, mean) - 0.025, count, count + 10 + 6 * sqrt(count))
    return (_root(lambda mean: _at_most(count - 1, mean) - 0.975, 0.0, count) if count else 0.0), upper


def _at_most(count: int, mean: float) -> float:
    return sum(exp(each * log(mean) - mean - lgamma(each + 1)) for each in range(count + 1)) if mean > 0 else 1.0


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
