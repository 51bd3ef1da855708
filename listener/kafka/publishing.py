"""The listener's end of a topic: what is heard of a source goes in, each batch whole, with where to go on from."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import msgspec
import structlog
from aiohttp import web
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from config.settings import Component
from listener.clock import Clock
from listener.collector import Batch, Collector
from listener.errors import FetchError
from listener.kafka.access import PATIENCE, client, in_words, mentions_topic, topic_of
from listener.kafka.parting import Concerns, Parting, Sealed
from listener.kafka.reading import consuming
from listener.kafka.record import MOST, Record, UnreadableError, decoded, record_of
from listener.observe.sources import SourceMetrics
from listener.pipeline.clean import fit
from listener.pipeline.observing import NOT_HEARD
from listener.pipeline.work import Read, SourceChange, Work
from listener.store.database import finished
from listener.store.port import SourceRow, StoreError
from rules.instant import SECOND, Instant

ALIVE = 10 * SECOND
"""How often a topic is told how its source is, though nothing was heard."""
_LOOKED_BACK = (8, 256, 8_192)
"""So many offsets before the end the last record is looked for: a transaction takes two, an abandoned one too."""

_PARTING = 2.0
"""Seconds that brokers may take to let a producer go: nothing is under way then that is still wanted."""

log = structlog.get_logger("kafka")


class Publisher:
    """The end of one source's topic, had by whoever opened it last: what another one writes there is refused, and so
    is what it writes of the source into the topic of all mentions, as it is one transaction.

    It goes on from what the topic says, not from what it remembers: once something was not taken, nothing is before
    `opened`. `concerns` tells which brands a new mention may be of, and hear the source.
    """

    def __init__(
        self,
        source: Component,
        kafka: Kafka,
        clock: Clock,
        metrics: SourceMetrics,
        concerns: Concerns,
    ) -> None:
        self._kafka, self._clock, self._metrics = kafka, clock, metrics
        self._parting, self._written_at = Parting(source.name, kafka.parts, concerns), 0
        self._topic = topic_of(kafka, source.name)
        self._row = SourceRow(name=source.name, kind=source.kind, state="starting")
        self._share = 1.0
        self._producer: Any = None
        self._turn = asyncio.Lock()

    def source(self, _name: str) -> SourceRow:
        """What is known of the source, as of the last record."""
        return self._row

    async def opened(self) -> str | None:
        """Have the topic's end, and tell where the source is read on from. Raises FetchError."""
        async with self._turn:
            if self._producer is None:
                await self._open()
        return self._row.cursor

    async def submit(self, work: Work) -> None:
        """Return when it is in the topic. Raises StoreError when it is not, or when that is not known."""
        async with self._turn:
            match work:
                case Read():
                    await self._say(work)
                case SourceChange(state="starting") if self._row.state != "starting":
                    pass  # what is known of it from before a restart tells more
                case SourceChange():
                    row = replace(self._row, state=work.state, code=work.code, detail=work.detail)
                    await self._write(row, work.share)
                    self._metrics.source_changed(row.name, row.state, row.code)
        self._show()

    async def keep_alive(self) -> None:
        """Say now and then how the source is, until cancelled: a topic that nobody writes to is no quiet source. Raises
        StoreError when that is not taken: whoever waits for the source may not notice for hours.
        """
        while True:
            await self._clock.sleep(ALIVE)
            async with self._turn:
                if self._producer is not None:
                    await self._write(self._row, self._share)

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError):
                try:
                    async with asyncio.timeout(_PARTING):
                        await producer.stop()
                except TimeoutError:
                    await _let_go(producer)
        obey_cancellation()

    async def _say(self, work: Read) -> None:
        mentions = [fit(each, work.source) for each in work.mentions]
        row = self._row if work.cursor is None else replace(self._row, cursor=work.cursor)
        await self._write(row, self._share, replace(work, mentions=mentions, cursor=None))
        self._metrics.source_events(work.source, work.events)
        if work.heard:
            self._metrics.source_event(work.source, self._clock.now())

    async def _write(self, row: SourceRow, share: float, read: Read | None = None) -> None:
        at = self._written_at = max(self._written_at, self._clock.now())
        parted = list(self._parting.parted(at, row, share, read))
        value = msgspec.json.encode(_of_source(at, row, share, read))
        if len(value) > MOST:
            raise StoreError(f"a record of {len(value)} bytes is more than Kafka takes: make two sources of this one")
        if self._producer is None:
            raise StoreError("the topic is not open")
        try:
            # cut short, it would keep readers waiting until somebody gives it up
            await finished(self._commit(value, parted), "publish")
        except Exception as error:
            producer, self._producer = self._producer, None  # whether it was written is what the topic will tell
            await _let_go(producer)
            if isinstance(error, FetchError):
                raise StoreError(str(error)) from error
            raise
        self._parting.written()
        self._row, self._share = row, share

    async def _commit(self, value: bytes, parted: Sequence[Sealed]) -> None:
        mentions = mentions_topic(self._kafka)
        with in_words(self._kafka):
            async with asyncio.timeout(PATIENCE):
                await self._producer.begin_transaction()
                sent = [await self._sent(mentions, each.value, each.key, each.partition) for each in parted]
                sent.append(await self._sent(self._topic, value, None, 0))
                for each in sent:  # the library commits a transaction of which brokers refused a part
                    await each
                await self._producer.commit_transaction()

    async def _sent(self, topic: str, value: bytes, key: bytes | None, partition: int) -> Any:
        try:
            sent = await self._producer.send(topic, value, key, partition=partition)
        except IllegalOperation:  # brokers have ended the transaction: the library keeps why
            await self._producer._txn_manager.wait_for_transaction_end()  # noqa: SLF001
            raise
        sent.add_done_callback(_look_at)
        return sent

    async def _open(self) -> None:
        self._producer = AIOKafkaProducer(
            **client(self._kafka),
            acks="all",
            transactional_id=self._topic,
            transaction_timeout_ms=int(PATIENCE * 2_000),  # so long what a dead listener left open keeps judges waiting
        )
        try:
            with in_words(self._kafka):
                async with asyncio.timeout(PATIENCE):
                    await self._producer.start()  # whoever had it is shut out, and what that one left open is given up
                    last = await _last(self._kafka, self._topic)
        except BaseException:
            await self.close()
            raise
        if last:
            self._row = replace(self._row, cursor=last.cursor, state=last.state, code=last.code, detail=last.detail)
            self._share = last.share
        self._show()

    def _show(self) -> None:
        self._metrics.source_state(self._row.name, self._row.state, up=self._row.state not in NOT_HEARD)


