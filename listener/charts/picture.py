"""What a chart shows, whoever draws it: bounded, however long the series is."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from math import hypot

from rules.transition import Severity

MOST_BUCKETS = 360
"""Bars that are told apart on a page."""
_STEPS = (1, 5, 15, 30, 60, 180, 360, 720, 1440, 7 * 1440)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """What was counted from the minute `begin` (since the epoch) on, what was expected, and the count that few such
    stretches exceed; None where that is not known.
    """

    begin: int
    count: int
    expected: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """When an incident opened, how serious it became, and what was counted, in words."""

    at: datetime
    severity: Severity
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """From when to when: an incident, or something that is known to have happened."""

    since: datetime
    until: datetime
    name: str = ""


class Series:
    """Takes buckets of one width in order, and keeps so few that they can be shown: where there are more, neighbours
    become one.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.buckets: list[Bucket] = []

    def add(self, bucket: Bucket) -> None:
        """The next one; a bucket that falls into the last joins it."""
        last = self.buckets[-1] if self.buckets else None
        begin = bucket.begin // self.width * self.width
        if last and last.begin == begin:
            self.buckets[-1] = _joined([last, bucket], begin)
        else:
            self.buckets.append(_joined([bucket], begin))
        while self.buckets[-1].begin - self.buckets[0].begin >= MOST_BUCKETS * self.width:
            self._widen()

    def _widen(self) -> None:
        self.width = next((step for step in _STEPS if step > self.width and not step % self.width), 2 * self.width)
        grouped = groupby(self.buckets, key=lambda bucket: bucket.begin // self.width * self.width)
        self.buckets = [_joined(list(buckets), begin) for begin, buckets in grouped]


def _joined(buckets: list[Bucket], begin: int) -> Bucket:
    known = [(each.expected, each.high) for each in buckets if each.expected is not None and each.high is not None]
    expected = sum(each.expected for each in buckets if each.expected is not None)
    # what goes beyond the expected adds up as independent deviations do
    high = expected + hypot(*(high - mean for mean, high in known))
    return Bucket(
        begin=begin,
        count=sum(each.count for each in buckets),
        expected=expected if any(each.expected is not None for each in buckets) else None,
        high=high if known else None,
    )


@dataclass(kw_only=True)
class Panel:
    """One series of `what` (`mentions`, a kind of series of the engine, or a unit) with all that happened in it."""

    title: str
    series: Series
    what: str = "mentions"
    alarms: list[Alarm] = field(default_factory=list)
    incidents: list[Stretch] = field(default_factory=list)
    known: list[Stretch] = field(default_factory=list)
