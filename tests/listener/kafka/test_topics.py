"""What a listener puts into the topic of a source is what the desk hears of it, on real brokers."""

import asyncio
from contextlib import ExitStack, aclosing

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete

from config.kafka import Kafka
from listener.clock import Clock
from listener.errors import PARTLY, WAITING, FetchError
from listener.kafka import publishing as publishing_module
from listener.kafka.access import AGAIN, client, make_topics, mentions_topic, set_aside, topic_of
from listener.kafka.following import Follower, Place
from listener.kafka.publishing import Resumed
from listener.kafka.reading import consuming
from listener.kafka.record import LARGEST, MOST
from listener.kafka.sharing import Sharing
from listener.pipeline.work import Read, SourceChange
from listener.store.port import StoreError
from listener.trial import try_kafka
from rules.instant import MINUTE, SECOND
from tests.collecting import Heard, hear
from tests.kafka import cluster
from tests.listener.kafka.topics import CLOCK, brought, mention, publishing, said, told
from tests.servers import PASSWORD, USER, authority


async def heard(kafka, count, cursor=None, lag=lambda _: None):
    """What the desk hears until it has heard of so many mentions."""
    found = Heard(start=cursor)
    async with aclosing(Follower("press", kafka, lag).batches(cursor)) as batches:
        while taken(found) < count:
            found.batches.append(await anext(batches))
    return found


def taken(found):
    """How many mentions the source brought."""
    return sum(batch.taken for batch in found.batches)


async def test_what_is_heard_arrives_once_and_in_order_with_the_state_of_its_source(kafka):
    lags = []
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1", "2", cursor="a"))
        await publisher.submit(SourceChange(source="press", state="live"))
        await publisher.submit(said("3", cursor="b", skipped=2, missed=5 * SECOND))
        found = await heard(kafka, 3, lag=lags.append)
        assert await brought(kafka) == ["1", "2", "3"]
    assert (taken(found), found.mentions) == (3, [])
    assert {(batch.heard, batch.problems) for batch in found.batches} == {(True, ())}
    assert [batch.missed for batch in found.batches if batch.missed is not None] == [5 * SECOND]
    assert [batch.skipped for batch in found.batches if batch.skipped] == [{"skipped": 2}]
    assert lags[-1] <= 1


async def test_after_its_cursor_the_desk_hears_neither_less_nor_again(kafka):
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
        first = await heard(kafka, 1)
        await publisher.submit(said("2", "3"))
        second = await heard(kafka, 2, first.cursor)
        again = await heard(kafka, 2, first.cursor)
    assert [taken(found) for found in (first, second, again)] == [1, 2, 2]


async def test_a_cursor_of_the_source_itself_begins_with_the_topic(kafka):
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
    assert taken(await heard(kafka, 1, '{"offset": 77, "line": 3}')) == 1
    assert taken(await heard(kafka, 1, "1794")) == 1


async def test_who_opens_a_topic_goes_on_where_it_ends_and_shuts_out_who_had_it(kafka):
    async with publishing(kafka) as first, publishing(kafka) as second:
        assert second.source("press").cursor is None
        await second.submit(said("1", cursor="here"))
        await first.close()
        assert await first.opened() == "here"
        with pytest.raises(StoreError, match="Kafka"):
            await second.submit(said("lost", cursor="there"))
        with pytest.raises(StoreError):
            await second.submit(said("lost", cursor="there"))
        await first.submit(said("2", cursor="further"))
        assert await second.opened() == "further"
        assert await brought(kafka) == ["1", "2"]


async def test_who_is_shut_out_amid_a_transaction_is_told_so_and_opens_it_anew(kafka, monkeypatch):
    async with publishing(kafka) as first, publishing(kafka):
        producer = first._producer
        send = producer.send

        async def send_until_refused(*record, **place):
            sent = await send(*record, **place)
            await asyncio.wait([producer._sender.sender_task])
            return sent

        monkeypatch.setattr(producer, "send", send_until_refused)
        with pytest.raises(StoreError, match="newer producer"):
            await first.submit(said("lost"))
        await first.opened()
        await first.submit(said("kept"))
    assert await brought(kafka) == ["kept"]


