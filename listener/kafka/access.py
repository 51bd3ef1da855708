"""How a cluster is reached, and the topics of a configuration there."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code
from aiokafka.helpers import create_ssl_context

from alerts.cancelling import obey_cancellation
from config.kafka import Kafka
from listener.errors import FetchError

PATIENCE = 15.0
"""Seconds that a cluster may take for anything: as long as it takes to miss a broker, and to go on without it."""
ANSWER = 6.0
"""Seconds that one broker may take: within `PATIENCE` there is time to ask another one than the one that hangs."""
KEPT = "604800000"
"""Milliseconds that a topic keeps a record: a judge may be away for a week."""
AGAIN = timedelta(seconds=2)
"""Until a cluster is asked again, however often it did not answer."""
_FINE = {0, 36}
"""Codes of an answer: made, and there before."""


def quieten() -> None:
    """Leave what the library would log to us: it calls an error what it mends by itself a moment later."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def topic_of(kafka: Kafka, source: str) -> str:
    """The topic of a source: one partition, so that all of it is read in the order it was heard in."""
    return f"{kafka.topics}.{source}"


def mentions_topic(kafka: Kafka) -> str:
    """The topic of all mentions, a partition for each part of the brands. No source has this name."""
    return f"{kafka.topics}-mentions"


def set_aside(kafka: Kafka) -> str:
    """The topic of records that cannot be read. No source has this name."""
    return f"{kafka.topics}-unreadable"


def client(kafka: Kafka) -> dict[str, Any]:
    """What every client of the library is given."""
    protocol = f"{'SASL_' if kafka.user else ''}{'SSL' if kafka.tls else 'PLAINTEXT'}"
    given: dict[str, Any] = {
        "bootstrap_servers": list(kafka.brokers),
        "client_id": "badbuzz",
        "request_timeout_ms": int(ANSWER * 1_000),
        "security_protocol": protocol,
    }
    if kafka.tls:
        given["ssl_context"] = create_ssl_context(cafile=kafka.ca_file)
    if kafka.user and kafka.password:
        given["sasl_mechanism"] = kafka.mechanism.upper()
        given["sasl_plain_username"] = kafka.user
        given["sasl_plain_password"] = kafka.password.get_secret_value()
    return given


def failure(kafka: Kafka, words: str) -> FetchError:
    """What a cluster does not do, and that it is asked again soon."""
    return FetchError(f"Kafka at {', '.join(kafka.brokers)}: {words}", code="kafka", retry_after=AGAIN)


@contextmanager
def in_words(kafka: Kafka) -> Iterator[None]:
    """What the library raises in a block is a FetchError."""
    try:
        yield
    except TimeoutError as error:
        raise failure(kafka, "no answer in time") from error
    except KafkaError as error:
        raise failure(kafka, str(error).partition("\n")[0] or type(error).__name__) from error


@asynccontextmanager
async def _administering(kafka: Kafka) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**client(kafka))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def known_topics(kafka: Kafka) -> set[str]:
    """The topics of the cluster that `user` may see. Raises FetchError, also where that of all mentions has other
    parts.
    """
    with in_words(kafka):
        async with asyncio.timeout(PATIENCE), _administering(kafka) as admin:
            found = {*await admin.list_topics()}
            if mentions_topic(kafka) in found:
                await _check_parts(admin, kafka)
            return found


async def make_topics(kafka: Kafka, sources: Collection[str]) -> None:
    """Make the topics that are missing. Raises FetchError, also where that of all mentions has other parts."""
    wanted = {topic_of(kafka, source) for source in sources} | {set_aside(kafka), mentions_topic(kafka)}
    with in_words(kafka):
        async with asyncio.timeout(PATIENCE), _administering(kafka) as admin:
            missing = sorted(wanted - {*await admin.list_topics()})
            if missing:
                await _make(admin, kafka, missing)
            await _check_parts(admin, kafka)
    obey_cancellation()


async def _check_parts(admin: Any, kafka: Kafka) -> None:
    described = await admin.describe_topics([mentions_topic(kafka)])
    found = len(described[0]["partitions"]) if described else 0
    if found and found != kafka.parts:  # none is known yet of one that was made this moment
        words = f"the topic {mentions_topic(kafka)} has {found} parts, and daemon.kafka.parts says {kafka.parts}: "
        raise failure(kafka, f"{words}set it to {found}, or name new topics with daemon.kafka.topics")


async def _make(admin: Any, kafka: Kafka, names: list[str]) -> None:
    kept = {"min.insync.replicas": f"{kafka.copies // 2 + 1}", "retention.ms": KEPT}
    parts = {mentions_topic(kafka): kafka.parts}
    topics = [NewTopic(name, parts.get(name, 1), kafka.copies, topic_configs=kept) for name in names]
    answer = await admin.create_topics(topics)
    for name, code, *_ in answer.topic_errors:
        if code not in _FINE:
            made = f"make it with {parts.get(name, 1)} partitions"
            words = f"{made}, or mend daemon.kafka.copies or the rights of daemon.kafka.user"
            raise failure(kafka, f"the topic {name} cannot be made ({for_code(code).__name__}): {words}")
