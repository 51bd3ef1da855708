"""The brokers that other tests rely on: they start, keep what they acknowledged, and ask for what they were told to."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from tests.kafka import cluster
from tests.servers import PASSWORD, USER, authority

TOPIC = "words"


async def make(servers, copies, **access):
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, **access)
    try:
        await admin.start()
        promise = {"min.insync.replicas": f"{copies // 2 + 1}"}
        await admin.create_topics([NewTopic(TOPIC, 1, copies, topic_configs=promise)])
    finally:
        await admin.close()


async def say(producer, *words):
    for word in words:
        await producer.send_and_wait(TOPIC, word)


async def heard(servers, count, **access):
    async with AIOKafkaConsumer(bootstrap_servers=servers, **access) as consumer:
        place = TopicPartition(TOPIC, 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        return [(await consumer.getone()).value for _ in range(count)]


@pytest.mark.timeout(120)
async def test_three_brokers_keep_what_they_acknowledged_when_one_is_lost_and_take_it_back():
    words = [b"%d" % number for number in range(30)]
    with cluster(3) as kafka:
        await make(kafka.servers, 3)
        async with AIOKafkaProducer(bootstrap_servers=kafka.servers, acks="all", enable_idempotence=True) as producer:
            await say(producer, *words[:10])
            kafka.brokers[0].kill()
            await say(producer, *words[10:20])
            kafka.brokers[0].start()
            kafka.brokers[0].await_up()
            await say(producer, *words[20:])
        assert await heard(kafka.servers, 30) == words


@pytest.mark.timeout(120)
async def test_a_broker_with_certificate_and_password_lets_in_whoever_has_both(tmp_path):
    trust = authority(tmp_path)
    tls = {"security_protocol": "SASL_SSL", "ssl_context": create_ssl_context(cafile=str(trust.ca_file))}
    login = {"sasl_plain_username": USER, "sasl_plain_password": PASSWORD}
    with cluster(1, trust=trust, password=True) as kafka:
        await make(kafka.servers, 1, sasl_mechanism="PLAIN", **login, **tls)
        for number, mechanism in enumerate(("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), 1):
            access = {"sasl_mechanism": mechanism, **login, **tls}
            async with AIOKafkaProducer(bootstrap_servers=kafka.servers, **access) as producer:
                await say(producer, mechanism.encode())
            assert len(await heard(kafka.servers, number, **access)) == number
        with pytest.raises(KafkaError):
            await make(kafka.servers, 1, sasl_mechanism="PLAIN", **login | {"sasl_plain_password": "wrong"}, **tls)
