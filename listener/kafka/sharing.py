"""What is whose, where several processes have one role: the group protocol of Kafka shares partitions out."""

import asyncio
from collections.abc import Collection
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from listener.errors import FetchError
from listener.kafka.access import AGAIN, PATIENCE, client, in_words, make_topics
from listener.pipeline.outlive import outlive
from listener.signal import Signal

SESSION = 10.0
"""Seconds without a sign of life after which what a process had is another's."""
_BEAT = 1.0
_AGE = 5.0
"""Seconds after which brokers are asked again what there is: what they did not know before is shared then."""

log = structlog.get_logger("kafka")


class Sharing(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """A process's membership in a `group` of one cluster. `mine` are the partitions that are its own, None while it is
    no member; `news` fires when that changes. Whoever becomes a member for other topics has what it had until it is
    told. A partition is one process's, or nobody's for a moment; who is slow to leave it must be refused elsewhere.
    """

    def __init__(self, kafka: Kafka, group: str) -> None:
        self._kafka, self._group, self._consumer = kafka, group, None
        self.mine: frozenset[TopicPartition] | None = None
        self.news = Signal()

    async def hold(self, topics: Collection[str], sources: Collection[str] = ()) -> None:
        """Be a member for these topics, which are made where they are missing, as those of the `sources` or of all,
        until cancelled.
        """
        while True:
            error = await outlive(self._member(topics, sources), group=self._group)
            obey_cancellation()
            log.warning("no_member", error=str(error))
            await asyncio.sleep(AGAIN.total_seconds())

    async def _member(self, topics: Collection[str], sources: Collection[str]) -> None:
        await make_topics(self._kafka, sources)
        self._consumer = consumer = AIOKafkaConsumer(
            # whoever joins waits until those who died are missed, and would count as one more if it asked again
            **client(self._kafka) | {"request_timeout_ms": int(PATIENCE * 1_000)},
            group_id=f"{self._kafka.topics}-{self._group}",
            partition_assignment_strategy=[StickyPartitionAssignor],
            enable_auto_commit=False,
            session_timeout_ms=int(SESSION * 1_000),
            heartbeat_interval_ms=int(_BEAT * 1_000),
            metadata_max_age_ms=int(_AGE * 1_000),
        )
        consumer.subscribe(list(topics), listener=self)
        try:
            with in_words(self._kafka):
                async with asyncio.timeout(2 * PATIENCE):
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
        self._become(frozenset(assigned))

    def _become(self, mine: frozenset[TopicPartition] | None) -> None:
        if mine != self.mine:
            log.info("shared", group=self._group, mine=sorted(f"{each.topic}/{each.partition}" for each in mine or ()))
            self.mine = mine
            self.news.fire()
