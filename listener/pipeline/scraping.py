"""What Prometheus is answered: how every brand stands is worked out when somebody asks, in slices, and not before."""

import asyncio
from weakref import ref

from listener.clock import Clock
from listener.garbage import in_the_background, undisturbed
from listener.observe.brands import BrandReading, RuleReading
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.setup import Setup
from listener.pipeline.slices import sliced
from listener.pipeline.writer import Writer
from rules.engine import Engine
from rules.instant import Instant


class Scraping:
    """Answers scrapes of a running daemon."""

    def __init__(self, ledger: Ledger, writer: Writer, clock: Clock, metrics: Metrics) -> None:
        self._ledger, self._writer, self._clock, self._metrics = ledger, writer, clock, metrics
        self._judged: ref[Setup] | None = None

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """(body, content type) for an Accept header."""
        setup = self._ledger.setup
        # what engines make when they are judged for the first time stays
        with undisturbed() if self._judged and self._judged() is setup else in_the_background():
            readings = await self._readings(setup)
            self._judged = ref(setup)  # what is let go of after a reload is let go of there
        if self._writer.healthy and self._writer.is_moving():
            # while nothing is committed nothing is judged, and the count of judgements must stand still
            self._metrics.judged(sum(len(each.rules) for each in readings))
        with undisturbed():
            return await asyncio.to_thread(self._metrics.exposition, accept, readings)

    async def _readings(self, setup: Setup) -> list[BrandReading]:
        at = self._clock.now()
        engines = sliced(list(self._ledger.engines))
        return [_reading(engine, at) async for engine in engines if engine.brand in setup.plans]


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
