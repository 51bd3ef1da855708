"""Has the rate risen for longer than this series' own bursts last? Page's test, fed with no more than a rise brings."""

from collections.abc import Iterable, Iterator
from math import inf

import msgspec

from rules.detection import cusum
from rules.detection.record import faded, with_excursion

FACTORS = (2.0, 5.0, 20.0)
"""The rises that are tested for, as multiples of what is expected: some of those of `cusum`."""

_AT = tuple(cusum.FACTORS.index(factor) for factor in FACTORS)
_RECORD = 25.0
_RECORD_POWER, _RECORD_SHARE = 4.0, 96.0
_RECORD_LASTS = 8.0  # months: whoever seldom has bursts has few in two
_OVER = 0.5  # of the highest: the excursion is over
_STORED, _LEAST = 15.0, 5.0  # minutes of such a rise, and mentions, that may come at once


class Rise(msgspec.Struct, kw_only=True, array_like=True):
    """A rise by one factor: `total` is Page's sum for it (Biometrika 1954), `left` how many more mentions count now (a
    leaky bucket, which such a rise fills), `highest` the largest sum of the excursion that runs, `record` that of past
    ones, which fades by half in 20 days.
    """

    total: float = 0.0
    left: float = 0.0
    highest: float = 0.0
    record: float = _RECORD


class Lasting(msgspec.Struct, kw_only=True, array_like=True):
    """Strictly causal, O(1) a bin. Whatever a burst brings, it is evidence for a rise by some factor only as far as
    such a rise would have brought it: so a burst is told from a rise by how long it lasts, whatever its size.
    """

    rises: tuple[Rise, ...] = msgspec.field(default_factory=lambda: tuple(Rise() for _ in FACTORS))

    def step(self, count: int, expected: float, gained: cusum.Gains, width: float) -> None:
        """Take in a bin of `width` minutes in which `expected` > 0 mentions were to be expected; `gained` are
        `cusum.gains`.
        """
        for rise, total, left in self._after(count, expected, gained, width):
            rise.total, rise.left = total, left

    def rate(self, expected: float, width: float, highest: float) -> float:
        """How often in 30 days this series goes so far: by its record, for the factor for which that is rarest. Where
        the `highest` evidence of its past is what chance makes, its record is no habit.
        """
        sums = [(rise.record, rise.total) for rise in self.rises]
        return _rate(sums, expected, width, highest)

    def ahead(self, count: int, expected: float, gained: cusum.Gains, part: float, highest: float) -> float:
        """The same with the minute that follows the last one and of which only `part` is over; nothing is learnt."""
        sums = [(rise.record, total) for rise, total, _ in self._after(count, expected, gained, 1.0, part)]
        return _rate(sums, expected, 1.0, highest)

    def remember(self, width: float, *, known: bool, calm: bool) -> None:
        """Let the records fade, and take in excursions that are over; `known`: it is known what is usual."""
        for rise in self.rises:
            rise.record = faded(rise.record, width)
            if known:
                rise.highest = max(rise.highest, rise.total)
            if rise.total < _OVER * rise.highest:
                rise.record = with_excursion(rise.record, rise.highest)
                rise.highest = rise.total
            if calm:
                rise.total = cusum.leaked(rise.total, width)

    def end(self) -> None:
        """What goes on has been told to its end: only what comes after it can be news."""
        for rise in self.rises:
            rise.record = with_excursion(rise.record, rise.highest)
            rise.total = rise.highest = 0.0

    def _after(
        self, count: int, expected: float, gained: cusum.Gains, width: float, part: float = 1.0
    ) -> Iterator[tuple[Rise, float, float]]:
        for rise, factor, at in zip(self.rises, FACTORS, _AT, strict=True):
            each, whole = gained[at]
            brought = factor * expected
            left = min(rise.left + part * brought, max(1.0, _STORED / width) * brought + _LEAST)
            counted = min(count, left)
            yield rise, max(0.0, rise.total + counted * each + part * whole), left - counted


def _rate(sums: Iterable[tuple[float, float]], expected: float, width: float, highest: float) -> float:
    found = inf
    for record, total in sums:
        if total > record:
            own = cusum.own_share(max(record, highest), expected, width, _RECORD_LASTS)
            found = min(found, own * _RECORD_SHARE * (record / total) ** _RECORD_POWER)
    return found
