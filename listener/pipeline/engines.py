"""The engines of all brands in memory, and how they come back from the store."""

from collections.abc import Iterable, Iterator, Mapping

from listener.store.port import LogEntry, Store
from rules.engine import Engine
from rules.inputs import Configured, Plan, plan_hash
from rules.instant import Instant
from rules.transition import Transition


class Engines:
    """One engine a brand. What is in memory is always what the store's log says, or is thrown away by `load`."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}

    def __iter__(self) -> Iterator[Engine]:
        return iter(self._engines.values())

    def get(self, brand: str) -> Engine | None:
        """The engine of a brand that has been configured."""
        return self._engines.get(brand)

    async def load(self, store: Store, brands: Iterable[str]) -> None:
        """Bring the engines back: the newest snapshot, then every input after it."""
        self._engines = {brand: await restore(store, brand) for brand in brands}

    def apply(self, entries: Iterable[LogEntry]) -> list[Transition]:
        """Feed entries in order; returns what follows from them."""
        return [step for each in entries for step in self._engine(each.brand).apply(each.entry)]

    def advance(self, to: Instant) -> list[Transition]:
        """Run the grid of every brand up to `to`."""
        return [step for engine in self._engines.values() for step in engine.advance(to)]

    def settle(self) -> list[Transition]:
        """Judge what was fed and not judged yet: nothing more comes with the same stamp."""
        return [step for engine in self._engines.values() for step in engine.settle()]

    @property
    def judged(self) -> Instant:
        """The latest stamp of which the news was judged; 0 before the first."""
        return max((engine.judged for engine in self._engines.values()), default=0)

    def configure(self, plans: Mapping[str, Plan], at: Instant) -> list[LogEntry]:
        """The entries that bring every brand to its plan: none for those already there, an empty plan for a brand that
        is no longer watched.
        """
        entries = []
        for brand in {**self._engines, **plans}:
            old = self._engine(brand).plan
            plan = plans.get(brand) or (old and Plan(brand=brand, query=old.query, lateness=old.lateness, rules=()))
            if plan and (old is None or plan_hash(old) != plan_hash(plan)):
                entries.append(LogEntry(brand=brand, entry=Configured(at=at, hash=plan_hash(plan), plan=plan)))
        return entries

    def dump(self, at: Instant) -> list[tuple[str, Instant, bytes]]:
        """A snapshot of every configured brand."""
        return [(brand, at, engine.dump()) for brand, engine in self._engines.items() if engine.plan]

    def _engine(self, brand: str) -> Engine:
        if brand not in self._engines:
            self._engines[brand] = Engine(brand)
        return self._engines[brand]


async def restore(store: Store, brand: str) -> Engine:
    """The engine of one brand as its log leaves it."""
    snapshot = await store.snapshot(brand)
    engine = Engine(brand, snapshot.state if snapshot else None)
    async for _, entry in store.inputs(brand, snapshot.seq if snapshot else 0):
        engine.apply(entry)
    engine.settle()
    return engine
