"""Counts of before the brand was listened to, from rows or from mentions, ready to be imported."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from config.model import format_duration
from listener.pipeline.setup import Setup
from listener.recorded import Recorded
from rules.classify import NO_MODELS
from rules.history import DAY, LONGEST, portions
from rules.inputs import Heard, Imported
from rules.instant import Instant, instant, moment
from rules.labelling.model import LabelModel
from rules.mention import Mention
from rules.series import minute_of, series_of

SILENT = 7
"""Days without a word, of whichever brand, that are a silence: longer ones are taken for nobody having listened."""
SHORTEST, LONGEST_BIN = timedelta(minutes=1), timedelta(hours=1)


_ALWAYS = ("posts", "negative")
_SERIES = (*_ALWAYS, "positive", "unsupported")


@dataclass(frozen=True)
class Counted:
    """Counts of series in bins of `width` minutes from minute `begin` on, None where nothing was measured."""

    begin: int
    width: int
    counts: Mapping[str, Sequence[int | None]]

    def entries(self, until: int | None = None) -> list[Imported]:
        """What is to be imported, but for bins that end after minute `until`."""
        most = None if until is None else max(0, (until - self.begin) // self.width)
        return list(portions(0, self.begin, self.width, {name: each[:most] for name, each in self.counts.items()}))


class BinError(ValueError):
    """A row does not fit between the others; the message says why."""


class Bins:
    """Rows of one series in order, put into bins of one length: `width` minutes, or when not given, as far as the first
    two rows are apart. Where there is no row, nothing was heard.
    """

    def __init__(self, width: timedelta | None = None) -> None:
        self._width = width and _checked(width)
        self._first: datetime | None = None
        self._counts: list[int | None] = []

    def add(self, at: datetime, count: int | None) -> None:
        """The next row. Raises BinError when it is left out."""
        if self._first is None:
            self._first = at
        else:
            self._place(at - self._first)
        self._counts.append(count)

    @property
    def width(self) -> int:
        """Minutes of a bin."""
        return (self._width or SHORTEST) // SHORTEST

    @property
    def begin(self) -> int:
        """The minute of the first bin."""
        return minute_of(instant(self._first)) if self._first else 0

    @property
    def counts(self) -> tuple[int | None, ...]:
        """One for each bin."""
        return tuple(self._counts)

    def _place(self, passed: timedelta) -> None:
        if passed <= timedelta():
            raise BinError("not later than the row before it")
        self._width = self._width or _checked(passed)
        place = round(passed / self._width)
        if place < len(self._counts):
            raise BinError("in the same bin as the row before it, or earlier")
        if place - len(self._counts) > LONGEST:
            raise BinError("years after the row before it")
        self._counts += [None] * (place - len(self._counts))


def _checked(width: timedelta) -> timedelta:
    if width % SHORTEST or not SHORTEST <= width <= LONGEST_BIN:
        raise BinError(f"bins of {format_duration(width)} are not read: whole minutes, from 1 minute to 1 hour")
    return width


def silences(days: Iterable[int]) -> Iterator[range]:
    """The minutes in which nobody listened, of `days` (since the epoch) on which something was said: more than SILENT
    whole days in a row without a word of anybody.
    """
    for before, after in pairwise(sorted(days)):
        if after - before - 1 > SILENT:
            yield range((before + 1) * DAY, after * DAY)


class Tally:
    """Counts the mentions of a recording as the daemon would have, minute by minute. Between the first and the last
    mention, whichever brand it is of, a minute without one is a zero, but for `silences`. Only the newest LONGEST
    minutes are kept.
    """

    def __init__(self, setup: Setup, models: Mapping[str, LabelModel] = NO_MODELS) -> None:
        self._recorded = Recorded(setup, models)
        self._brands: dict[str, dict[str, dict[int, int]]] = {brand: {} for brand in setup.plans}
        self._days: set[int] = set()
        self._first, self._last, self.mentions = sys.maxsize, 0, 0

    def add(self, mention: Mention, said: Instant) -> None:
        """Count it where it was said."""
        self.mentions += 1
        minute = minute_of(said)
        self._days.add(minute // DAY)
        self._first = min(minute, self._first)
        self._last = max(self._last, minute)
        if minute <= self._last - LONGEST:
            return
        dated = msgspec.structs.replace(mention, created_at=moment(said))
        for each in self._recorded.take(dated, said, None):
            if isinstance(each.entry, Heard):
                for series in series_of(each.entry.facts):
                    self._count(self._brands[each.brand].setdefault(series, {}), minute)

    def _count(self, minutes: dict[int, int], minute: int) -> None:
        minutes[minute] = minutes.get(minute, 0) + 1
        if len(minutes) > 2 * LONGEST:
            for old in [each for each in minutes if each <= self._last - LONGEST]:
                del minutes[old]

    def counted(self) -> dict[str, Counted]:
        """By brand, those that no mention concerns left out."""
        begin, end = max(self._first, self._last - LONGEST + 1), self._last + 1
        unheard = {
            minute for silence in silences(self._days) for minute in range(max(begin, silence.start), silence.stop)
        }
        return {
            brand: Counted(
                begin,
                1,
                {
                    name: _filled(found.get(name, {}), begin, end, unheard)
                    for name in _SERIES
                    if name in found or name in _ALWAYS
                },
            )
            for brand, found in self._brands.items()
            if found.get("posts")
        }


def _filled(minutes: Mapping[int, int], begin: int, end: int, unheard: AbstractSet[int]) -> tuple[int | None, ...]:
    return tuple(None if minute in unheard else minutes.get(minute, 0) for minute in range(begin, end))
