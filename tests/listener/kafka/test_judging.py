"""A process that judges, among others: what it cannot judge it leaves to them."""

import asyncio
from contextlib import asynccontextmanager, suppress

from structlog.testing import capture_logs

from config.load import load
from listener.catalogs import CATALOGS
from listener.kafka.access import mentions_topic
from listener.kafka.judging import Judging
from listener.kafka.sharing import Sharing
from listener.net.client import open_client
from listener.observe.masking import Masking
from listener.service import reason_of
from listener.store.port import SchemaError
from tests.listener.kafka.topics import CLOCK

CONFIGURATION = """
daemon:
  listen: 127.0.0.1:0
  database: "postgresql://nobody@127.0.0.1:1/none"
  lease: 3s
  kafka: {{brokers: [{brokers}], topics: {topics}, parts: {parts}}}
operator: {{to: [here]}}
brands: {{acme: {{query: acme, languages: [en]}}}}
sources: {{press: {{kind: file, path: "-"}}}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


@asynccontextmanager
async def judging(path):
    """A process that judges, until then."""
    async with open_client(clock=CLOCK) as client:
        judge = Judging(path, load(path, CATALOGS).settings, CLOCK, Masking([]), client)
        async with running(judge.serve()):
            yield
        await judge.close()


@asynccontextmanager
async def running(work):
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_said(logs, event):
    while True:
        if any(each["event"] == event for each in logs):
            return
        await asyncio.sleep(0.1)


def test_of_a_schema_that_no_part_can_use_the_operator_hears_once():
    newer = SchemaError("its schema is of a newer badbuzz")
    assert reason_of(ExceptionGroup("", [newer, ExceptionGroup("", [SchemaError("the same")])])) is newer


async def test_who_does_not_reach_the_database_leaves_all_parts_to_who_does(tmp_path, kafka):
    path, other = tmp_path / "badbuzz.yaml", Sharing(kafka, "judges")
    brokers = ", ".join(f'"{each}"' for each in kafka.brokers)
    path.write_text(CONFIGURATION.format(brokers=brokers, topics=kafka.topics, parts=kafka.parts))
    with capture_logs() as logs:
        async with asyncio.timeout(90), judging(path):
            await until_said(logs, "part_not_had")
            async with running(other.hold([mentions_topic(kafka)])):
                while len(other.mine or ()) < kafka.parts:
                    await other.news.wait(1.0)
