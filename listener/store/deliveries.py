"""What the program asks of a store to know what was delivered, and what was not."""

from collections.abc import Collection
from typing import Protocol

from alerts.delivery import Delivery
from rules.instant import Instant


class DeliveryViews(Protocol):
    """The outbox, read."""

    async def deliveries(
        self, *, state: str | None = None, thread: str | None = None, besides: Collection[str] = (), limit: int = 100
    ) -> list[Delivery]:
        """Newest first, without those of the channels `besides`."""

    async def missed(
        self, channel: str, since: Instant, until: Instant, *, critical: bool, limit: int = 1_000
    ) -> list[Delivery]:
        """The alerts, critical or not, that a channel was not told of by the latter moment, oldest first: given up
        since the former, or, what is critical, tried in vain for PASS_ON, as may be what goes before it in its thread.
        """

    async def told_in(self, message: str) -> list[str]:
        """The incidents of which a message of that id told together; none where it told of one, or nobody knows it."""
