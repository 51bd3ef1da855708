"""How many mentions are to be expected in a bin: a slow level, the shape of day and week, and how lumpy counts are."""

from collections.abc import Sequence
from math import exp, sqrt
from struct import Struct

import msgspec

_DAY = 24 * 60
_PRIOR_TOTAL, _PRIOR_MINUTES = 0.03, 0.6
_HALF_LIFE = 10 * _DAY
_LONGEST_HELD = 3 * _DAY
_HELD_SHARE, _HELD_FROM = 2.0, 15.0
_DOUBT = 1.0  # a mention: of a series with few nobody knows that it has no more
_WIDE, _SETTLING = 100.0, 5.0  # deviations let in at the very start, and how fast they narrow, in minutes
_CAP = 3.0  # deviations
_LEAST = 1e-5
_LEAST_SHARE = 1e-3  # of an hour or a day without a mention: it is divided by
_HOUR_MEMORY, _DAY_MEMORY = 14 * 60 * 1.44, 5 * _DAY * 1.44  # minutes of an hour of the day, of a day of the week
_HOUR_PRIOR, _DAY_PRIOR = 4 * 60.0, 4 * 240.0
_HOUR_MENTIONS = 4.0  # an hour of the first day is worth as many less
_SPREAD_PRIOR, _SPREAD_PRIOR_MINUTES, _SPREAD_HALF_LIFE = 0.05, 60.0, 7 * _DAY
_LEAST_FOR_SPREAD = 0.05
_LARGEST_SPREAD = 10.0
_THURSDAY = 3  # the first day of the epoch
_HOUR, _HOURS = Struct("<f"), Struct("<24f")