class Resumed:
    """A collector that goes on where the topic of its source ends."""

    def __init__(self, collector: Collector, publisher: Publisher) -> None:
        self._collector, self._publisher = collector, publisher

    def routes(self) -> Sequence[web.RouteDef]:
        return self._collector.routes()

    async def batches(self, _cursor: str | None) -> AsyncGenerator[Batch, None]:
        cursor = await self._publisher.opened()
        async with aclosing(self._collector.batches(cursor)) as batches:
            async for batch in batches:
                yield batch


def _of_source(at: Instant, row: SourceRow, share: float, read: Read | None) -> Record:
    """What goes into the topic of the source: mentions are counted."""
    shown = read and replace(read, mentions=(), taken=len(read.mentions))
    return msgspec.structs.replace(record_of(row, at, share, shown), cursor=row.cursor)


async def _let_go(producer: Any) -> None:
    """Leave brokers that may not answer: the library's own `stop` waits for them for ever, and goes on sending."""
    producer._closed = True  # noqa: SLF001 - nothing else ends it
    sender, ended = producer._sender.sender_task, producer._txn_manager.wait_for_transaction_end()  # noqa: SLF001
    while sender and not sender.done():
        sender.cancel()  # it waits for what is under way, and then for the next
        await asyncio.wait([sender], timeout=0.1)
    await producer.client.close()
    if ended and ended.done():
        _look_at(ended)


def _look_at(sent: "asyncio.Future[Any]") -> None:
    if not sent.cancelled():
        sent.exception()  # of several that fail one is told


async def _last(kafka: Kafka, topic: str) -> Record | None:
    """The last record of a topic; None where there is none that can be read."""
    place = TopicPartition(topic, 0)
    async with consuming(kafka, place) as consumer:
        first, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
        for back in (*_LOOKED_BACK, end):
            start = max(first, end - back)
            found = await _last_since(consumer, place, start, end)
            if found or start == first:
                return found
    return None


async def _last_since(consumer: Any, place: Any, start: int, end: int) -> Record | None:
    found = None
    consumer.seek(place, start)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=1_000)).get(place, []):
            with suppress(UnreadableError):
                found = decoded(record.value)
    return found
