"""What must be done now and then: signs of life, how long deliveries wait, and retention."""

import asyncio
from datetime import UTC, timedelta

import structlog
from apscheduler.triggers.cron import CronTrigger

from listener.clock import Clock
from listener.observe.metrics import Metrics
from listener.observe.systemd import Supervisor as Systemd
from listener.pipeline.ledger import Ledger
from listener.pipeline.schedule import Schedule
from listener.pipeline.writer import Writer
from listener.store.port import Store, StoreError
from rules.instant import Instant

EVERY = 5.0
"""Seconds between rounds; systemd wants a sign of life at least twice a minute."""
LISTED = timedelta(days=30)
"""How long after its source stopped listing it an identity is remembered."""

log = structlog.get_logger("housekeeping")


class Housekeeping:
    """Runs until cancelled."""

    def __init__(
        self, store: Store, ledger: Ledger, writer: Writer, clock: Clock, metrics: Metrics, systemd: Systemd
    ) -> None:
        self._store, self._ledger, self._writer = store, ledger, writer
        self._clock, self._metrics, self._systemd = clock, metrics, systemd
        self._purge = Schedule(CronTrigger.from_crontab("17 * * * *", timezone=UTC), clock.now())

    async def run(self) -> None:
        """Both loops. A store that does not answer is the writer's to report."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_after(), name="housekeeping:rounds")
            # of its own: signs of life go on however long a large store takes
            group.create_task(self._keep_small(), name="housekeeping:purge")

    async def _look_after(self) -> None:
        while True:
            if self._writer.is_moving():
                self._systemd.alive()
            try:
                await self._round()
            except StoreError as error:
                log.warning("housekeeping_failed", error=str(error))
            await asyncio.sleep(EVERY)

    async def _keep_small(self) -> None:
        while True:
            at = self._clock.now()
            if self._purge.is_due(at):
                await self._remove(at)
            await asyncio.sleep(EVERY)

    async def _remove(self, at: Instant) -> None:
        brands, own = self._ledger.setup.settings.brands, self._per_source()
        try:
            await self._ledger.classifying.expire(at, self._keep, own)
            removed = await self._store.purge(at, self._keep, own, LISTED, brands)
        except StoreError as error:
            log.warning("purge_failed", error=str(error))
        else:
            log.info("purged", rows=removed)

    async def _round(self) -> None:
        self._metrics.outbox_waits_since(await self._store.waiting_since())

    @property
    def _keep(self) -> timedelta:
        return self._ledger.setup.settings.daemon.retention

    def _per_source(self) -> dict[str, timedelta]:
        sources = self._ledger.setup.settings.sources
        own = {name: getattr(source.options, "retention", None) for name, source in sources.items()}
        return {name: retention for name, retention in own.items() if retention is not None}
