"""What waits to be delivered, as whoever delivers takes it and gives back what came of it."""

from collections.abc import Sequence
from typing import Protocol

from alerts.delivery import Delivery
from listener.pipeline.work import Settled
from listener.pipeline.writer import Writer
from listener.store.port import Store
from rules.instant import Instant


class LostError(Exception):
    """What was taken is another's by now, or was settled meanwhile: nothing of it may be said or written."""


class Queue(Protocol):
    """Each method raises StoreError; it may then be called again."""

    async def take(self, channel: str, at: Instant) -> Sequence[Delivery]:
        """What a channel is to be told now, in one message."""

    async def assure(self, deliveries: Sequence[Delivery]) -> None:
        """To be asked before they are sent, which cannot be taken back. Raises LostError."""

    async def settle(self, settled: Settled) -> None:
        """Write what came of them. Raises LostError."""


class OwnQueue:
    """Of a store that one process has: it goes through its writer."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store, self._writer = store, writer

    async def take(self, channel: str, at: Instant) -> Sequence[Delivery]:
        pressing = await self._store.due(channel, at, limit=1)
        return await self._store.together(pressing[0], at) if pressing else []

    async def assure(self, _deliveries: Sequence[Delivery]) -> None:
        await self._store.assure()

    async def settle(self, settled: Settled) -> None:
        await self._writer.submit(settled)
