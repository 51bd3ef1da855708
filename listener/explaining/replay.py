"""The engine of a brand as it stood at a moment: its stored log run again up to there."""

from collections.abc import Sequence
from dataclasses import dataclass

from listener.store.port import Views
from rules.engine import Engine
from rules.explaining import Explanation
from rules.instant import Instant


class NotJudgedError(Exception):
    """Nothing is known of that moment: it lies before what is kept (`since`), or was not judged yet (`until`); both
    are None when nothing was heard of the brand at all.
    """

    def __init__(self, since: Instant | None = None, until: Instant | None = None) -> None:
        super().__init__("not judged")
        self.since, self.until = since, until


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What every rule of a brand said at `at`. `coverage` is how much of what it usually hears was heard, 0 to 1, and
    `partly` what part of each source that was not heard in full.
    """

    brand: str
    at: Instant
    explanations: Sequence[Explanation]
    coverage: float
    partly: dict[str, float]


async def moment_at(views: Views, brand: str, at: Instant) -> Moment:
    """What was judged at `at`. Raises NotJudgedError."""
    position = await views.position()
    if position is None:
        raise NotJudgedError
    if at > max(position.advanced, position.last):
        raise NotJudgedError(until=max(position.advanced, position.last))
    engine = await _replayed(views, brand, at)
    heard = {source: engine.heard(source) for source in (engine.plan.sources if engine.plan else ())}
    return Moment(
        brand=brand,
        at=at,
        explanations=engine.explain(at),
        coverage=engine.coverage,
        partly={source: share for source, share in heard.items() if share < 1},
    )


async def _replayed(views: Views, brand: str, at: Instant) -> Engine:
    snapshot = await views.snapshot_before(brand, at)
    oldest = await views.first_snapshot(brand)
    if snapshot is None and oldest is not None:
        raise NotJudgedError(since=oldest.at)
    engine, first = Engine(brand, snapshot.state if snapshot else None), None
    async for _, entry in views.log(brand, snapshot.seq if snapshot else 0):
        first = first or entry.at
        if entry.at > at:
            break
        engine.apply(entry)
    if engine.plan is None:
        raise NotJudgedError(since=first)
    engine.settle()
    engine.advance(at)
    return engine
