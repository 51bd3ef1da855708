"""Who has what, where several share it."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from listener.kafka.access import client, make_topics, topic_of
from listener.kafka.sharing import Sharing
from tests.listener.kafka.judges import running


async def until_shared(member, count):
    while len(member.mine or ()) < count:
        await member.news.wait(1.0)


async def test_what_brokers_learn_of_once_somebody_is_a_member_is_shared_soon(kafka):
    member, topic = Sharing(kafka, "listeners"), topic_of(kafka, "press")
    await make_topics(kafka, ["press"])
    async with asyncio.timeout(60), running(member.hold([topic], ["press"])):
        await until_shared(member, 1)
        admin = AIOKafkaAdminClient(**client(kafka))
        await admin.start()
        await admin.create_partitions({topic: NewPartitions(2)})
        await admin.close()
        await until_shared(member, 2)
