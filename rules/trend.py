"""How fast a count grows or falls, and where it is heading, by its last minutes: said only when that is sure."""

from collections.abc import Sequence
from math import exp, expm1, log, sqrt
from typing import NamedTuple

from rules.instant import MINUTE, Instant, Span
from rules.series import Counts, minute_of
from rules.transition import Trend

SPANS = (30, 15)
"""Minutes that are looked at: the longer stretch first, the latter half of it where the whole has no one rate."""
AHEAD: Span = 15 * MINUTE
"""What is told of the future: how many come in that time from now, when nothing changes."""
_FEWEST = 8  # mentions
_SURE, _RANGE = 2.5, 1.28  # standard errors: apart from no change at all, and of an interval of 80 %
_SLOWEST = 57.0  # minutes to double or halve: slower is no news
_STEEPEST = 1.0  # natural logarithm a minute
_WIDEST = 4.0  # times the low end of what is expected
_ALIKE = 1.5  # standard errors
_LEVEL = 2  # minutes
_ROUNDS = 30


def trend(series: str, counts: Counts, at: Instant) -> Trend | None:
    """The trend of the mentions of a series before the minute of `at`, which is not over; None when it is not sure, or
    when not all of these minutes was heard alike.
    """
    now = minute_of(at)
    for minutes in SPANS:
        begin = now - minutes
        deaf = begin < counts.open or any(minute >= begin for minute in counts.deaf)
        if deaf or (counts.full_since or 0) > begin:
            continue
        found = trend_of([counts.at(series, minute) for minute in range(begin, now)])
        # while a part is not heard, fewer proves nothing
        if found and not (found.falls and counts.full_since is None):
            return found
    return None


def trend_of(counts: Sequence[int]) -> Trend | None:
    """The trend of counts per minute, oldest first: a constant rate of growth (log-linear Poisson, its errors widened
    by how much the counts scatter) that is surely not zero and is one and the same all along.
    """
    fit = _fit(counts)
    if fit is None or abs(fit.rate) < _SURE * fit.error or not _holds(fit, counts):
        return None
    minutes = log(2) / abs(fit.rate)
    if minutes > _SLOWEST:
        return None
    low, high = _expected(fit, len(counts))
    sure = high <= _WIDEST * low
    return Trend(
        falls=fit.rate < 0,
        minutes=round(minutes, 1),
        fastest=round(log(2) / (abs(fit.rate) + _RANGE * fit.error), 1),
        slowest=round(log(2) / (abs(fit.rate) - _RANGE * fit.error), 1),
        low=round(low) if sure else None,
        high=round(high) if sure else None,
        ahead=AHEAD,
    )


class _Fit(NamedTuple):
    """`exp(level + rate * (t - centre))` a minute; `error` of the rate, `level_error` of the level, which do not depend
    on each other at `centre`; `scatter` is the variance of a count over its mean, at least 1.
    """

    level: float
    rate: float
    centre: float
    error: float
    level_error: float
    scatter: float

    def at(self, minute: float) -> float:
        return exp(self.level + self.rate * (minute - self.centre))


def _fit(counts: Sequence[int]) -> _Fit | None:
    """By Newton's method, from a constant rate; None of too few, or when it does not settle."""
    total, times = sum(counts), range(len(counts))
    if total < _FEWEST:
        return None
    rate = 0.0
    for _ in range(_ROUNDS):
        weights = [exp(rate * time) for time in times]
        scale = total / sum(weights)
        means = [scale * weight for weight in weights]
        centre = sum(time * mean for time, mean in enumerate(means)) / total
        spread = sum((time - centre) ** 2 * mean for time, mean in enumerate(means))
        step = sum((time - centre) * count for time, count in enumerate(counts)) / spread
        rate = min(max(rate + step, -_STEEPEST), _STEEPEST)
        if abs(step) < 1e-9:
            chi = sum((count - mean) ** 2 / mean for count, mean in zip(counts, means, strict=True))
            scatter = max(1.0, chi / (len(counts) - 2))
            level = log(scale) + rate * centre
            return _Fit(level, rate, centre, sqrt(scatter / spread), sqrt(scatter / total), scatter)
    return None


def _holds(fit: _Fit, counts: Sequence[int]) -> bool:
    """Whether it is one rate all along: neither a turn, by its latter half, nor a step, which would be as likely."""
    latter = _fit(counts[len(counts) // 2 :])
    if latter is None or abs(latter.rate - fit.rate) > _ALIKE * latter.error:
        return False
    steady = sum(count * log(fit.at(time)) - fit.at(time) for time, count in enumerate(counts))
    steps = (_level(counts[:time]) + _level(counts[time:]) for time in range(_LEVEL, len(counts) - _LEVEL + 1))
    return steady >= max(steps) - log(len(counts)) / 2


def _level(counts: Sequence[int]) -> float:
    """How likely counts of one constant rate are, as a logarithm."""
    total = sum(counts)
    return total * log(total / len(counts)) - total if total else 0.0


def _expected(fit: _Fit, begin: int) -> tuple[float, float]:
    """From how many to how many are to come next, in four of five cases in which nothing changes."""
    minutes = AHEAD // MINUTE
    mean = fit.at(begin) * expm1(fit.rate * minutes) / expm1(fit.rate)
    distance = begin + minutes / 2 - fit.centre
    error = sqrt(fit.level_error**2 + (distance * fit.error) ** 2 + fit.scatter / mean)
    return mean * exp(-_RANGE * error), mean * exp(_RANGE * error)
