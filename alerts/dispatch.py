"""Delivers what waits in the outbox: one loop a channel, so that a slow channel holds up no other."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from alerts.channel import RECEIPT, Channel, SendError
from alerts.delivery import Delivery, Outcome
from alerts.message import Message
from alerts.outbox import after_failure
from rules.instant import Instant

log = structlog.get_logger("dispatch")


class Outbox(Protocol):
    """What the dispatcher needs of the program."""

    async def due(self, channel: str, at: Instant) -> Sequence[Delivery]:
        """Deliveries to be made now, at most one of a thread, the most pressing first; only that one is made before
        the next question.
        """

    async def message(self, delivery: Delivery) -> Message | None:
        """The words of a delivery; None when there is nothing left to say. Raises SendError when there are none."""

    async def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Remember what came of an attempt, for good, before the next one."""

    async def changed(self) -> None:
        """Return when the outbox may have something new, or after a while."""


class Dispatcher:
    """Delivers for one channel until cancelled. An attempt that is cut off by cancellation is made again later, with
    the same id.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        deadline: timedelta,
        outbox: Outbox,
        now: Callable[[], Instant],
    ) -> None:
        self.name = name
        self._channel, self._deadline, self._outbox, self._now = channel, deadline, outbox, now

    async def run(self) -> None:
        """Deliver what is due, again and again."""
        while True:
            deliveries = await self._outbox.due(self.name, self._now())
            if deliveries:
                # something critical may come while a slow service takes this one
                await self._deliver(deliveries[0])
            else:
                await self._outbox.changed()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            outcome = await self._attempt(delivery)
        except SendError as error:
            await self._fail(delivery, error)
            return
        if outcome.state == "sent":
            log.info("delivered", channel=self.name, delivery=delivery.id, attempt=outcome.attempt)
        await self._outbox.settle(delivery, outcome)

    async def _attempt(self, delivery: Delivery) -> Outcome:
        attempt, message = delivery.attempts + 1, await self._outbox.message(delivery)
        if message is None:
            return Outcome(delivery=delivery.id, at=self._now(), attempt=attempt, state="cancelled")
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                receipt = await self._channel.send(message, delivery.receipt) or ""
        except TimeoutError as error:
            raise SendError("no answer in time", reason="contextDeadlineExceeded") from error
        if len(receipt) > RECEIPT:
            log.error("receipt_too_long", channel=self.name, delivery=delivery.id)
            receipt = ""
        return Outcome(delivery=delivery.id, at=self._now(), attempt=attempt, state="sent", receipt=receipt)

    async def _fail(self, delivery: Delivery, error: SendError) -> None:
        outcome = after_failure(delivery.attempts + 1, error, self._now(), delivery.created, delivery.id)
        level = log.error if outcome.state == "parked" else log.warning
        level("delivery_failed", channel=self.name, delivery=delivery.id, state=outcome.state, error=str(error))
        await self._outbox.settle(delivery, outcome)