async def test_a_collector_is_told_the_cursor_of_the_topic_whatever_is_said_elsewhere(kafka):
    class Collector:
        async def batches(self, cursor):
            cursors.append(cursor)
            yield None

    cursors = []
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1", cursor="here"))
        await publisher.close()
        async with aclosing(Resumed(Collector(), publisher).batches("elsewhere")) as batches:
            assert [each async for each in batches] == [None]
    assert cursors == ["here"]


async def test_a_batch_that_is_larger_than_a_record_arrives_whole(kafka):
    texts = {f"{number}": "é" * (LARGEST // 20) for number in range(30)}
    read = Read(source="press", mentions=[mention(name, text=text) for name, text in texts.items()], cursor="a")
    async with publishing(kafka) as publisher:
        await publisher.submit(read)
        await publisher.close()
        assert await publisher.opened() == "a"
        records = [each for each in await told(kafka) if each.key]
    assert len(records) > 1
    assert [(each.id, each.text) for record in records for each in record.mentions] == list(texts.items())


async def test_what_brokers_refuse_is_not_passed_over(kafka):
    """Topics that somebody made, of smaller records."""
    admin = AIOKafkaAdminClient(**client(kafka))
    await admin.start()
    small = {"max.message.bytes": "2000"}
    await admin.create_topics([NewTopic(mentions_topic(kafka), kafka.parts, 3, topic_configs=small)])
    await admin.close()
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1", cursor="here"))
        with pytest.raises(StoreError, match="TooLarge"):
            await publisher.submit(Read(source="press", mentions=[mention("lost", "acme " * 1_000)], cursor="there"))
        assert await publisher.opened() == "here"
        await publisher.submit(said("2", cursor="further"))
        assert await brought(kafka) == ["1", "2"]


async def test_of_a_source_of_which_too_much_is_remembered_two_are_to_be_made(kafka):
    async with publishing(kafka) as publisher:
        with pytest.raises(StoreError, match="make two sources of this one"):
            await publisher.submit(said("1", cursor="x" * MOST))
        await publisher.submit(said("2", cursor="x" * (MOST - 2_000)))
        assert taken(await heard(kafka, 1)) == 1


async def test_what_befalls_the_source_is_told_as_the_listener_tells_it(kafka):
    async with publishing(kafka) as publisher:
        follower, states = Follower("press", kafka, lambda _: None), []
        async with aclosing(follower.batches(None)) as batches:
            for change in (
                SourceChange(source="press", state="starting", code=WAITING, detail="nothing came yet"),
                SourceChange(source="press", state="auth_failed", code="401", detail="who are you?"),
                SourceChange(source="press", state="live", code=PARTLY, detail="one of two", share=0.5),
                SourceChange(source="press", state="starved", code="starved", detail="brings no posts"),
                SourceChange(source="press", state="live"),
            ):
                await publisher.submit(change)
                batch = await anext(batches)
                problem = [(each.state, each.code, str(each)) for each in batch.problems]
                states.append((batch.heard, batch.share, problem))
    assert states == [
        (False, 1.0, [("live", WAITING, "nothing came yet")]),
        (False, 1.0, [("auth_failed", "401", "who are you?")]),
        (True, 0.5, [("live", PARTLY, "one of two")]),
        (False, 1.0, [("starved", "starved", "brings no posts")]),
        (True, 1.0, []),
    ]


async def test_a_source_that_was_heard_of_does_not_start_anew_with_its_next_listener(kafka):
    async with publishing(kafka) as first:
        await first.submit(SourceChange(source="press", state="reconnecting", code="silent"))
    async with publishing(kafka) as second:
        await second.submit(SourceChange(source="press", state="starting", code=WAITING))
        assert (second.source("press").state, second.source("press").code) == ("reconnecting", "silent")


async def test_a_topic_that_nobody_writes_to_is_not_heard_and_one_that_says_it_is_alive_is(kafka):
    fast = Clock(origin=CLOCK.now(), started=CLOCK.now(), speed=100)
    async with publishing(kafka) as publisher:
        await publisher.submit(SourceChange(source="press", state="live"))
        publisher._clock = fast
        alive = asyncio.ensure_future(publisher.keep_alive())
        follower = Follower("press", kafka, lambda _: None, silence=2)
        async with aclosing(follower.batches(None)) as batches:
            found = [await anext(batches) for _ in range(3)]
            alive.cancel()
            with pytest.raises(FetchError, match="run --role listen") as raised:
                await anext(batches)
    assert (raised.value.state, raised.value.code, raised.value.retry_after) == ("reconnecting", "unheard", AGAIN)
    assert [(batch.heard, batch.problems) for batch in found] == [(True, ()), (False, ()), (False, ())]
    assert len({batch.cursor for batch in found}) == 3


async def test_what_cannot_be_read_is_set_aside_and_passed_by(kafka):
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
        async with AIOKafkaProducer(**client(kafka)) as stranger:
            await stranger.send_and_wait(topic_of(kafka, "press"), b'{"at": "rubbish"}', key=b"k")
            await stranger.send_and_wait(topic_of(kafka, "press"), None, key=b"k")
            await stranger.send_and_wait(topic_of(kafka, "press"), b"")
        await publisher.submit(said("2"))
        found = await heard(kafka, 2)
        await publisher.close()
        assert await publisher.opened() is None
    assert sum((batch.skipped or {}).get("unreadable", 0) for batch in found.batches) == 3
    async with AIOKafkaConsumer(**client(kafka)) as consumer:
        place = TopicPartition(set_aside(kafka), 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        aside = [await consumer.getone() for _ in range(3)]
    assert [(each.value, each.key) for each in aside] == [(b'{"at": "rubbish"}', b"k"), (b"", b"k"), (b"", None)]
    assert dict(aside[0].headers)["topic"] == topic_of(kafka, "press").encode()


async def test_a_place_behind_what_nobody_can_read_is_of_the_time_when_that_was_written(kafka):
    await make_topics(kafka, ["press"])
    async with AIOKafkaProducer(**client(kafka)) as stranger:
        await stranger.send_and_wait(topic_of(kafka, "press"), b"rubbish")
    async with aclosing(Follower("press", kafka, lambda _: None).batches(None)) as batches:
        batch = await anext(batches)
    place = msgspec.json.decode(batch.cursor, type=Place)
    assert (place.offset, CLOCK.now() - place.at < MINUTE) == (1, True)


async def test_what_the_topic_no_longer_holds_is_known_to_be_missed(kafka):
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
        first = await heard(kafka, 1)
        await publisher.submit(said("2"))
        await publisher.submit(said("3", "4"))
        admin, place = AIOKafkaAdminClient(**client(kafka)), TopicPartition(topic_of(kafka, "press"), 0)
        await admin.start()
        await admin.delete_records({place: RecordsToDelete(before_offset=4)})
        await admin.close()
        found = await heard(kafka, 2, first.cursor)
    assert taken(found) == 2
    assert found.batches[0].missed is not None


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(kafka):
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
        found = await heard(kafka, 1, '{"offset": 999, "at": 5000000}')
    assert [batch.missed for batch in found.batches] == [5 * SECOND, None]


async def test_a_lost_broker_loses_and_doubles_nothing(brokers, kafka):
    names = [f"{number}" for number in range(30)]
    async with publishing(kafka) as publisher:
        for name in names[:10]:
            await publisher.submit(said(name, cursor=name))
        lost = brokers.brokers[0]
        lost.kill()
        try:
            place = 10
            while place < 30:
                try:
                    await publisher.submit(said(names[place], cursor=names[place]))
                except StoreError:
                    place = int(await reopened(publisher))  # it may have been written
                place += 1
            assert await brought(kafka) == names
        finally:
            lost.start()
            lost.await_up()


async def test_a_broker_that_hangs_keeps_nobody_from_the_others(brokers, kafka):
    await make_topics(kafka, ["press"])
    place = TopicPartition(topic_of(kafka, "press"), 0)
    with brokers.brokers[0].frozen():
        for _ in range(5):  # whom a client asks first is drawn
            async with consuming(kafka, place) as consumer:
                await asyncio.sleep(0)  # the library stops only what has begun
                assert consumer.assignment() == {place}


async def test_what_brokers_that_hang_are_told_is_given_up_and_leaves_nothing_behind(brokers, kafka, monkeypatch):
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1", cursor="here"))
        await publisher.close()
        before = asyncio.all_tasks()
        await publisher.opened()
        monkeypatch.setattr(publishing_module, "PATIENCE", 1.0)
        with ExitStack() as frozen:
            for broker in brokers.brokers:
                frozen.enter_context(broker.frozen())
            with pytest.raises(StoreError, match="no answer in time"):
                await publisher.submit(said("2", cursor="there"))
            while asyncio.all_tasks() != before:
                await asyncio.wait(asyncio.all_tasks() - before)


async def reopened(publisher):
    while True:
        try:
            return await publisher.opened()
        except FetchError:
            await asyncio.sleep(0.1)


async def test_two_listeners_share_the_sources_and_one_that_leaves_leaves_them_to_the_other(kafka):
    names = ["a", "b", "c"]
    topics = {topic_of(kafka, name) for name in names}
    places = {TopicPartition(topic, 0) for topic in topics}
    first, second = Sharing(kafka, "listeners"), Sharing(kafka, "listeners")
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        tasks = [group.create_task(each.hold(topics, names)) for each in (first, second)]
        while not (
            first.mine and second.mine and first.mine | second.mine == places and first.mine ^ second.mine == places
        ):
            await first.news.wait(0.1)
        tasks[0].cancel()
        while second.mine != places:
            await second.news.wait(0.1)
        tasks[1].cancel()


@pytest.mark.timeout(120)
async def test_brokers_that_ask_for_it_are_given_password_and_certificate_and_nobody_else_is(tmp_path):
    trust = authority(tmp_path)
    with cluster(1, trust=trust, password=True) as secured:
        options = {"brokers": [secured.servers], "copies": 1, "tls": True, "ca_file": str(trust.ca_file), "user": USER}
        kafka = Kafka.model_validate(options | {"password": PASSWORD})
        async with publishing(kafka) as publisher:
            await publisher.submit(said("1"))
            assert await brought(kafka) == ["1"]
        assert PASSWORD not in repr(kafka)
        wrong = Kafka.model_validate(options | {"password": "not the password"})
        found = await hear(Follower("press", wrong, lambda _: None))
    assert (found.error.code, found.mentions) == ("kafka", [])
    assert "not the password" not in str(found.error)


async def test_a_cluster_is_tried_without_making_anything_there(kafka):
    fine = await try_kafka(kafka)
    assert (fine.outcome, fine.detail) == ("fine", "0 topics of sources")
    await make_topics(kafka, ["press", "fedi"])
    assert (await try_kafka(kafka)).detail == "2 topics of sources"
    failed = await try_kafka(Kafka(brokers=["127.0.0.1:1"]))
    assert (failed.outcome, "127.0.0.1:1" in failed.detail) == ("failed", True)


async def test_a_cluster_that_is_not_there_is_asked_again_soon():
    nowhere = Kafka(brokers=["127.0.0.1:1"])
    found = await hear(Follower("press", nowhere, lambda _: None))
    assert found.error.state == "reconnecting"
    assert "127.0.0.1:1" in str(found.error)
    assert found.error.retry_after == AGAIN


async def test_a_topic_that_cannot_be_made_says_what_to_mend(brokers):
    found = await hear(
        Follower("press", Kafka(brokers=brokers.servers.split(","), topics="many", copies=9), lambda _: None)
    )
    assert "daemon.kafka.copies" in str(found.error)
