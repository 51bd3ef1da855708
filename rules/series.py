"""Counts of a brand per minute: integers in bins, read through windows."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from rules.bin import Bin, are_different, different
from rules.campaigns import Campaign, times
from rules.facts import Facts
from rules.instant import MINUTE, Instant
from rules.reactions import Followed
from rules.stories import Stories
from rules.transition import Unit

_HITS = "hits:"
TERM = "term:"
"""Before a term, the series of negative mentions that hold it."""
MOST_SOURCES = 200
"""Sources of a brand that are told apart: beyond, they count with all others only."""
MOST_SERIES = 1_000
"""Series of a brand: beyond, terms that only one mention holds make room for the next."""

Counted = Literal["posts", "negative", "authors", "negative authors", "stories", "negative stories", "reach"]
"""What may be counted of a brand: all posts, or the negative ones; the different authors or stories (near copies of a
text are one) of either; or negative posts by authors with 10,000 followers or more.
"""
_FAR = 10_000
_DIFFERENT: Mapping[str, tuple[str, Unit]] = {
    "authors": ("posts", "authors"),
    "negative authors": ("negative", "authors"),
    "stories": ("posts", "stories"),
    "negative stories": ("negative", "stories"),
}


def named(series: str, count: int) -> str:
    """`1 negative mention`, `2 authors of negative mentions`."""
    of, unit = measure_of(series)
    what = {"posts": "mention", "reach": "far-reaching negative mention"}.get(of, f"{of} mention")
    if unit == "mentions":
        return f"{count} {what}" if count == 1 else f"{count} {what}s"
    one = {"authors": "author", "stories": "story"}[unit]
    return f"{count} {one if count == 1 else unit} of {what}s"


@lru_cache(4096)
def measure_of(series: str) -> tuple[str, Unit]:
    """The series whose mentions are counted, and what is counted of them."""
    return _DIFFERENT.get(series, (series, "mentions"))


def minute_of(at: Instant) -> int:
    """The bin an instant falls into: whole minutes since the epoch."""
    return at // MINUTE


def series_of(facts: Facts) -> Iterator[str]:
    """The series a mention counts in: none for history and for what the brand wrote itself."""
    if facts.own or facts.history:
        return
    yield "posts"
    if facts.label != "neutral":
        yield facts.label
    if facts.label == "negative" and facts.reach >= _FAR:
        yield "reach"
    for rule in facts.hits:
        yield f"{_HITS}{rule}"
    if facts.label == "negative":
        for term in facts.terms:
            yield f"{TERM}{term}"


class Counts(msgspec.Struct):
    """The recent bins of all series of one brand. `add` and `remove` are each other's inverse for the counts; `since`
    is the first minute that was listened to, `open` the first that may still change, and `deaf` those of them in which
    not all was heard. Since the minute `full_since` all that is usually heard is heard, but for gaps; None while a part
    is missing. `stories` tells near copies. `apart`: what each source says is counted by itself too, in `sources`, but
    for terms. `followed` are posts whose reactions are counted.
    """

    bins: dict[str, dict[int, Bin]] = {}
    since: int = 0
    open: int = 0
    deaf: list[int] = []
    full_since: int | None = 0
    stories: Stories = msgspec.field(default_factory=Stories)
    campaigns: tuple[Campaign, ...] = ()
    apart: bool = False
    sources: dict[str, "Counts"] = {}
    followed: Followed = msgspec.field(default_factory=Followed)

    def of(self, source: str) -> "Counts":
        """What one source said, nothing if it is not told apart; "" is all of them."""
        return self.sources.get(source, NOTHING) if source else self

    def follow(self, sources: Sequence[str], minute: int, *, apart: bool) -> None:
        """Tell these apart, whoever comes new from `minute` on; when none is given, whoever is heard."""
        self.apart = apart
        kept = (sources or tuple(self.sources))[:MOST_SOURCES] if apart else ()
        self.sources = {source: self.sources.get(source) or _beginning(minute) for source in kept}

    def expect(self, campaigns: tuple[Campaign, ...]) -> None:
        """Know these and no others, of every source."""
        for counts in (self, *self.sources.values()):
            counts.campaigns = campaigns

    def count(self, facts: Facts) -> set[str]:
        """Count a mention wherever it counts: in these series."""
        touched = list(series_of(facts))
        if not touched:
            return set()
        own, story = self._own(facts), self._story(facts)
        for series in touched:
            self.add(series, facts, story)
            if own is not None and not series.startswith(TERM):
                own.add(series, facts, story)
        return set(touched)

    def _story(self, facts: Facts) -> int:
        """The story that a mention tells; 0 for one that is too short to be a copy."""
        return self.stories.of(facts.story) if facts.story else 0

    def uncount(self, facts: Facts) -> set[str]:
        """Take back what `count` did."""
        own = self.sources.get(facts.source)
        for series in series_of(facts):
            self.remove(series, facts)
            if own is not None:
                own.remove(series, facts, self.stories)
        return set(series_of(facts))

    def _own(self, facts: Facts) -> "Counts | None":
        if self.apart and facts.source not in self.sources and len(self.sources) < MOST_SOURCES:
            own = self.sources[facts.source] = _beginning(minute_of(facts.moment), self.campaigns)
            own.open = max(self.open, own.since)
        return self.sources.get(facts.source)

    def heard(self, at: Instant) -> int:
        """Whole minutes listened to so far."""
        return at // MINUTE - self.since

    def pack(self, before: int) -> None:
        """Pack the minutes before that one; of sources that are polled, what comes late unpacks some again."""
        for of_series in self.bins.values():
            for minute, cell in of_series.items():
                if minute < before and not cell.packed:
                    cell.pack()
        for own in self.sources.values():
            own.pack(before)

    def is_lively(self, at: Instant, minutes: int) -> bool:
        """Whether anything is counted, or was found out of a post in the last `minutes`."""
        return bool(self.bins) or self.followed.is_growing(minute_of(at), minutes)

    def times(self, series: str, minute: int) -> float:
        """How many times its usual count a series may have in a minute, at least 1: more while a campaign runs."""
        return times(self.campaigns, series, minute) if self.campaigns else 1.0

    def add(self, series: str, facts: Facts, story: int | None = None) -> None:
        """Count a mention in the bin of its moment; `story` is the one that it tells, where that is known."""
        story = self._story(facts) if story is None else story
        of_series = self.bins.get(series)
        if of_series is None:
            self._make_room()
            of_series = self.bins[series] = {}
        minute = facts.moment // MINUTE
        cell = of_series.get(minute)
        if cell is None:
            cell = of_series[minute] = Bin(first=facts.mention, began=facts.moment)
        cell.add(facts, story, _said(series, facts))

    def _make_room(self) -> None:
        if len(self.bins) < MOST_SERIES:
            return
        terms = [series for series in self.bins if series.startswith(TERM)]
        if terms:
            del self.bins[min(terms, key=lambda series: sum(cell.count for cell in self.bins[series].values()))]

    def remove(self, series: str, facts: Facts, stories: Stories | None = None) -> None:
        """Take a mention's count back; nothing happens when its bin is no longer there."""
        of_series = self.bins.get(series, {})
        cell = of_series.get(minute_of(facts.moment))
        if cell is None:
            return
        story = (stories or self.stories).known.get(facts.story, facts.story)
        cell.remove(facts, story, _said(series, facts))
        if cell.count <= 0:
            del of_series[minute_of(facts.moment)]

    def total(self, series: str, at: Instant, minutes: int) -> int:
        """Mentions, or what is counted of them, in the last `minutes`, the open one included."""
        of, unit = measure_of(series)
        bins = self.bins.get(of)
        if not bins:
            return 0
        if unit != "mentions":
            return different([cell for _, cell in self.window(series, at, minutes)], unit)
        last = at // MINUTE
        if len(bins) <= minutes:
            return sum(cell.count for minute, cell in bins.items() if last - minutes < minute <= last)
        return sum(bins[minute].count for minute in range(last - minutes + 1, last + 1) if minute in bins)

    def totals(self, series: str, at: Instant, scales: Sequence[int]) -> list[int]:
        """`total` of several numbers of minutes, the smallest first."""
        of, unit = measure_of(series)
        bins = self.bins.get(of)
        if not bins:
            return [0] * len(scales)
        if unit != "mentions" or len(bins) > 2 * scales[-1]:
            return [self.total(series, at, minutes) for minutes in scales]
        last = at // MINUTE
        ages = [(last - minute, cell.count) for minute, cell in bins.items() if 0 <= last - minute < scales[-1]]
        return [sum([count for age, count in ages if age < minutes]) for minutes in scales]

    def window(self, series: str, at: Instant, minutes: int) -> list[tuple[int, Bin]]:
        """(minute, bin) of the non-empty bins of the last `minutes`, the open one included, oldest first."""
        bins, last = self.bins.get(measure_of(series)[0], {}), minute_of(at)
        return [(minute, bins[minute]) for minute in range(last - minutes + 1, last + 1) if minute in bins]

    def authors(self, series: str, at: Instant, minutes: int) -> int:
        """Distinct authors in the last `minutes`; a mention without a known author counts as one of its own."""
        return different([cell for _, cell in self.window(series, at, minutes)], "authors")

    def told(self, series: str, at: Instant, minutes: int) -> int:
        """Distinct stories in the last `minutes`; a mention too short to be a copy counts as one of its own."""
        return different([cell for _, cell in self.window(series, at, minutes)], "stories")

    def has_authors(self, series: str, at: Instant, minutes: int, least: int) -> bool:
        """Whether `authors` is at least `least`: soon told, in a storm by one bin."""
        return are_different([cell for _, cell in reversed(self.window(series, at, minutes))], "authors", least)

    def at(self, series: str, minute: int) -> int:
        """The count of one bin. Who speaks again in the next one counts in both: what is learnt to be usual of a
        window is at least what it has.
        """
        of, unit = measure_of(series)
        cell = self.bins.get(of, {}).get(minute)
        return cell.size(unit) if cell else 0

    def still_open(self, series: str, at: Instant) -> tuple[int, list[int | None]]:
        """The first minute that may still change, and the counts from there on, the present minute included; None for
        those of which nothing is to be learnt.
        """
        (of, unit), now = measure_of(series), at // MINUTE
        bins, begin = self.bins.get(of, {}), min(self.open, now)
        counts: list[int | None] = [
            bins[minute].size(unit) if minute in bins else 0 for minute in range(begin, now + 1)
        ]
        for minute in self.deaf:
            if begin <= minute < now:
                counts[minute - begin] = None
        return begin, counts

    def forget(self, before: int) -> None:
        """Drop all bins older than the minute `before`, and posts that were too old then."""
        self.followed.forget(before)
        for series in list(self.bins):
            kept = {minute: cell for minute, cell in self.bins[series].items() if minute >= before}
            if kept:
                self.bins[series] = kept
            else:
                del self.bins[series]
        for own in self.sources.values():
            own.forget(before)

    def unquote(self, mention: str) -> None:
        """A mention was deleted: it stays counted but is not named any more."""
        for of_series in self.bins.values():
            for cell in of_series.values():
                cell.unquote(mention)
        for own in self.sources.values():
            own.unquote(mention)


def _beginning(minute: int, campaigns: tuple[Campaign, ...] = ()) -> Counts:
    return Counts(since=minute, open=minute, full_since=minute, campaigns=campaigns)


NOTHING = Counts(since=sys.maxsize, open=sys.maxsize)
"""What was heard of nobody."""


def _said(series: str, facts: Facts) -> tuple[str, ...]:
    if series.startswith(TERM):
        return (series.removeprefix(TERM),)
    return facts.said.get(series.removeprefix(_HITS), ()) if facts.said and series.startswith(_HITS) else ()
