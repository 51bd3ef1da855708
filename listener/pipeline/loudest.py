"""The brands in the order in which they matter now, for a page that cannot show all of thousands."""

import asyncio
from collections.abc import Sequence

from config.settings import Settings
from listener.clock import Clock
from listener.pipeline.elsewhere import Here, Standing
from listener.pipeline.ledger import Ledger
from listener.pipeline.slices import sliced
from rules.instant import SECOND, Instant, Span

KEPT: Span = 5 * SECOND
"""How long an order serves all who look."""


class Loudest:
    """Works the order out when somebody looks, in slices, and once for all who look at the same time."""

    def __init__(self, ledger: Ledger, clock: Clock, standing: Standing | None = None) -> None:
        self._ledger, self._clock, self._standing = ledger, clock, standing or Here(ledger)
        self._turn = asyncio.Lock()
        self._order: Sequence[str] = ()
        self._of: Settings | None = None
        self._at: Instant = 0

    async def order(self) -> Sequence[str]:
        """The configured brands: those with the worst open incident first, then those of whom most bad is said in an
        hour, then most at all; what is left as the configuration has it.
        """
        async with self._turn:
            settings, now = self._ledger.setup.settings, self._clock.now()
            if settings is not self._of or not 0 <= now - self._at < KEPT:
                loud = {name: self._loudness(name, now) async for name in sliced(settings.brands)}
                self._order = sorted(loud, key=loud.__getitem__, reverse=True)
                self._of, self._at = settings, now
        return self._order

    def _loudness(self, brand: str, at: Instant) -> tuple[int, int, int]:
        said = self._standing.rates.total(brand, at)
        return self._standing.worst(brand), said.negative, said.posts
