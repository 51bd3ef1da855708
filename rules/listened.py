"""Which of the last minutes were heard in full: where nothing is heard, silence proves nothing."""

from itertools import pairwise

import msgspec

from rules.instant import Instant
from rules.series import Counts, minute_of

_MOST = 50

Stretch = tuple[int, int]
"""The first minute, and the first one after."""


class Listened(msgspec.Struct, kw_only=True, array_like=True):
    """The closed minutes that were heard, as few `stretches` of them, oldest first."""

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

    def last(self, counts: Counts, at: Instant, minutes: int) -> list[Stretch]:
        """The last `minutes` that are over and were heard in full, the latest first; none when fewer are known, or not
        all is heard now.
        """
        found, left = [], minutes
        for first, after in self._heard(counts, at):
            begin = max(first, after - left)
            found.append((begin, after))
            left -= after - begin
            if left <= 0:
                return found
        return []

    def _heard(self, counts: Counts, at: Instant) -> list[Stretch]:
        if counts.full_since is None:
            return []
        now, deaf = minute_of(at), set(counts.deaf)
        stretches: list[Stretch] = []
        for minute in range(now - 1, max(counts.open, counts.full_since) - 1, -1):
            if minute in deaf:
                continue
            after = stretches.pop()[1] if stretches and stretches[-1][0] == minute + 1 else minute + 1
            stretches.append((minute, after))
        return [*stretches, *reversed(self.stretches)]


def said(counts: Counts, series: str, at: Instant, stretches: list[Stretch]) -> int:
    """Mentions of `series` in `stretches` and in the minute that runs."""
    now, bins = minute_of(at), counts.bins.get(series, {})
    total = counts.total(series, at, now - stretches[-1][0] + 1)
    for (_, after), (first, _) in pairwise(reversed(stretches)):
        total -= sum(bins[minute].count for minute in range(after, first) if minute in bins)
    return total
