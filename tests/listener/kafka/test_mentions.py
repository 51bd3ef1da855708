"""What a listener puts into the topic of all mentions, for each part of the brands, on real brokers."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys

import pytest

from listener.clock import Clock
from listener.errors import FetchError
from listener.kafka.access import make_topics
from listener.pipeline.work import Read, SourceChange
from listener.shares import part_of
from listener.trial import try_kafka
from rules.instant import SECOND
from tests.listener.kafka.topics import CLOCK, brought, mention, publishing, said, told


def by_words(each):
    return each.text.split()


async def test_a_brand_finds_its_mentions_in_its_partition_and_what_changes_them_too(kafka):
    mentions = [
        mention("1", "acme"),
        mention("2", "acme vega"),
        mention("3", ""),
        mention("2", "acme", op="update"),
        mention("1", "", op="delete"),
    ]
    async with publishing(kafka, by_words) as publisher:
        await publisher.submit(Read(source="press", mentions=mentions, cursor="a"))
        found = [each for each in await told(kafka) if each.mentions]
    changes = [("update", "2"), ("delete", "1")]
    of_acme, of_vega = (part_of(brand, kafka.parts) - 1 for brand in ("acme", "vega"))
    wanted = dict.fromkeys(range(kafka.parts), (None, changes))
    wanted[of_vega] = (b"vega", [("create", "2"), *changes])
    wanted[of_acme] = (b"acme", [("create", "1"), ("create", "2"), *changes])
    assert {each.partition: (each.key, [(one.op, one.id) for one in each.mentions]) for each in found} == wanted


async def test_all_records_of_a_reading_have_its_stamp_and_no_later_one_an_earlier(kafka):
    clock = Turning()
    async with publishing(kafka, by_words, clock) as publisher:
        for turned in (0, -30, 5):
            clock.turned = turned * SECOND
            await publisher.submit(Read(source="press", mentions=[mention(f"{turned}", "acme vega")]))
        found = [each.record for each in await told(kafka)]
    stamps = {}
    for each in found:
        for one in each.read.mentions:
            stamps.setdefault(one.id, set()).add(each.at)
    assert [len(each) for each in stamps.values()] == [1, 1, 1]
    first, turned_back, later = (min(stamps[name]) for name in ("0", "-30", "5"))
    assert first <= turned_back < later


class Turning(Clock):
    """A clock that is set back, and on."""

    turned = 0

    def now(self):
        return super().now() + self.turned


WRITING = """
import asyncio, sys
from config.kafka import Kafka
from tests.listener.kafka.topics import publishing, said

async def write():
    kafka = Kafka(brokers=sys.argv[1].split(","), topics=sys.argv[2])
    async with publishing(kafka) as publisher:
        for number in range(1_000_000):
            await publisher.submit(said(f"{number}a", f"{number}b", cursor=f"{number}"))
            print(number, flush=True)

asyncio.run(write())
"""


async def test_whoever_is_killed_while_writing_leaves_all_of_a_reading_with_its_cursor_or_nothing(kafka):
    command = [sys.executable, "-c", WRITING, ",".join(kafka.brokers), kafka.topics]
    written = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=os.environ | path())
    while await written.stdout.readline() != b"5\n":
        pass
    written.send_signal(signal.SIGKILL)
    await written.wait()
    async with publishing(kafka) as publisher:
        last = int(publisher.source("press").cursor)
        assert await brought(kafka) == [f"{number}{half}" for number in range(last + 1) for half in "ab"]
        await publisher.submit(said("next", cursor=f"{last + 1}"))
        assert (await brought(kafka))[-1] == "next"
    assert last >= 5


def path():
    return {"PYTHONPATH": os.pathsep.join(sys.path)}


async def test_all_parts_are_told_that_a_source_is_alive_though_nothing_is_heard(kafka):
    fast = Clock(origin=CLOCK.now(), started=CLOCK.now(), speed=100)
    async with publishing(kafka, by_words, fast) as publisher:
        await publisher.submit(SourceChange(source="press", state="live"))
        alive = asyncio.ensure_future(publisher.keep_alive())
        while len(found := await told(kafka)) < 3 * kafka.parts:
            pass
        alive.cancel()
    for partition in range(kafka.parts):
        mine = [each.record for each in found if each.partition == partition]
        assert {(each.state, each.read) for each in mine} == {("live", None)}
        assert all(later.at - one.at >= 10 * SECOND for one, later in itertools.pairwise(mine))


async def test_a_topic_of_another_number_of_parts_is_refused_with_a_way_out(kafka):
    await make_topics(kafka, ["press"])
    await make_topics(kafka, ["press"])
    assert (await try_kafka(kafka)).outcome == "fine"
    other = kafka.model_copy(update={"parts": 5})
    with pytest.raises(FetchError, match=r"has 8 parts, and daemon\.kafka\.parts says 5: set it to 8"):
        await make_topics(other, ["press"])
    tried = await try_kafka(other)
    assert (tried.outcome, "set it to 8" in tried.detail) == ("failed", True)
