"""What waits to be delivered where several processes deliver: each claims what it takes."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

import structlog

from alerts.delivery import Delivery
from alerts.grouping import STRETCH
from config.settings import Settings
from listener.pipeline.pacing import Pacing
from listener.pipeline.queued import LostError
from listener.pipeline.work import Settled
from listener.signal import Signal
from listener.store.claims import Claims, LostClaimError
from listener.store.port import Commit, StoreError
from rules.instant import Instant

SETTLING = 1.0
"""Seconds that the database has for what is left at the end."""
LOOK = 0.25
"""Seconds between looks at whether anything is due that nobody has."""

log = structlog.get_logger("outbox")


class ClaimedQueue:
    """Of a database that several processes deliver from. `run` beside what takes from it; `news` of a channel fires
    when something of it is due.
    """

    def __init__(self, claims: Claims, settings: Callable[[], Settings], now: Callable[[], Instant]) -> None:
        self._claims, self._settings, self._now = claims, settings, now
        self.news: Mapping[str, Signal] = defaultdict(Signal)
        self._ends, self._settled = False, Signal()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._claims.keep(), name="claims:keep")
            group.create_task(self._look_out(), name="claims:look")

    async def take(self, channel: str, at: Instant) -> Sequence[Delivery]:
        return [] if self._ends else await self._claims.claim(channel, at)

    async def assure(self, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._claims.hold(deliveries)
        except LostClaimError as error:
            raise LostError from error

    async def settle(self, settled: Settled) -> None:
        each, at = list(_each(settled)), settled.outcome.at
        instead = [outgoing for one in each for outgoing in one.instead]
        ends = [one.end for one in each if one.end]
        pacing = Pacing(await self._claims.slots(at - STRETCH))
        outgoing, moved = pacing.place([*instead, *ends], self._settings(), {}, at)
        commit = Commit(
            advanced=at,
            last=at,
            outcomes=[one.outcome for one in each],
            outgoing=outgoing,
            moved=moved,
            unpark=[(end.id, at) for end in ends],
        )
        try:
            await self._claims.settle(commit)
        except LostClaimError as error:
            raise LostError from error
        finally:
            self._settled.fire()

    async def finish(self, until: float) -> None:
        """Take no more, and let what is under way come to its end, until that time of the loop."""
        self._ends = True
        loop = asyncio.get_running_loop()
        while self._claims.is_holding and loop.time() < until:
            await self._settled.wait(until - loop.time())

    async def release(self) -> None:
        """Leave to others what is not settled, within a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLING):
                await self._claims.release()

    async def _look_out(self) -> None:
        while True:
            try:
                for channel in await self._claims.waiting(self._now()):
                    self.news[channel].fire()
            except StoreError as error:
                log.debug("outbox_unseen", error=str(error))  # whoever delivers says so
            await asyncio.sleep(LOOK)


def _each(settled: Settled) -> Iterator[Settled]:
    yield settled
    yield from settled.others
