"""The desk's end of a topic: a collector that reads how a source is, and how much a listener heard of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from itertools import chain
from typing import Any

import msgspec
from aiohttp import web
from aiokafka import TopicPartition

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from config.settings import Component
from listener.collector import Batch, Collector
from listener.errors import PARTLY, FetchError
from listener.kafka.access import AGAIN, in_words, make_topics, topic_of
from listener.kafka.dating import WORDS
from listener.kafka.reading import consuming, readable, sought
from listener.kafka.record import Record
from listener.parts import Parts
from rules.instant import MINUTE, SECOND, Instant

SILENCE = 30.0
"""Seconds without a record after which nobody listens: a listener writes one every 10 s."""
_MOST = 200
"""Records that are taken at once; their mentions are judged in transactions of the usual size."""
_REMEMBERED = MINUTE
"""How often the place is stored where nothing is heard: so much is read twice after a stop."""
_NOTHING = ("", "", "", 0.0)
"""How a source stands of which no record was read yet."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A cursor: all before `offset` was taken; `at` is when the last of it was written."""

    offset: int
    at: Instant


class Follower:
    """Reads the topic of one source from the offset in its cursor, which is committed together with what came of it.

    What a listener did not hear is not heard here either, for the same reason, and neither is a source to whose topic
    nobody writes. A record that cannot be read is set aside in a topic of its own, and counted. `lag` is told how many
    offsets are still to be read.
    """

    def __init__(self, name: str, kafka: Kafka, lag: Callable[[int], None], *, silence: float = SILENCE) -> None:
        self._kafka, self._lag, self._silence = kafka, lag, silence
        self._at = TopicPartition(topic_of(kafka, name), 0)
        self._name, self._stored, self._standing = name, 0, _NOTHING

    def routes(self) -> Sequence[web.RouteDef]:
        return ()  # what is pushed is pushed to a listener

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        self._standing = _NOTHING
        await make_topics(self._kafka, [self._name])
        with in_words(self._kafka):
            async with consuming(self._kafka, self._at) as consumer:
                async for batch in self._read(consumer, _place(cursor)):
                    yield batch

    async def _read(self, consumer: Any, place: Place | None) -> AsyncGenerator[Batch, None]:
        if not await sought(consumer, self._at, place.offset if place else None):
            assert place
            yield Batch(cursor=_cursor(await consumer.position(self._at), place.at), missed=place.at)
        async for records in self._records(consumer):
            found = [record async for _, record in readable(self._kafka, records)]
            self._lag(max(0, (consumer.highwater(self._at) or 0) - records[-1].offset - 1))
            if batch := self._batch(found, records[-1], len(records) - len(found)):
                yield batch

    async def _records(self, consumer: Any) -> AsyncGenerator[list[Any], None]:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            obey_cancellation()
            got = await consumer.getmany(self._at, timeout_ms=int(self._silence * 100), max_records=_MOST)
            if got:
                yield got[self._at]
                heard = loop.time()
            elif loop.time() - heard > self._silence:
                raise FetchError(WORDS, code="unheard", retry_after=AGAIN)

    def _batch(self, records: Sequence[Record], end: Any, unreadable: int) -> Batch | None:
        offset = end.offset + 1
        if not records:
            written = end.timestamp * SECOND // 1_000
            return Batch(heard=False, cursor=_cursor(offset, written), skipped={"unreadable": unreadable})
        last, reads = records[-1], [each.read for each in records if each.read and each.read.heard]
        mentions = list(chain.from_iterable(read.mentions for read in reads))
        # an open stream that brings nothing is read, and not heard
        taken = bool(mentions) or any(read.taken for read in reads)
        up = last.state == "live" or taken or (bool(reads) and last.state != "starved")
        standing = (last.state, last.code, last.detail, last.share)
        news = bool(reads) or standing != self._standing
        if up and not news and not unreadable and last.at - self._stored < _REMEMBERED:
            return None
        self._standing, self._stored = standing, last.at
        skipped = {"unreadable": unreadable, "skipped": sum(read.skipped for read in reads)}
        return Batch(
            mentions=mentions,
            cursor=_cursor(offset, last.at),
            problems=_problems(last, up=up),
            heard=up and news,
            share=last.share if up else 1.0,
            skipped={reason: count for reason, count in skipped.items() if count} or None,
            missed=min((read.missed for read in reads if read.missed is not None), default=None),
            taken=sum(read.taken for read in reads),
        )


def _problems(last: Record, *, up: bool) -> tuple[FetchError, ...]:
    if not up:
        if last.state != "starting":
            return (FetchError(last.detail, state=last.state, code=last.code),)
        # who waits to be sent something is ready, whatever was not heard of its listener before
        return (FetchError(last.detail, state="live", code=last.code),) if last.code else ()
    return (FetchError(last.detail, state="live", code=last.code),) if last.code == PARTLY and last.detail else ()


def _cursor(offset: int, at: Instant) -> str:
    return msgspec.json.encode(Place(offset=offset, at=at)).decode()


def _place(cursor: str | None) -> Place | None:
    """None for a cursor of the source itself, from before it was read by others."""
    try:
        return msgspec.json.decode(cursor or "", type=Place)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def follower(source: Component, parts: Parts) -> Collector:
    """Reads the topic of a source."""
    kafka = parts.ledger.setup.settings.daemon.kafka
    assert kafka
    return Follower(source.name, kafka, lag=lambda offsets: parts.metrics.source_lag(source.name, offsets))
