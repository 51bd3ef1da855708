"""Which sources are whose, where several listeners run: the group protocol of Kafka shares them out."""

import asyncio
from collections.abc import Collection
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from listener.errors import FetchError
from listener.kafka.access import AGAIN, PATIENCE, client, in_words, make_topics, topic_of
from listener.pipeline.outlive import outlive
from listener.signal import Signal

SESSION = 10.0
"""Seconds without a sign of life after which the sources of a listener are another's."""
_BEAT = 1.0

log = structlog.get_logger("kafka")


class Sharing(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """A listener's membership among the listeners of one cluster. `mine` are the sources it is to read, None while it
    is no member; `news` fires when that changes. Whoever becomes a member for other sources reads on those it had until
    it is told. A source is read by one, or by none for a moment; who was slow to leave it is refused by its topic.
    """

    def __init__(self, kafka: Kafka) -> None:
        self._kafka, self._consumer = kafka, None
        self.mine: frozenset[str] | None = None
        self.news = Signal()

    async def hold(self, sources: Collection[str]) -> None:
        """Be a member for these sources, until cancelled."""
        while True:
            error = await outlive(self._member(sources), role="listen")
            obey_cancellation()
            log.warning("no_member", error=str(error))
            await asyncio.sleep(AGAIN.total_seconds())

    async def _member(self, sources: Collection[str]) -> None:
        await make_topics(self._kafka, sources)
        self._consumer = consumer = AIOKafkaConsumer(
            **client(self._kafka),
            group_id=f"{self._kafka.topics}-listeners",
            partition_assignment_strategy=[StickyPartitionAssignor],
            enable_auto_commit=False,
            session_timeout_ms=int(SESSION * 1_000),
            heartbeat_interval_ms=int(_BEAT * 1_000),
        )
        consumer.subscribe([topic_of(self._kafka, source) for source in sources], listener=self)
        try:
            with in_words(self._kafka):
                async with asyncio.timeout(PATIENCE):
                    await consumer.start()
                while True:
                    # nothing is fetched: to ask is what keeps a member in the group
                    await consumer.getmany(timeout_ms=int(_BEAT * 1_000))
        except FetchError:
            self._become(None)
            raise
        finally:
            await consumer.stop()

    def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        """Nothing is left before it is known what stays: most of it does."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        consumer: Any = self._consumer
        consumer.pause(*assigned)
        start = len(self._kafka.topics) + 1
        self._become(frozenset(place.topic[start:] for place in assigned))

    def _become(self, mine: frozenset[str] | None) -> None:
        if mine != self.mine:
            log.info("sources_shared", mine=sorted(mine or ()))
            self.mine = mine
            self.news.fire()
