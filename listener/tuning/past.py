"""A brand's past, bin by bin: how many mentions, and by whom. Gathered from mentions, from a log, or from counts."""

from dataclasses import dataclass, field

from listener.history import silences
from rules.bin import AUTHORS_PER_BIN
from rules.facts import Facts
from rules.history import DAY, minutes
from rules.inputs import Configured, Edited, Gap, Heard, Imported, Input, Missed
from rules.instant import Instant
from rules.series import minute_of, series_of

QUARTER, HOUR = 15, 60
MOST = 400 * DAY
"""Minutes of a past that are judged, the newest."""


@dataclass(frozen=True)
class Window:
    """What a floor looks at: the last quarter of an hour and the last hour. `people` is None where nobody knows."""

    quarter: int
    hour: int
    quarter_people: int | None
    hour_people: int | None


@dataclass(kw_only=True)
class Past:
    """`counts` of bins of `width` minutes from minute `begin` on, None where nothing was heard; `authors` by the place
    of a bin, None where no bin's are known. Where those of one are not, each mention counts as by somebody else.
    """

    begin: int
    width: int
    counts: list[int | None]
    authors: dict[int, set[str]] | None = None

    def minute(self, place: int) -> int:
        """When a bin begins."""
        return self.begin + place * self.width

    def heard(self, since: int = 0) -> int:
        """Minutes heard from the bin `since` on."""
        return self.width * sum(count is not None for count in self.counts[since:])

    def window(self, place: int, added: list[int]) -> Window:
        """What is to be seen at the end of a bin; `added` mentions, each by somebody else, came in the last bins."""
        quarter, quarter_people = self._last(place, QUARTER, added)
        hour, hour_people = self._last(place, HOUR, added)
        return Window(quarter, hour, quarter_people, hour_people)

    def _last(self, place: int, span: int, added: list[int]) -> tuple[int, int | None]:
        bins = max(1, span // self.width)
        first, more = max(0, place + 1 - bins), sum(added[-bins:])
        total = sum(count or 0 for count in self.counts[first : place + 1]) + more
        if self.authors is None:
            return total, None
        places = range(first, place + 1)
        known = (self.authors[each] for each in places if each in self.authors)
        unknown = sum(self.counts[each] or 0 for each in places if each not in self.authors)
        return total, len(set[str]().union(*known)) + unknown + more


@dataclass
class Gathering:
    """Takes the entries of one brand's log in order, and counts one series of it by minutes."""

    series: str
    _counts: dict[int, int] = field(default_factory=dict)
    _authors: dict[int, set[str]] = field(default_factory=dict)
    _unheard: list[tuple[int, int]] = field(default_factory=list)
    _imported: dict[int, int] = field(default_factory=dict)
    _days: set[int] = field(default_factory=set)
    _since: int | None = None
    _last: int = 0

    def hear(self, at: Instant) -> None:
        """Something was heard at that moment, of whichever brand: nobody else tells when there was silence."""
        self._days.add(minute_of(at) // DAY)
        self._reach(minute_of(at))
        self._last = max(self._last, minute_of(at))

    def take(self, entry: Input) -> None:
        """The next entry."""
        match entry:
            case Heard():
                self._add(entry.facts, 1)
            case Edited():
                self._add(entry.before, -1)
                self._add(entry.after, 1)
            case Gap() | Missed():
                self._unheard.append((minute_of(entry.since), minute_of(entry.at)))
            case Imported() if self.series in entry.counts:
                self._imported.update(minutes(entry, self.series))
            case Configured():
                self._reach(minute_of(entry.at))
        if not isinstance(entry, Imported):
            self._last = max(self._last, minute_of(entry.at))

    def _reach(self, minute: int) -> None:
        self._since = minute if self._since is None else min(self._since, minute)

    def _add(self, facts: Facts, by: int) -> None:
        minute = minute_of(facts.moment)
        if self.series not in series_of(facts):
            return
        self._counts[minute] = max(0, self._counts.get(minute, 0) + by)
        people = self._authors.setdefault(minute, set())
        if by > 0 and len(people) < AUTHORS_PER_BIN:
            people.add(facts.author or facts.mention)

    def past(self) -> Past:
        """What was gathered, the minute that is not over left out."""
        since = self._last if self._since is None else self._since
        begin = max(min([since, *self._imported]), self._last - MOST)
        since = max(since, begin)
        counts: list[int | None] = [self._imported.get(minute) for minute in range(begin, since)]
        counts += [self._counts.get(minute, 0) for minute in range(since, self._last)]
        for unheard in (*(range(first, last + 1) for first, last in self._unheard), *silences(self._days)):
            for minute in range(max(unheard.start, since), min(unheard.stop, self._last)):
                counts[minute - begin] = None
        authors = {minute - begin: people for minute, people in self._authors.items() if minute >= begin}
        return Past(begin=begin, width=1, counts=counts, authors=authors)
