"""How a partition is read: from a place on, without what cannot be read, which is set aside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from listener.kafka.access import PATIENCE, client, set_aside
from listener.kafka.record import Record, UnreadableError, decoded

log = structlog.get_logger("kafka")


@asynccontextmanager
async def consuming(kafka: Kafka, place: TopicPartition) -> AsyncIterator[Any]:
    """A consumer of one partition, without a place there yet."""
    consumer = AIOKafkaConsumer(
        **client(kafka), isolation_level="read_committed", auto_offset_reset="none", enable_auto_commit=False
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await consumer.start()
        consumer.assign([place])
        yield consumer
    finally:
        await _stopped(consumer)


async def _stopped(consumer: Any) -> None:
    """Where no broker answers, the library lets out the cancellation of its own fetching, and leaves the rest open."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        await consumer._client.close()  # noqa: SLF001  # it takes a second stop for done
    obey_cancellation()


async def sought(consumer: Any, place: TopicPartition, offset: int | None) -> bool:
    """Whether a partition is read on from an offset; else it is read from its beginning, as what is there is no longer
    kept, or of another topic of the same name. None is the beginning.
    """
    first = (await consumer.beginning_offsets([place]))[place]
    end = (await consumer.end_offsets([place]))[place]
    is_kept = offset is None or first <= offset <= end
    consumer.seek(place, offset if is_kept and offset is not None else first)
    return is_kept


async def readable(kafka: Kafka, records: Sequence[Any]) -> AsyncIterator[tuple[Any, Record]]:
    """Records as they came, and what they say; what says nothing is set aside. Raises what the library does."""
    for record in records:
        try:
            yield record, decoded(record.value)
        except UnreadableError as error:
            where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            log.warning("record_unreadable", error=str(error), **where)
            await keep_aside(kafka, record, str(error))


async def keep_aside(kafka: Kafka, record: Any, why: str) -> None:
    """Keep it elsewhere before the cursor passes it."""
    place = [("topic", record.topic.encode()), ("offset", b"%d" % record.offset)]
    headers = [*place, ("partition", b"%d" % record.partition), ("error", why.encode())]
    value = b"" if record.value is None else record.value
    async with asyncio.timeout(PATIENCE), AIOKafkaProducer(**client(kafka), acks="all") as producer:
        await producer.send_and_wait(set_aside(kafka), value, key=record.key, headers=headers)
