"""badbuzz watching itself: canaries and where they end, and signs of life to a watchdog elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from alerts.delivery import CANARY
from alerts.dispatch import Dispatcher, Outbox
from config.model import Model
from config.settings import Settings
from listener.clock import Clock
from listener.net.session import channel_session
from listener.observe.vigil import Vigil
from listener.pipeline.canaries import Canaries
from listener.pipeline.canary import Perch
from listener.pipeline.heartbeat import Heartbeat
from listener.pipeline.ledger import Ledger
from listener.pipeline.outlive import outlive
from listener.pipeline.writer import Writer
from listener.store.port import Views
from rules.instant import Instant

AGAIN = 5.0
"""Seconds until a part that a bug has ended is started again."""
_DEADLINE = timedelta(seconds=30)


class Vigilance:
    """Runs until cancelled, whatever the configuration asks for: a reload needs nothing more."""

    def __init__(
        self,
        ledger: Ledger,
        writer: Writer,
        views: Views,
        outbox: Outbox,
        clock: Clock,
        vigil: Vigil,
    ) -> None:
        self._ledger, self._writer, self._views = ledger, writer, views
        self._outbox, self._clock, self._vigil = outbox, clock, vigil
        self._canaries = Canaries(self._settings, writer, views, ledger.committed, clock, vigil)

    async def run(self) -> None:
        """All three. Nothing of it is to end the daemon: what fails is lost, or withheld, and said."""
        async with channel_session(Model()) as http, asyncio.TaskGroup() as group:
            heartbeat = Heartbeat(
                self._settings, self._sick, self._views, http, self._clock, self._vigil, self._ledger.parts
            )
            perch = Dispatcher(CANARY, Perch(), _DEADLINE, self._outbox, self._clock.now)
            parts = {"perch": perch.run, "canary": self._canaries.run, "heartbeat": heartbeat.run}
            for name, work in parts.items():
                group.create_task(_kept(work, name), name=f"vigilance:{name}")

    def _settings(self) -> Settings:
        return self._ledger.setup.settings

    def _sick(self, at: Instant) -> str:
        if not self._writer.is_moving():
            return "the writer hangs"
        if not self._writer.healthy:
            return "the store does not take what is written"
        return self._canaries.sick(at)


async def _kept(work: Callable[[], Awaitable[None]], part: str) -> None:
    while True:
        await outlive(work(), part=part)
        await asyncio.sleep(AGAIN)
