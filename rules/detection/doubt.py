"""How much more than what is expected may be usual after all, in a series that was not heard for long."""

from math import exp, sqrt

_DAY, _WEEK = 24 * 60.0, 7 * 24 * 60.0
_DEVIATIONS = 1.5
_BETWEEN_DAYS, _BETWEEN_WEEKDAYS, _OF_FIRST_DAY = 0.09, 0.0625, 0.7  # variances of the logarithm of a mean
_SHAPE_AFTER = 6 * 60.0  # minutes: of what was just heard, the hour is the same
_AT_START, _START = 9.0, 5.0


def at_most(expected: float, width: float, heard: float) -> float:
    """The mean that may well be usual in a bin of `width` minutes of which `expected` > 0 is what `heard` minutes told.

    A mean is known by the mentions it was learnt from, and the shape of a day or a week by how often it was heard: the
    standard error of the logarithm of both together, 1.5 times, for a week; less and less in the second one; then
    `expected` itself.
    """
    doubt = min(1.0, 2 - heard / _WEEK)
    if doubt <= 0:
        return expected
    days = heard / _DAY
    shape = _BETWEEN_DAYS / max(1.0, days) + (_BETWEEN_WEEKDAYS if days < 7 else 0.0)
    shape += _OF_FIRST_DAY * max(0.0, 1 - days)
    of_this_hour = heard if days < 1 else heard / 24  # the shape of the day is known from the second on
    variance = min(1.0, heard / _SHAPE_AFTER) * shape + 1 / (1 + expected / width * of_this_hour)
    variance += _AT_START * exp(-heard / _START)
    return expected * exp(doubt * _DEVIATIONS * sqrt(variance))
