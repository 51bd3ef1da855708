"""What Prometheus is answered: how every brand stands is worked out when somebody asks, in slices, and not before."""

import asyncio
from dataclasses import dataclass

from listener.clock import Clock
from listener.garbage import undisturbed
from listener.observe.brands import BrandReading, RuleReading
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.slices import sliced
from listener.pipeline.writer import Writer
from rules.engine import Engine
from rules.instant import Instant


@dataclass(frozen=True, kw_only=True)
class Scraping:
    """Answers scrapes of a running daemon."""

    ledger: Ledger
    writer: Writer
    clock: Clock
    metrics: Metrics

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """(body, content type) for an Accept header."""
        with undisturbed():
            return await self._exposition(accept)

    async def _exposition(self, accept: str) -> tuple[bytes, str]:
        readings = await self._readings()
        if self.writer.healthy and self.writer.is_moving():
            # while nothing is committed nothing is judged, and the count of judgements must stand still
            self.metrics.judged(sum(len(each.rules) for each in readings))
        return await asyncio.to_thread(self.metrics.exposition, accept, readings)

    async def _readings(self) -> list[BrandReading]:
        watched, at = self.ledger.setup.plans, self.clock.now()
        return [_reading(engine, at) async for engine in sliced(list(self.ledger.engines)) if engine.brand in watched]


def _reading(engine: Engine, at: Instant) -> BrandReading:
    return BrandReading(
        brand=engine.brand,
        coverage=engine.coverage,
        learnt=engine.model is not None,
        rules=tuple(
            RuleReading(rule, verdict.count, verdict.expected, verdict.learning)
            for rule, verdict in engine.judge(at).items()
        ),
        incidents=tuple(incident.severity for incident in engine.open_incidents()),
    )
