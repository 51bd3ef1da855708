"""The one task that writes: it gathers work and turns it into one transaction after the other."""

import asyncio

import structlog

from listener.collector import FULL, weight_of
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.work import BULK, Read, Ticket, Work, bulk_of, mentions_of
from listener.store.database import finished
from listener.store.port import StoreBusyError, StoreError, StoreRefusedError

WAIT = 0.025
"""Seconds between the beginnings of two transactions, unless there is a full batch: what comes alone waits for nothing,
what comes while one is written shares the next.
"""
PATIENCE = 0.5
"""Seconds between looks at commands and at the grid when there is no work."""
QUEUE = 64
HANGING = 30
"""Seconds without a turn of the loop after which the writer hangs."""

log = structlog.get_logger("writer")


class Writer:
    """Serialises all writing. `submit` from any task; `run` until cancelled; `finish` when nobody submits any more."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger, self._metrics = ledger, metrics
        self._queue: asyncio.Queue[Ticket] = asyncio.Queue(QUEUE)
        self._taken: list[Ticket] = []
        self.healthy = True
        self._beat = self._begun = 0.0

    async def submit(self, work: Work) -> None:
        """Return when `work` is committed. Raises StoreError when it was not: nothing of it happened."""
        if isinstance(work, Read):  # here and not in the transaction: while others are being committed
            work = await self._ledger.classifying.ahead(work, self._ledger.setup)
        ticket = Ticket(work)
        await self._queue.put(ticket)
        await ticket.done

    async def run(self) -> None:
        """Write until cancelled; a transaction under way is then ended first, and what was taken from the queue and not
        yet begun is left for `finish`. Raises StoreBusyError when another process has taken the store over.
        """
        while True:
            self._beat = asyncio.get_running_loop().time()
            await self._gather()
            # cancelled in the middle, nobody would know whether it was committed, and it would be done again
            await finished(self._write(), "transaction")
            if not self.healthy:
                await asyncio.sleep(PATIENCE)

    def is_moving(self) -> bool:
        """Whether the loop went round in the last half minute, successful or not, or got on with something long."""
        return asyncio.get_running_loop().time() - max(self._beat, self._ledger.moved) < HANGING

    async def finish(self) -> None:
        """Write what `run` left and what is queued, and a snapshot."""
        self._taken += [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        await self._write(final=True)

    async def _gather(self) -> None:
        weight, bulk, loop = 0, 0, asyncio.get_running_loop()
        until = loop.time() + (0 if self._ledger.is_behind else PATIENCE)
        while weight < FULL and bulk < BULK:
            try:
                async with asyncio.timeout_at(until):
                    ticket = await self._queue.get()
            except TimeoutError:
                break
            until = until if self._taken else max(loop.time(), self._begun + WAIT)
            self._taken.append(ticket)
            for mention in mentions_of(ticket.work):
                weight += weight_of(mention)
                bulk += bulk_of(mention)
        self._begun = loop.time()
        self._metrics.queue_depth("writer", self._queue.qsize())

    async def _write(self, *, final: bool = False) -> None:
        failure: StoreError | None = None
        works = len(self._taken)
        try:
            await self._ledger.write([ticket.work for ticket in self._taken], final=final)
        except StoreError as error:
            failure = error
        while self._taken:
            _settle(self._taken.pop(), failure)
        self.healthy = failure is None
        if failure:
            log.error("commit_failed", error=str(failure), works=works)
        if isinstance(failure, StoreBusyError):
            raise failure  # it stays so: who writes now must be the only one


def _settle(ticket: Ticket, failure: StoreError | None) -> None:
    if ticket.done.done():
        return
    if failure:
        kind = StoreRefusedError if isinstance(failure, StoreRefusedError) else StoreError
        ticket.done.set_exception(kind(str(failure)))
    else:
        ticket.done.set_result(None)
