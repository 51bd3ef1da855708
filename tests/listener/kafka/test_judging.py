"""A process that judges, among others: what it cannot judge it leaves to them."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
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
from listener.store.upkeep import migrate
from tests.listener.kafka.judges import running, written
from tests.listener.kafka.topics import CLOCK
from tests.postgres import emptied


@asynccontextmanager
async def judging(path):
    """A process that judges, until then."""
    async with open_client(clock=CLOCK) as client:
        judge = Judging(path, load(path, CATALOGS).settings, CLOCK, Masking([]), client)
        async with running(judge.serve()):
            yield
        await judge.close()


async def until_said(logs, event):
    while True:
        if any(each["event"] == event for each in logs):
            return
        await asyncio.sleep(0.1)


def test_of_a_schema_that_no_part_can_use_the_operator_hears_once():
    newer = SchemaError("its schema is of a newer badbuzz")
    assert reason_of(ExceptionGroup("", [newer, ExceptionGroup("", [SchemaError("the same")])])) is newer


async def test_who_does_not_reach_the_database_leaves_all_parts_to_who_does(tmp_path, kafka):
    path = written(tmp_path, kafka, "postgresql://nobody@127.0.0.1:1/none")
    other = Sharing(kafka, "judges")
    with capture_logs() as logs:
        async with asyncio.timeout(90), judging(path):
            await until_said(logs, "part_not_had")
            async with running(other.hold([mentions_topic(kafka)])):
                while len(other.mine or ()) < kafka.parts:
                    await other.news.wait(1.0)


REFUSED = """
create sequence tries;
create function refuse() returns trigger language plpgsql as
$$ begin perform nextval('tries'); raise exception 'not this part'; end $$;
create trigger refuse before update on lease for each row when (new.id = 2) execute function refuse();
"""
"""Keeps the first part from being had, and counts how often somebody tried."""


async def test_who_reaches_the_database_and_cannot_have_one_part_judges_the_others(tmp_path, kafka, server):
    await migrate(await emptied(server))
    connection = await asyncpg.connect(server)
    await connection.execute(REFUSED)
    with capture_logs() as logs:
        async with asyncio.timeout(90), judging(written(tmp_path, kafka, server)):
            while await connection.fetchval("select last_value from tries") < 15:  # longer than a lease
                await connection.execute("select pg_sleep(0.1)")
    await connection.close()
    assert "judges_left" not in [each["event"] for each in logs]
    taken = {each["part"] for each in logs if each["event"] == "part_taken"}
    assert taken == {*range(2, kafka.parts + 1)}
