"""How probable a count is, or one beyond it, at the usual rate."""

from math import exp, lgamma, log

_LEAST = 1e-12
_POISSON_BELOW = 1e-9
_MOST_TERMS = 200_000


def tail(count: int, mean: float, dispersion: float) -> float:
    """The probability of `count` or more, of mean `mean` > 0 and variance mean + dispersion * mean²."""
    if count <= 0:
        return 1.0
    if count > mean:
        return min(1.0, _sum(count, mean, dispersion, step=1))
    return max(0.0, 1.0 - _sum(count - 1, mean, dispersion, step=-1))


def _sum(count: int, mean: float, dispersion: float, *, step: int) -> float:
    """The probabilities from `count` on, away from the mean, where each is smaller than the one before."""
    term = total = exp(_log_mass(count, mean, dispersion))
    for _ in range(_MOST_TERMS):
        count += step
        if count < 0 or term <= _LEAST * total:
            break
        ratio = _ratio(count if step > 0 else count + 1, mean, dispersion)
        term *= ratio if step > 0 else 1 / ratio
        total += term
    return total


def _ratio(count: int, mean: float, dispersion: float) -> float:
    """How much more probable `count` >= 1 is than one less."""
    return mean * (1 + dispersion * (count - 1)) / (count * (1 + dispersion * mean))


def _log_mass(count: int, mean: float, dispersion: float) -> float:
    if dispersion * mean < _POISSON_BELOW:
        return count * log(mean) - mean - lgamma(count + 1)
    size = 1 / dispersion
    shape = lgamma(size + count) - lgamma(size) - lgamma(count + 1)
    return shape + count * log(mean / (size + mean)) + size * log(size / (size + mean))
