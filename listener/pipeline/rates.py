"""How many mentions each brand had in each minute of the last hour, for people to look at. Pure: time is told."""

from collections.abc import Collection, Iterable

from listener.store.port import LogEntry, StoredMention
from listener.web.status import Rate
from rules.facts import Facts
from rules.inputs import Edited, Heard
from rules.instant import Instant
from rules.series import minute_of, series_of

MINUTES = 60


class Rates:
    """Counts what transactions brought, as engines do but for longer than some of them look back. Memory is bounded: an
    hour of minutes a brand.
    """

    def __init__(self) -> None:
        self._brands: dict[str, dict[int, dict[str, int]]] = {}

    def take(self, entries: Iterable[LogEntry]) -> None:
        """What a transaction wrote down."""
        for each in entries:
            if isinstance(each.entry, Heard):
                self._add(each.brand, each.entry.facts, 1)
            elif isinstance(each.entry, Edited):
                self._add(each.brand, each.entry.before, -1)
                self._add(each.brand, each.entry.after, 1)

    def recall(self, mentions: Iterable[StoredMention]) -> None:
        """What was counted before this process started."""
        for stored in mentions:
            for brand, facts in stored.facts.items():
                self._add(brand, facts, 1)

    def keep(self, brands: Collection[str]) -> None:
        """Forget all others."""
        self._brands = {name: minutes for name, minutes in self._brands.items() if name in brands}

    def of(self, brand: str, at: Instant) -> list[Rate]:
        """The minutes of the last hour, the open one last."""
        minutes, last = self._brands.get(brand, {}), minute_of(at)
        cells = (minutes.get(minute, {}) for minute in range(last - MINUTES + 1, last + 1))
        return [Rate(max(0, cell.get("posts", 0)), max(0, cell.get("negative", 0))) for cell in cells]

    def total(self, brand: str, at: Instant) -> Rate:
        """All of the same minutes."""
        last = minute_of(at)
        cells = [cell for minute, cell in self._brands.get(brand, {}).items() if last - MINUTES < minute <= last]
        posts, negative = (sum(max(0, cell.get(series, 0)) for cell in cells) for series in ("posts", "negative"))
        return Rate(posts, negative)

    def _add(self, brand: str, facts: Facts, by: int) -> None:
        minutes, minute = self._brands.setdefault(brand, {}), minute_of(facts.moment)
        cell = minutes.get(minute) or _opened(minutes, minute)
        for series in series_of(facts):
            if series in {"posts", "negative"}:
                cell[series] = cell.get(series, 0) + by


def _opened(minutes: dict[int, dict[str, int]], minute: int) -> dict[str, int]:
    """A minute's counts; those of a minute that is too old are kept nowhere."""
    newest = max(minutes, default=minute)
    if minute <= newest - MINUTES:
        return {}
    for old in [each for each in minutes if each <= minute - MINUTES]:
        del minutes[old]
    return minutes.setdefault(minute, {})
