"""A part of the brands is judged by whoever has it, from where the last one stopped, on real servers."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from structlog.testing import capture_logs

from config.kafka import Kafka
from config.load import load
from listener.catalogs import CATALOGS
from listener.kafka.access import client, mentions_topic, set_aside
from listener.kafka.counting import Counting
from listener.kafka.part import Bench, Part
from listener.net.client import open_client
from listener.observe.masking import Masking
from listener.observe.metrics import Metrics
from listener.observe.parts import PartMetrics
from listener.shares import Share, part_of
from listener.store.port import StoreError
from listener.store.upkeep import migrate
from listener.store.views import open_views
from rules.inputs import Configured, Heard, Missed
from tests.kafka import cluster
from tests.listener.kafka.judges import running, written
from tests.listener.kafka.topics import CLOCK, publishing, said
from tests.postgres import emptied, execute


@pytest.fixture
async def judges(tmp_path, server):
    """A function that gives the bench of a process that judges what is in the topics of a cluster."""
    await migrate(await emptied(server))
    views = open_views(server)
    async with open_client(clock=CLOCK) as http:

        def bench(kafka, owner="a test"):
            settings = load(written(tmp_path, kafka, server), CATALOGS).settings
            metrics = Metrics(version="1", now=CLOCK.now)
            counting = Counting(http, CLOCK, Masking([]), views, metrics)
            return Bench(
                kafka=kafka,
                settings=lambda: settings,
                views=views,
                clock=CLOCK,
                metrics=metrics,
                parts=PartMetrics(metrics.registry),
                counting=counting,
                owner=owner,
            )

        yield bench
    await views.close()


@asynccontextmanager
async def judged(bench):
    """The part of the brand, judged until then."""
    part = Part(Share(part_of("acme", bench.kafka.parts), bench.kafka.parts), bench)
    async with running(part.run()):
        yield part


async def log_of(bench):
    return [entry async for _, entry in bench.views.log("acme")]


async def heard(bench):
    """What was judged of the brand, in its order."""
    return [entry for entry in await log_of(bench) if isinstance(entry, Heard)]


async def until(is_so):
    async with asyncio.timeout(60):
        while True:
            with suppress(StoreError):  # nobody has made a store yet
                if await is_so():
                    return
            await asyncio.sleep(0.1)


async def until_heard(bench, count):
    async def are_heard():
        return len(await heard(bench)) >= count

    await until(are_heard)


async def test_whoever_has_a_part_next_goes_on_where_the_last_transaction_ends(kafka, judges):
    first, second = judges(kafka, "one"), judges(kafka, "two")
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1", "2"))
        async with judged(first):
            await until_heard(first, 2)
            await publisher.submit(said("3"))
            await until_heard(first, 3)
        await publisher.submit(said("4"))
        with capture_logs() as logs:
            async with judged(second):
                await until_heard(second, 4)
        assert len(await heard(second)) == 4
    assert [each["event"] for each in logs if each["event"].startswith("part_")] == ["part_taken", "part_judged"]


async def test_a_part_has_one_judge_and_another_when_that_ends(kafka, judges):
    first, second = judges(kafka, "one"), judges(kafka, "two")
    async with publishing(kafka) as publisher, judged(first) as had:
        await publisher.submit(said("1"))
        await until_heard(first, 1)
        async with judged(second) as waiting:
            await publisher.submit(said("2"))
            await until_heard(first, 2)
            assert (had.is_judged, waiting.is_judged) == (True, False)
    async with publishing(kafka) as publisher, judged(second):
        await publisher.submit(said("3"))
        await until_heard(second, 3)
        assert len(await heard(second)) == 3


async def test_of_a_part_of_which_all_is_judged_nothing_is_left(kafka, judges):
    bench = judges(kafka)
    part = {"part": f"{part_of('acme', kafka.parts)}"}

    async def is_level():
        return bench.metrics.registry.get_sample_value("badbuzz_part_lag", part) == 0

    async with publishing(kafka) as publisher, judged(bench):
        await publisher.submit(said("1"))
        await until_heard(bench, 1)
        await until(is_level)


async def test_what_is_no_longer_kept_is_missed_and_the_rest_is_judged(kafka, judges):
    bench, number = judges(kafka), part_of("acme", kafka.parts) - 1
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
        async with judged(bench):
            await until_heard(bench, 1)
        await publisher.submit(said("2"))
        admin, place = AIOKafkaAdminClient(**client(kafka)), TopicPartition(mentions_topic(kafka), number)
        await admin.start()
        await admin.delete_records({place: RecordsToDelete(before_offset=-1)})
        await admin.close()
        await publisher.submit(said("3"))
        async with judged(bench):
            await until_heard(bench, 2)
    log = await log_of(bench)
    assert any(isinstance(entry, Missed) for entry in log)
    assert len(await heard(bench)) == 2


async def test_a_judge_that_reaches_no_kafka_leaves_its_part_and_takes_it_again(judges):
    with cluster(1) as brokers:
        kafka = Kafka(brokers=brokers.servers.split(","), topics="away", copies=1)
        bench = judges(kafka)
        async with judged(bench) as part:
            async with publishing(kafka) as publisher:
                await publisher.submit(said("1"))
                await until_heard(bench, 1)
            (broker,) = brokers.brokers
            broker.kill()

            async def is_left():
                return not part.is_judged

            await until(is_left)
            broker.start()
            await asyncio.to_thread(broker.await_up)
            async with publishing(kafka) as publisher:
                await publisher.submit(said("2"))
                await until_heard(bench, 2)


async def write_raw(kafka, record):
    """What another listener may write into the part of the brand."""
    number = part_of("acme", kafka.parts) - 1
    async with AIOKafkaProducer(**client(kafka)) as producer:
        await producer.send_and_wait(mentions_topic(kafka), msgspec.json.encode(record), partition=number)


REFUSED = """
create function refuse() returns trigger language plpgsql as
$$ begin raise exception sqlstate '22003' using message = 'no column holds that'; end $$;
create trigger refuse before insert on mentions
for each row when (new.identity like '%refused') execute function refuse();
"""


async def test_a_record_that_can_never_be_judged_is_set_aside_and_what_follows_is_judged(kafka, judges, server):
    bench = judges(kafka)
    await execute(server, REFUSED)
    async with publishing(kafka) as publisher, judged(bench):
        await publisher.submit(said("1"))
        await until_heard(bench, 1)
        await publisher.submit(said("refused"))
        await publisher.submit(said("2"))
        await until_heard(bench, 2)
    async with AIOKafkaConsumer(set_aside(kafka), **client(kafka), auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(30):
            found = await consumer.getone()
    assert dict(found.headers)["topic"] == mentions_topic(kafka).encode()


def changed(path, before, after):
    """The settings of the configuration with other text."""
    path.write_text(path.read_text().replace(before, after))
    return load(path, CATALOGS).settings


async def test_a_bug_in_one_record_ends_no_judge(kafka, judges):
    bench = judges(kafka)
    async with publishing(kafka) as publisher, judged(bench):
        await publisher.submit(said("1"))
        await until_heard(bench, 1)
        impossible = {"source": "press", "events": {"taken back": -1}}  # no count goes down
        await write_raw(kafka, {"at": CLOCK.now(), "source": "press", "state": "live", "read": impossible})
        await publisher.submit(said("2"))
        await until_heard(bench, 2)


async def test_settings_changed_while_a_part_is_taken_are_in_force_when_it_is(kafka, judges, tmp_path):
    bench, asked, reloads = judges(kafka), [], []
    before, after = bench.settings(), changed(tmp_path / "badbuzz.yaml", "query: acme", "query: acme -corp")

    def settings():
        asked.append(True)
        if len(asked) == 2:  # the engines are about to come back
            reloads.append(asyncio.ensure_future(part.reload(after)))
        return after if len(asked) > 2 else before

    async with publishing(kafka) as publisher, judged(replace(bench, settings=settings)) as part:
        await publisher.submit(said("1"))

        async def is_reloaded():
            return len([each for each in await log_of(bench) if isinstance(each, Configured)]) == 2

        await until(is_reloaded)
        await asyncio.gather(*reloads)


async def test_a_reload_ends_when_its_part_does(kafka, judges, tmp_path):
    bench = judges(kafka)
    many = ", ".join(f"b{number}: {{query: acme{number}, languages: [en]}}" for number in range(2_000))
    settings = changed(tmp_path / "badbuzz.yaml", "brands: {", f"brands: {{{many}, ")
    async with publishing(kafka) as publisher:
        await publisher.submit(said("1"))
        async with judged(bench) as part:
            await until_heard(bench, 1)
            renewing = asyncio.ensure_future(part.reload(settings))
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await renewing
