"""The engines of all brands in memory, and how they come back from the store."""

from collections.abc import Iterable, Iterator, Mapping

from listener.store.port import LogEntry, Store
from listener.store.reached import Head
from rules.engine import GRID, Engine
from rules.inputs import Configured, Plan, plan_hash
from rules.instant import Instant
from rules.transition import Transition

_AT_ONCE = 50
"""Brands that are asked for at a time when their engines come back: each may have a long state."""


class Engines:
    """One engine a brand. What is in memory is always what the store's log says, or is thrown away by `load`."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}
        self._places: dict[str, int] = {}
        self._fed: dict[str, None] = {}
        self._ran: Instant = 0
        self._judged: Instant = 0

    def __iter__(self) -> Iterator[Engine]:
        return iter(self._engines.values())

    def get(self, brand: str) -> Engine | None:
        """The engine of a brand that has been configured."""
        return self._engines.get(brand)

    async def load(self, store: Store, brands: Iterable[str]) -> None:
        """Bring the engines back: the newest snapshot, then every input after it."""
        self._engines, self._places, self._fed = {}, {}, {}
        names = list(brands)
        for start in range(0, len(names), _AT_ONCE):
            for brand, head in (await store.heads(names[start : start + _AT_ONCE])).items():
                self._take(await _restored(store, brand, head))
        self._ran = 0
        self._judged = max((engine.judged for engine in self), default=0)

    def apply(self, entries: Iterable[LogEntry]) -> list[Transition]:
        """Feed entries in order; returns what follows from them."""
        return [step for each in entries for step in self.feed(each)]

    def feed(self, entry: LogEntry) -> list[Transition]:
        """Feed one entry; returns what follows from it."""
        self._fed[entry.brand] = None
        return self._engine(entry.brand).apply(entry.entry)

    def advance(self, to: Instant) -> list[Transition]:
        """Run the grid of every brand up to `to`."""
        return [step for engine in self.due(to) for step in engine.advance(to)]

    def due(self, to: Instant) -> list[Engine]:
        """Those that `to` changes something for, each of which must then be brought there: all when a grid instant has
        come since the last time, else those that were fed since.
        """
        fed, self._judged = self._lately(), self.judged
        # more may come with the stamp `to`: what was fed of it is judged later
        self._fed = {engine.brand: None for engine in fed if engine.judged >= to}
        if to - to % GRID <= self._ran:
            return fed
        self._ran = to - to % GRID
        return list(self._engines.values())

    def settle(self) -> list[Transition]:
        """Judge what was fed and not judged yet: nothing more comes with the same stamp."""
        return [step for engine in self._lately() for step in engine.settle()]

    @property
    def judged(self) -> Instant:
        """The latest stamp of which the news was judged; 0 before the first."""
        return max([self._judged, *(engine.judged for engine in self._lately())])

    def configure(self, plans: Mapping[str, Plan], at: Instant) -> list[LogEntry]:
        """The entries that bring every brand to its plan."""
        return [entry for brand in self.unlike(plans) for entry in self.configured(brand, plans.get(brand), at)]

    def unlike(self, plans: Mapping[str, Plan]) -> list[str]:
        """The brands that may not be at their plan."""
        return [brand for brand in {**self._engines, **plans} if self._engine(brand).plan != plans.get(brand)]

    def configured(self, brand: str, plan: Plan | None, at: Instant) -> list[LogEntry]:
        """What brings a brand to its plan: nothing if it is there already, an empty plan if it is no longer watched."""
        old = self._engine(brand).plan
        plan = plan or (old and Plan(brand=brand, query=old.query, lateness=old.lateness, rules=()))
        if not plan or (old and plan_hash(old) == plan_hash(plan)):
            return []
        return [LogEntry(brand=brand, entry=Configured(at=at, hash=plan_hash(plan), plan=plan))]

    def _lately(self) -> list[Engine]:
        """Those that were fed since all were brought to a moment, in the order of all."""
        return [self._engines[brand] for brand in sorted(self._fed, key=self._places.__getitem__)]

    def _engine(self, brand: str) -> Engine:
        if brand not in self._engines:
            self._take(Engine(brand))
        return self._engines[brand]

    def _take(self, engine: Engine) -> None:
        self._places[engine.brand] = len(self._engines)
        self._engines[engine.brand] = engine


async def _restored(store: Store, brand: str, head: Head) -> Engine:
    """The engine of one brand as its log leaves it."""
    snapshot = head.snapshot
    engine, known = (Engine(brand, snapshot.state), snapshot.seq) if snapshot else (Engine(brand), 0)
    if known < head.seq:
        async for _, entry in store.inputs(brand, known):
            engine.apply(entry)
    engine.settle()
    return engine