class Level(msgspec.Struct, kw_only=True, array_like=True):
    """Learns from one closed bin after the other; times are in minutes since the epoch, `width` is that of a bin.

    The level is a mean of winsorised counts that forgets with a half-life of ten days. What is heard while an excursion
    runs is held back until it is over: a burst does not become its own normal. What surely runs for three days has
    come to stay: it is then learnt as it was, not capped, and what was before counts for no more than it.
    `hours`, packed as floats of four bytes, are the mentions of each hour in the first day, and from then on what each
    is worth beside the others. The variance of a count of mean m is m + dispersion * m² (negative binomial).
    """

    total: float = _PRIOR_TOTAL
    time: float = _PRIOR_MINUTES
    held: float = 0.0
    held_time: float = 0.0
    held_whole: float = 0.0
    spread: float = _SPREAD_PRIOR * _SPREAD_PRIOR_MINUTES
    spread_time: float = _SPREAD_PRIOR_MINUTES
    heard: float = 0.0
    hours: bytearray | list[float] = msgspec.field(default_factory=lambda: [0.0] * 24)
    days: list[float] = msgspec.field(default_factory=lambda: [1.0] * 7)

    def __post_init__(self) -> None:
        if isinstance(self.hours, list):
            self.hours = _packed(self.hours)

    @property
    def dispersion(self) -> float:
        """How much lumpier than a Poisson process the counts are, 0 if not at all."""
        return max(0.0, self.spread / self.spread_time)

    def expected(self, minute: float, width: float) -> float:
        """The mean of the bin that begins at `minute`."""
        return max(_LEAST, (self.total + _DOUBT) / self.time * width * self._shape(minute))

    def learn(self, count: float, mean: float, minute: float, width: float, *, quiet: bool, sure: bool = False) -> None:
        """The next closed bin, of which `mean` was expected; `quiet`: no excursion is running; `sure`: one is."""
        cap = _CAP + _WIDE * exp(-self.heard / _SETTLING)
        usual = min(count, mean + cap * sqrt(mean + self.dispersion * mean * mean) + 1)
        per_mean = width * (self.total + _DOUBT) / self.time / mean
        self._learn_level(usual * per_mean, count * per_mean, width, quiet=quiet, sure=sure)
        if self.heard < _DAY:  # of less than a day nobody knows whether it was its loud part
            hour = int(minute // 60) % 24
            self._set_hour(hour, self._hour(hour) + usual)
        else:
            self._learn_shape(usual, minute, width)
        self._learn_spread(usual, mean, width)
        self.heard += width
        if self.heard >= _DAY > self.heard - width:
            totals = self._hours()
            mean = sum(totals) / 24
            self.hours = _packed([(total + _HOUR_MENTIONS) / (mean + _HOUR_MENTIONS) for total in totals])

    def soften(self, minutes: float) -> None:
        """Keep what is known as a prior worth `minutes`."""
        kept = min(1.0, minutes / self.time)
        self.total, self.time, self.heard = self.total * kept, self.time * kept, min(self.heard, minutes)
        self.hours, self.days = _packed([0.0] * 24), [1.0] * 7
        self.held = self.held_whole = self.held_time = 0.0

    def is_below(self, other: "Level") -> bool:
        """Whether less is expected in all than `other` does."""
        return self.total * other.time < other.total * self.time

    def _shape(self, minute: float) -> float:
        if self.heard < _DAY:
            return 1.0
        hour = minute / 60.0 - 0.5
        before = int(hour // 1)
        part = hour - before
        hours = self._hours()
        of_day = hours[before % 24] * (1 - part) + hours[(before + 1) % 24] * part
        day = int(minute // _DAY + _THURSDAY) % 7
        return of_day * 24 / sum(hours) * self.days[day] * 7 / sum(self.days)

    def _learn_shape(self, count: float, minute: float, width: float) -> None:
        base = max(self.total / self.time, 1e-9)
        ratio, weight = count / (base * width), min(1.0, base * 60) * width
        hour, day = int(minute // 60) % 24, int(minute // _DAY + _THURSDAY) % 7
        of_day, of_week = self._hour(hour), self.days[day]
        pace = weight / min(_HOUR_MEMORY, self.heard / 24 + _HOUR_PRIOR)
        share = max(_LEAST_SHARE, of_day + min(1.0, pace) * (ratio / of_week - of_day))
        self._set_hour(hour, share)
        pace = weight / min(_DAY_MEMORY, self.heard / 7 + _DAY_PRIOR)
        self.days[day] = max(_LEAST_SHARE, of_week + min(1.0, pace) * (ratio / of_day - of_week))

    def _hours(self) -> Sequence[float]:
        return _HOURS.unpack(self._stored)

    def _hour(self, hour: int) -> float:
        value: float = _HOUR.unpack_from(self._stored, hour * _HOUR.size)[0]
        return value

    def _set_hour(self, hour: int, value: float) -> None:
        _HOUR.pack_into(self._stored, hour * _HOUR.size, value)

    @property
    def _stored(self) -> bytearray:
        assert isinstance(self.hours, bytearray)  # a list is what older states had
        return self.hours

    def _learn_level(self, usual: float, count: float, width: float, *, quiet: bool, sure: bool) -> None:
        self.held += usual
        self.held_whole += count
        self.held_time += width
        too_long = self.held_time > min(_LONGEST_HELD, _HELD_SHARE * self.heard)
        if too_long and sure:
            self._take(self.held_whole, min(1.0, self.held_time / self.time))
        elif too_long or quiet or self.heard < _HELD_FROM:
            self._take(self.held, 2 ** (-self.held_time / _HALF_LIFE))

    def _take(self, held: float, kept: float) -> None:
        self.total, self.time = self.total * kept + held, self.time * kept + self.held_time
        self.held = self.held_whole = self.held_time = 0.0

    def _learn_spread(self, count: float, mean: float, width: float) -> None:
        if mean <= _LEAST_FOR_SPREAD:
            return
        spread = min(((count - mean) ** 2 - count) / (mean * mean), _LARGEST_SPREAD)
        weight, kept = min(1.0, mean / width) * width, 2 ** (-width / _SPREAD_HALF_LIFE)
        self.spread = self.spread * kept + spread * weight
        self.spread_time = self.spread_time * kept + weight


def _packed(hours: Sequence[float]) -> bytearray:
    return bytearray(_HOURS.pack(*hours))
