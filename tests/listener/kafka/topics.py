"""A listener's end of the topics, and what stands there."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from config.settings import Component
from listener.clock import Clock
from listener.collectors.file import FileOptions
from listener.kafka.access import client, make_topics, mentions_topic
from listener.kafka.publishing import Publisher
from listener.kafka.record import Record, decoded
from listener.observe.sources import SourceMetrics
from listener.pipeline.work import Read
from listener.shares import part_of
from rules.instant import moment
from rules.mention import Mention

SOURCE = Component(name="press", kind="file", options=FileOptions(path="-"))
CLOCK = Clock()


def of_acme(_mention):
    return ["acme"]


@asynccontextmanager
async def publishing(kafka, concerns=of_acme, clock=CLOCK):
    """The end of a topic, had."""
    metrics = SourceMetrics(version="1", now=clock.now)
    publisher = Publisher(SOURCE, kafka, clock, metrics, concerns)
    await make_topics(kafka, ["press"])
    try:
        await publisher.opened()
        yield publisher
    finally:
        await publisher.close()


def mention(name, text="acme", op="create"):
    return Mention(id=name, source="press", platform="file", text=text, op=op, observed_at=moment(CLOCK.now()))


def said(*names, cursor=None, **more):
    return Read(source="press", mentions=[mention(name) for name in names], cursor=cursor, **more)


@dataclass(frozen=True)
class Told:
    """A record of the topic of all mentions, as whoever judges sees it."""

    partition: int
    key: bytes | None
    record: Record

    @property
    def mentions(self):
        return list(self.record.read.mentions) if self.record.read else []


async def told(kafka):
    """All that is in the topic of all mentions, of each partition in its order."""
    places, found = [TopicPartition(mentions_topic(kafka), number) for number in range(kafka.parts)], []
    async with asyncio.timeout(30), AIOKafkaConsumer(**client(kafka), isolation_level="read_committed") as consumer:
        async with AIOKafkaConsumer(**client(kafka)) as uncommitted:  # a commit is answered before brokers tell of it
            ends = await uncommitted.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                found += [Told(place.partition, each.key, decoded(each.value)) for each in records]
    return sorted(found, key=lambda each: each.partition)


async def brought(kafka, brand="acme"):
    """Which new mentions were brought to the part of a brand, in their order."""
    there = [each for each in await told(kafka) if each.partition == part_of(brand, kafka.parts) - 1]
    return [mention.id for each in there for mention in each.mentions if mention.op == "create"]
