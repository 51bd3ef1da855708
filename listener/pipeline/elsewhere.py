"""What other processes judge, as a page shows it: read from the store, where the engines are not here."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Protocol

import structlog

from listener.pipeline.ledger import Ledger
from listener.pipeline.rates import Rates
from listener.signal import Signal
from listener.store.following import AT_ONCE
from listener.store.port import LogEntry, StoreError, Views
from rules.transition import SEVERITIES

LOOK = 2.0
"""Seconds between looks at the logs of brands."""
RECALLED = 5_000
"""So many mentions taken last are looked at in a start, and inputs of some brands in one look: of more, the drawing of
an hour leaves some out.
"""
_OPEN = 1_000
_RANKS: Mapping[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
NONE = -1
"""The rank of a brand without an open incident."""

log = structlog.get_logger("desk")


class Standing(Protocol):
    """How brands stand."""

    @property
    def rates(self) -> Rates: ...

    def worst(self, brand: str) -> int:
        """The rank of its worst open incident, NONE where there is none."""


class Here:
    """Of brands that are judged in this process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def rates(self) -> Rates:
        return self._ledger.rates

    def worst(self, brand: str) -> int:
        engine = self._ledger.engines.get(brand)
        incidents = engine.open_incidents() if engine else ()
        return max((_RANKS[each.severity] for each in incidents), default=NONE)


class Elsewhere:
    """Of brands that others judge, as of a moment ago: `run` looks again and again. `news` fires when something new is
    found.
    """

    def __init__(self, views: Views, news: Signal) -> None:
        self._views, self._news = views, news
        self.rates = Rates()
        self._worst: Mapping[str, int] = {}
        self._ends: dict[str, int] | None = None

    def worst(self, brand: str) -> int:
        return self._worst.get(brand, NONE)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("brands_unread", error=str(error))
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """Read what came since the last look. Raises StoreError."""
        if self._ends is None:
            self._ends = await self._views.ends()
            self.rates.recall(await self._views.mentions(limit=RECALLED))
        ends = await self._views.ends()
        moved = [brand for brand, seq in ends.items() if seq > self._ends.get(brand, 0)]
        for start in range(0, len(moved), AT_ONCE):
            await self._take(moved[start : start + AT_ONCE], self._ends)
        self._ends = ends
        worst = await self._ranks()
        if moved or worst != self._worst:
            self._worst = worst
            self._news.fire()

    async def _take(self, brands: Collection[str], known: Mapping[str, int]) -> None:
        found = await self._views.since({brand: known.get(brand, 0) for brand in brands}, limit=RECALLED)
        self.rates.take(LogEntry(brand=brand, entry=entry) for brand, _, entry in found)

    async def _ranks(self) -> dict[str, int]:
        ranks: dict[str, int] = {}
        for row in await self._views.incidents(open_only=True, limit=_OPEN):
            rank = _RANKS[row.severity]
            ranks[row.brand] = max(rank, ranks.get(row.brand, NONE))
        return ranks
