"""One part of the brands, judged by the process that has its lease."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import TopicPartition

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from config.settings import Settings
from listener.agenda.reading import setup_at
from listener.clock import Clock
from listener.errors import FetchError
from listener.kafka.access import AGAIN, in_words, make_topics, mentions_topic
from listener.kafka.counting import Counting
from listener.kafka.dating import SILENCE, Dating
from listener.kafka.reading import consuming, keep_aside, readable, sought
from listener.kafka.sharing import SESSION
from listener.kafka.trying import TRIES, Trying
from listener.labelling.learning import Learning
from listener.observe.metrics import Metrics
from listener.observe.parts import PartMetrics
from listener.pipeline.classifying import Classifying
from listener.pipeline.ledger import Ledger
from listener.pipeline.outlive import outlive
from listener.pipeline.roster import Roster
from listener.pipeline.work import Dated, Happened, Read, Reload
from listener.pipeline.writer import Writer
from listener.service import reason_of
from listener.shares import Share
from listener.store.address import store_address
from listener.store.port import SchemaError, Store, StoreBusyError, StoreError, StoreRefusedError, Views
from listener.store.reached import Tenure
from listener.store.store import open_store
from rules.instant import Instant

_MOST = 500
"""Records that are judged in one transaction at most."""
_LOOK = 1_000
"""Milliseconds that more of them is waited for."""
_PAUSE = 0.5
"""Seconds between looks at whether the part may be had."""
_PARTING = 5.0
"""Seconds that its last words may take."""

log = structlog.get_logger("judge")


class PartClock(Clock):
    """The clock of a part, which only its topic moves on; where nobody writes there, it is never before `floor`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(origin=clock.origin, started=clock.started, speed=clock.speed)
        self._clock = clock
        self.floor: Instant = 0

    def now(self) -> Instant:
        return self.floor

    def wall(self) -> Instant:
        return self._clock.now()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all parts that a process judges have in common. `settings` are those in force."""

    kafka: Kafka
    settings: Callable[[], Settings]
    views: Views
    clock: Clock
    metrics: Metrics
    parts: PartMetrics
    counting: Counting
    owner: str


class Part:
    """A part, from when its lease is had until `run` is cancelled or another process takes it over. `is_judged` while
    what is said of its brands is read and judged.
    """

    def __init__(self, share: Share, bench: Bench) -> None:
        self._share, self._bench = share, bench
        self._place = TopicPartition(mentions_topic(bench.kafka), share.part - 1)
        self._clock = PartClock(bench.clock)
        self._writer: Writer | None = None
        self._ledger: Ledger | None = None
        self._asking: Roster | None = None
        self._trying = Trying()
        self._renewed, self._over = 0, asyncio.Event()
        self.is_judged = False
        self._away: float | None = None

    @property
    def is_cut_off(self) -> bool:
        """Whether for longer than a lease the database has not said who has it: somebody else may reach it."""
        lease = self._bench.settings().daemon.lease.total_seconds()
        return self._away is not None and time.monotonic() - self._away > lease

    @property
    def is_moving(self) -> bool:
        """Whether what writes goes round, successful or not."""
        return self._writer is None or self._writer.is_moving()

    async def run(self) -> None:
        """Judge it, again whenever it is lost. Raises SchemaError. What is logged meanwhile names the part."""
        part = self._share.part
        structlog.contextvars.bind_contextvars(part=part)
        while True:
            match await outlive(self._held(), part=f"{part}"):
                case SchemaError() as error:
                    raise error
                case StoreBusyError() as lost:
                    log.error("stepped_down", part=part, error=str(lost))
                case StoreError() | FetchError() as failed:
                    log.warning("part_waits", part=part, error=str(failed))
                case _:
                    self._trying.failed()
            self._trying.spare()
            obey_cancellation()  # what fails while it is left takes the cancellation along
            await asyncio.sleep(AGAIN.total_seconds())

    async def reload(self, settings: Settings) -> None:
        """Take up other settings; where it is not judged just now, it begins with those in force. Raises StoreError."""
        self._renewed += 1
        if not self.is_judged:
            return
        loop = asyncio.get_running_loop()
        waits = [loop.create_task(each) for each in (self._take_up(settings), self._over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if waits[0].done():
                await waits[0]
        finally:
            for each in waits:
                each.cancel()

    async def _take_up(self, settings: Settings) -> None:
        if self._writer and self._ledger:
            await self._writer.submit(Reload(setup=await self._setup(settings, self._ledger)))
            await self._ask()

    async def _ask(self) -> None:
        """Ask again how posts are received, as the configuration in force says."""
        if self._asking and self._ledger and self._writer:
            jobs = self._bench.counting.jobs(self._ledger.setup.settings, self._ledger, self._writer)
            await self._asking.become(jobs)

    async def _setup(self, settings: Settings, before: Ledger | None = None) -> Any:
        now, known = self._bench.clock.now(), before.setup if before else None
        return await asyncio.to_thread(setup_at, now, settings, known, self._share)

    async def _held(self) -> None:
        """Raises what ended it."""
        try:
            await self._hold()
        except ExceptionGroup as ended:
            raise reason_of(ended) from ended

    async def _hold(self) -> None:
        settings, part = self._bench.settings(), self._share.part
        await make_topics(self._bench.kafka, ())  # whoever does not reach Kafka leaves the part to others
        store = open_store(store_address(settings), settings.daemon.lease, part)
        try:
            tenure = await self._tenure(store)
            self._bench.parts.begun(part, tenure.epoch, tenure.idle)
            log.info("part_taken", part=part, epoch=tenure.epoch)
            await self._judge(store)
        finally:
            self.is_judged = False
            self._bench.parts.left(part)
            await store.close()

    async def _tenure(self, store: Store) -> Tenure:
        said = ""
        while True:
            try:
                tenure = await store.open(self._bench.owner)
            except SchemaError:
                raise
            except StoreError as error:
                answers = isinstance(error, StoreBusyError)
                self._away = None if answers else self._away or time.monotonic()
                if str(error) != said:
                    said = str(error)
                    log.info("part_not_had", part=self._share.part, why=said)
            else:
                self._away = None
                return tenure
            await asyncio.sleep(_PAUSE)

    async def _judge(self, store: Store) -> None:
        async with AsyncExitStack() as stack:
            group = await stack.enter_async_context(asyncio.TaskGroup())
            group.create_task(store.keep(), name=f"lease:{self._share.part}")
            stack.enter_context(in_words(self._bench.kafka))
            consumer = await stack.enter_async_context(consuming(self._bench.kafka, self._place))
            ledger, writer = await stack.enter_async_context(self._judging(store, consumer, group))
            await self._read(store, consumer, ledger, writer)

    @asynccontextmanager
    async def _judging(
        self, store: Store, consumer: Any, group: asyncio.TaskGroup
    ) -> AsyncIterator[tuple[Ledger, Writer]]:
        """Its engines as the log leaves them, and who writes; at the end with its last words."""
        bench, part = self._bench, self._share.part
        self._clock.floor = 0 if await store.position() else await self._begin(consumer)
        renewed, begun = self._renewed, time.monotonic()
        setup = await self._setup(bench.settings())
        self._ledger = ledger = Ledger(
            store, bench.views, self._clock, bench.metrics, setup, Classifying(self._clock), self._share
        )
        await ledger.start()
        self._writer = writer = Writer(ledger, bench.metrics)
        learning = Learning(bench.views, ledger, writer, bench.clock, bench.metrics)
        tasks = [
            group.create_task(writer.run(), name=f"writer:{part}"),
            group.create_task(learning.run(), name=f"learning:{part}"),
        ]
        self._asking = Roster(group, f"recount:{part}")
        self._over.clear()
        try:
            await self._ask()
            self.is_judged = True
            log.info("part_judged", part=part, read_back_in=round(time.monotonic() - begun, 3))
            if self._renewed != renewed:
                await self._take_up(bench.settings())
            yield ledger, writer
        finally:
            self.is_judged = False
            self._over.set()
            await self._asking.become({})
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._writer = self._ledger = None
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(_PARTING):
                    await writer.finish()

    async def _begin(self, consumer: Any) -> Instant:
        """When its first record was written, which is when its first brand was heard of."""
        await sought(consumer, self._place, None)
        while True:
            found = await consumer.getmany(self._place, timeout_ms=_LOOK, max_records=_MOST)
            first = [record async for _, record in readable(self._bench.kafka, found.get(self._place, ()))]
            if first:
                return first[0].at
            await self._reached(consumer)

    async def _reached(self, consumer: Any) -> None:
        """Raises what the library does where Kafka answers no more: it gives the part to another judge by then."""
        async with asyncio.timeout(SESSION):
            await consumer.end_offsets([self._place])

    def _is_read(self, consumer: Any) -> bool:
        """Whether nothing is there that was not told: what a transaction that is open brought is told once it ends."""
        end, told = consumer.highwater(self._place), consumer.last_stable_offset(self._place)
        return end is None or told is None or told >= end

    async def _go_on(self, store: Store, consumer: Any, ledger: Ledger, writer: Writer) -> None:
        """Read on from where the last transaction ends; what is no longer kept of that was missed."""
        position = await store.position()
        offset = position.offset if position else None
        if await sought(consumer, self._place, offset):
            return
        assert position
        log.error("records_missed", part=self._share.part, offset=offset)
        since, first = position.last, await consumer.position(self._place)
        missed = [Read(source=name, missed=since) for name in ledger.setup.settings.sources]
        await writer.submit(Happened(dated=[Dated(at=since, brands=None, works=missed)], offset=first))

    async def _read(self, store: Store, consumer: Any, ledger: Ledger, writer: Writer) -> None:
        dating, loop = Dating(), asyncio.get_running_loop()
        heard = loop.time()
        await self._go_on(store, consumer, ledger, writer)
        while True:
            most = 1 if self._trying.is_wary else _MOST
            found = await consumer.getmany(self._place, timeout_ms=_LOOK, max_records=most)
            sources = ledger.setup.settings.sources
            if records := found.get(self._place, ()):
                heard, self._clock.floor = loop.time(), 0
                if not await self._try(records, dating, list(sources), consumer, writer):
                    dating = Dating()  # what it found out is not told
                    await self._go_on(store, consumer, ledger, writer)
                continue
            await self._reached(consumer)
            if not self._is_read(consumer):
                heard = loop.time()  # somebody wrote, who is not done, or will be given up
                continue
            self._bench.parts.judged(self._share.part, 0, 0, 0)
            if (loop.time() - heard) * 1e6 > SILENCE:
                # nobody tells the time any more, and the brands' own must go on
                self._clock.floor = self._bench.clock.now() - SILENCE
                for lost in dating.all_silent(list(sources)):
                    await writer.submit(lost)

    async def _try(
        self, records: Sequence[Any], dating: Dating, sources: Sequence[str], consumer: Any, writer: Writer
    ) -> bool:
        """Whether records are judged, or one that never is is set aside."""
        first, end = records[0].offset, records[-1].offset + 1
        if self._trying.is_wary:
            await writer.submit(Happened(dated=[], offset=first))  # else it is not for what they say that they fail
        if self._trying.is_hopeless(first):
            log.error("record_set_aside", part=self._share.part, offset=first, tries=TRIES)
            await keep_aside(self._bench.kafka, records[0], "it could not be judged")
            is_taken = await self._take(consumer, writer, Happened(dated=[], offset=end))
        else:
            self._trying.begin(first, end)
            is_taken = await self._take(consumer, writer, await self._dated(records, dating, sources))
        if is_taken:
            self._trying.taken(end)
        return is_taken

    async def _dated(self, records: Sequence[Any], dating: Dating, sources: Sequence[str]) -> Happened:
        now = self._bench.clock.now()
        happened = [dating.dated(record, sources, now) async for _, record in readable(self._bench.kafka, records)]
        return Happened(dated=happened, offset=records[-1].offset + 1)

    async def _take(self, consumer: Any, writer: Writer, happened: Happened) -> bool:
        """Whether it is judged; else the store tells how far that is so."""
        begun = time.monotonic()
        try:
            await writer.submit(happened)
        except StoreError as error:
            if isinstance(error, StoreRefusedError):
                self._trying.failed()
            self._trying.spare()
            log.warning("part_waits", part=self._share.part, error=str(error))
            await asyncio.sleep(_PAUSE)
            return False
        lag = max(0, (consumer.highwater(self._place) or 0) - happened.offset)
        behind = self._bench.clock.now() - happened.dated[-1].at if lag and happened.dated else 0
        self._bench.parts.judged(self._share.part, time.monotonic() - begun, lag, max(0, behind))
        return True
