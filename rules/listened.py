"""Which of the last minutes were heard in full: where nothing is heard, silence proves nothing."""

from itertools import pairwise

import msgspec

from rules.instant import Instant
from rules.series import Counts, minute_of

_MOST = 50

Stretch = tuple[int, int]
"""The first minute, and the first one after."""


class Listened(msgspec.Struct, kw_only=True, array_like=True):
    """The closed minutes that were heard, as few `stretches` of them, oldest first. Those before `Counts.since` are of
    a history, of which no mention can be counted any more.
    """

    stretches: list[Stretch] = []

    def learn(self, counts: Counts, minute: int, keep: int) -> bool:
        """The next closed minute that may be learnt from; whether all was heard in it. Those of the last `keep` are
        remembered.
        """
        if counts.full_since is None or minute < counts.full_since:
            return False
        first = minute
        if self.stretches and self.stretches[-1][1] == minute:
            first, _ = self.stretches.pop()
        kept = [stretch for stretch in self.stretches if stretch[1] > minute - keep]
        self.stretches = [*kept, (max(first, minute - keep), minute + 1)][-_MOST:]
        return True

    def last(self, counts: Counts, at: Instant, minutes: int, within: int) -> list[Stretch]:
        """The last `minutes` that are over and were heard in full, the latest first; none when there are fewer `within`
        that many minutes, or not all is heard now.
        """
        found, left, oldest = [], minutes, minute_of(at) - within
        for first, after in self._heard(counts, at):
            begin = max(first, after - left, oldest)
            if begin < after:
                found.append((begin, after))
                left -= after - begin
        return found if left <= 0 else []

    def _heard(self, counts: Counts, at: Instant) -> list[Stretch]:
        if counts.full_since is None:
            return []
        begin, after = max(counts.open, counts.full_since), minute_of(at)
        stretches: list[Stretch] = []
        for minute in (*(deaf for deaf in reversed(counts.deaf) if deaf >= begin), begin - 1):
            if minute + 1 < after:
                stretches.append((minute + 1, after))
            after = minute
        return [*stretches, *((max(first, counts.since), after) for first, after in reversed(self.stretches))]


def said(counts: Counts, series: str, at: Instant, stretches: list[Stretch]) -> int:
    """Mentions of `series` in `stretches` and in the minute that runs."""
    now, bins = minute_of(at), counts.bins.get(series, {})
    total = counts.total(series, at, now - stretches[-1][0] + 1)
    for (_, after), (first, _) in pairwise(reversed(stretches)):
        total -= sum(bins[minute].count for minute in range(after, first) if minute in bins)
    return total
