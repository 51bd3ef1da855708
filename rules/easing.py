"""When a count has clearly fallen, and how an incident that comes and goes is told ever more seldom. Pure."""

from math import comb

from rules.instant import MINUTE, Span
from rules.rule import Verdict

FACTOR = 2
"""A count has eased when it is at most the peak divided by this."""
LONGEST: Span = 4 * 60 * MINUTE
"""Waiting is doubled up to this, and not at all where an operator asked for more."""
SOONEST: Span = 60 * MINUTE
"""An incident that ended comes back for so long at least."""

_ONCE_IN = 10_000
"""How seldom chance alone may make such a fall. The peak is the highest of many windows, a hundred of a quarter of an
hour in a day, so one in twenty would be met by chance every day.
"""
_PLAIN = 125  # mentions: of so many, a fall to half is rarer than that by itself
_COUNTED = frozenset({"mentions", "authors", "stories"})


def has_fallen(high: int, now: int) -> bool:
    """Whether a window with `now` is from a lower rate than one with `high`: at most half of it, and too far for
    chance. Two Poisson counts of one rate share their sum like tosses of a coin (Przyborowski and Wilenski, Biometrika
    31, 1940).
    """
    both = high + now
    if FACTOR * now > high:
        return False
    return both >= _PLAIN or sum(comb(both, less) for less in range(now + 1)) * _ONCE_IN <= 2**both


def can_ease(verdict: Verdict, high: int) -> bool:
    """Whether what is counted has clearly fallen from `high`, and is not about to end by itself. What is told of one
    post or account does not ease: nobody counts it all the time.
    """
    counted = verdict.unit in _COUNTED and not verdict.fewer
    return counted and not verdict.calm and has_fallen(high, verdict.count)


def calm_needed(calm_for: Span, returns: int) -> Span:
    """How long it must be calm before the end of an incident is told that came back so many times."""
    return _doubled(calm_for, returns)


def dwell(calm_for: Span, relapses: int) -> Span:
    """How long a count must be low before it is told that it eases, where it rose again so many times after that."""
    return _doubled(calm_for // 2, relapses)


def comes_back_within(calm: Span) -> Span:
    """How long after its end an incident that needed so much calm may come back as the same one."""
    return max(SOONEST, 2 * calm)


def _doubled(span: Span, times: int) -> Span:
    # a number of times without bound must not make a number without bound
    return max(span, min(LONGEST, span << min(times, 20)))
