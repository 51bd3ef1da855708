"""Delivers what waits in the outbox: one loop a channel, so that a slow channel holds up no other."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from alerts.cancelling import obey_cancellation
from alerts.channel import RECEIPT, Channel, SendError
from alerts.delivery import Delivery, Outcome, of_one_thread
from alerts.message import Message
from alerts.outbox import after_failure
from rules.instant import Instant

log = structlog.get_logger("dispatch")


class Outbox(Protocol):
    """What the dispatcher needs of the program."""

    async def due(self, channel: str, at: Instant) -> Sequence[Delivery]:
        """What is to be told now, in one message: the most pressing delivery, and those that stand with it."""

    async def message(self, deliveries: Sequence[Delivery]) -> Message | None:
        """The words of deliveries; None when there is nothing left to say. Raises SendError when there are none."""

    async def settle(self, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
        """Remember what came of an attempt, for good, before the next one. The outcome is of the first of them, and
        that of the others is the same.
        """

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
            # something critical may come while a slow service takes the one before
            if not await self.turn():
                await self._outbox.changed()
            obey_cancellation()

    async def turn(self) -> bool:
        """One attempt at the most pressing message; False when nothing is due."""
        deliveries = await self._outbox.due(self.name, self._now())
        if deliveries:
            await self._deliver(deliveries)
        return bool(deliveries)

    async def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        try:
            outcome = await self._attempt(deliveries)
        except SendError as error:
            await self._fail(deliveries, error)
            return
        if outcome.state == "sent":
            for each in deliveries:
                log.info("delivered", channel=self.name, delivery=each.id, attempt=outcome.attempt)
        await self._outbox.settle(deliveries, outcome)

    async def _attempt(self, deliveries: Sequence[Delivery]) -> Outcome:
        first, message = deliveries[0], await self._outbox.message(deliveries)
        attempt = first.attempts + 1
        if message is None:
            return Outcome(delivery=first.id, at=self._now(), attempt=attempt, state="cancelled")
        # what stands with others goes beside nothing, and nothing goes beside it
        is_alone = of_one_thread(deliveries)
        beside = first.receipt if is_alone else ""
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                receipt = await self._channel.send(message, beside) or ""
        except TimeoutError as error:
            raise SendError("no answer in time", reason="contextDeadlineExceeded") from error
        if len(receipt) > RECEIPT:
            log.error("receipt_too_long", channel=self.name, delivery=first.id)
            receipt = ""
        kept, told_in = (receipt, "") if is_alone else ("", message.id)
        at = self._now()
        return Outcome(delivery=first.id, at=at, attempt=attempt, state="sent", receipt=kept, told_in=told_in)

    async def _fail(self, deliveries: Sequence[Delivery], error: SendError) -> None:
        first, begun = deliveries[0], min(max(each.created, each.slot or 0) for each in deliveries)
        outcome = after_failure(first.attempts + 1, error, self._now(), begun, first.id)
        level = log.error if outcome.state == "parked" else log.warning
        level("delivery_failed", channel=self.name, delivery=first.id, state=outcome.state, error=str(error))
        await self._outbox.settle(deliveries, outcome)
