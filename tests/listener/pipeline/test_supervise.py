"""Every source is read for as long as the daemon lives, whatever happens to it or to the others."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from alerts.channel import SendError
from listener.collector import Batch
from listener.errors import FetchError
from listener.pipeline.supervise import Supervised, Supervisor
from listener.pipeline.work import BULK
from listener.pipeline.writer import Writer
from rules.inputs import Coverage, Missed
from rules.instant import DAY, MINUTE, SECOND, moment
from tests.builders import message
from tests.listener.pipeline.world import START, opened


@dataclass
class Collector:
    """Reads a script: each reading yields batches until one of its parts is an error to raise."""

    readings: list
    cursors: list = field(default_factory=list)
    closed: int = 0

    async def batches(self, cursor):
        self.cursors.append(cursor)
        try:
            for part in self.readings.pop(0) if self.readings else []:
                if isinstance(part, BaseException):
                    raise part
                yield part
        finally:
            self.closed += 1

    def routes(self):
        return ()


@asynccontextmanager
async def supervised(world, *collectors):
    """Supervisors of collectors by source, on a writer; the block ends when they have all finished."""
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(writer.run())
        async with asyncio.TaskGroup() as sources:
            for name, collector in collectors:
                supervisor = Supervisor(name, collector, writer, world.ledger, world.clock)
                sources.create_task(supervisor.run(), name=name)
            yield
        running.cancel()
        await asyncio.wait([running])
        await writer.finish()


async def run(world, *readings):
    collector = Collector(list(readings))
    async with supervised(world, ("press", collector)):
        pass
    return collector


async def test_a_source_that_ends_was_read_to_its_end(world):
    collector = await run(world, [Batch(mentions=[world.said("1")], cursor="1"), Batch(mentions=[world.said("2")])])
    row = world.ledger.source("press")
    assert ("live", "1", "everything was read", 2) == (row.state, row.cursor, row.detail, row.mentions)
    assert 1 == collector.closed


async def test_a_source_goes_on_from_the_last_cursor_that_was_committed(world):
    broken = FetchError("hung up", code="reset")
    collector = await run(world, [Batch(cursor="1"), broken], [Batch(cursor="2"), broken], [])
    assert [None, "1", "2"] == collector.cursors
    assert 3 == collector.closed


async def test_what_can_no_longer_be_read_is_recorded_in_the_log_and_counted(world):
    since = world.clock.now() - 5 * MINUTE
    await run(world, [Batch(mentions=[world.said("1")], missed=since, events={"create": 3, "delete": 2})])
    missed = [entry for entry in await world.log() if isinstance(entry, Missed)]
    assert [("press", since)] == [(entry.source, entry.since) for entry in missed]
    assert 1 == world.sample("badbuzz_source_gaps_total", source="press")
    assert 300 == pytest.approx(world.sample("badbuzz_source_gap_seconds_total", source="press"), rel=0.01)
    assert 3 == world.sample("badbuzz_source_events_total", source="press", type="create")


async def test_a_batch_of_long_texts_is_taken_in_several_transactions_and_its_cursor_with_the_last(world):
    long = "acme " + "x" * (BULK // 3)
    await run(world, [Batch(mentions=[world.said(str(number), long) for number in range(5)], cursor="5")])
    taken = [commit for commit in world.store.commits if commit.mentions]
    assert [2, 2, 1] == [len(commit.mentions) for commit in taken]
    cursors = [[row.cursor for row in commit.sources if row.name == "press"] for commit in taken]
    assert [[None], [None], ["5"]] == cursors


async def test_a_stream_that_is_open_and_brings_no_posts_is_blind_and_the_operator_hears_of_it(world):
    alive = Batch(cursor="1", events={"delete": 60})

    class Starving(Collector):
        async def batches(self, cursor):
            self.cursors.append(cursor)
            yield Batch(events={"create": 30})
            world.clock.move(minutes=1)
            yield Batch(events={"create": 1})
            world.clock.move(minutes=11)
            yield alive
            yield Batch(events={"create": 1})

    async with supervised(world, ("press", Starving([]))):
        pass
    states = [row.state for commit in world.store.commits for row in commit.sources if row.name == "press"]
    assert list(dict.fromkeys(states)) == ["starting", "live", "starved"]
    assert states[-1] == "live"
    notices = {row.notice.topic: row.notice for row in await world.views.deliveries() if row.notice}
    assert set(notices) == {"source_down", "source_up"}
    assert notices["source_down"].silent_since == moment(START + MINUTE)
    shares = [entry.share for entry in await world.log() if isinstance(entry, Coverage)]
    assert shares == [0.0, 1.0]


async def test_a_store_that_refuses_makes_a_source_read_the_same_again(world):
    world.store.failing = 2
    batch = Batch(mentions=[world.said("1")], cursor="1")
    collector = await run(world, [batch], [batch])
    assert [None, None] == collector.cursors
    assert 1 == len(await world.views.mentions())


@pytest.mark.parametrize("state", ["gone", "auth_failed"])
async def test_what_only_a_person_can_mend_is_left_alone(world, state):
    collector = await run(world, [FetchError("no", state=state, code="410")], [Batch(cursor="never")])
    row = world.ledger.source("press")
    assert (state, "410", "no", None) == (row.state, row.code, row.detail, row.cursor)
    assert [None] == collector.cursors


async def test_a_parked_source_is_tried_again_after_the_time_its_platform_asks_for(world):
    wish = FetchError("slow down", state="parked", code="429", retry_after=timedelta(minutes=42))
    await run(world, [wish], [])
    assert [42 * MINUTE] == world.clock.slept
    assert "live" == world.ledger.source("press").state


async def test_no_platform_keeps_us_away_for_a_year(world):
    await run(world, [FetchError("later", retry_after=timedelta(days=365))], [])
    assert [DAY] == world.clock.slept


async def test_pauses_grow_up_to_five_minutes_and_start_again_after_good_times(world):
    await run(world, *[[FetchError("down")] for _ in range(15)], [])
    slept = world.clock.slept
    assert len(slept) == 15
    assert all(0.5 * SECOND * 2**number <= pause for number, pause in enumerate(slept[:8], 1))
    assert all(150 * SECOND <= pause <= 300 * SECOND for pause in slept[9:])


@pytest.mark.parametrize("bug", [KeyError("secret things"), asyncio.CancelledError()], ids=["error", "cancelled"])
async def test_a_bug_in_one_collector_does_not_silence_the_others(tmp_path, bug):
    sources = "press: {kind: file, path: /a}, blogs: {kind: file, path: /b}"
    async with opened(tmp_path, sources=sources) as world:
        buggy = Collector([[bug], [Batch(mentions=[world.said("1")])]])
        healthy = Collector([[Batch(mentions=[world.said("2")])]])
        async with supervised(world, ("press", buggy), ("blogs", healthy)):
            pass
        assert {"file:1", "file:2"} == {each.mention.identity for each in await world.views.mentions()}
        assert ["live", "live"] == [row.state for row in await world.views.sources()]


async def test_a_bug_is_shown_as_one_without_its_words(world):
    stop = FetchError("enough", state="gone")
    await run(world, [KeyError("secret things")], [stop])
    states = [row.detail for commit in world.store.commits for row in commit.sources]
    assert ["KeyError in the collector", "enough"] == states


async def test_a_large_batch_is_cut_and_its_cursor_comes_with_the_last_part(world):
    mentions = [world.said(str(number)) for number in range(1_200)]
    await run(world, [Batch(mentions=mentions, cursor="end", skipped={"malformed": 3})])
    cursors = [row.cursor for commit in world.store.commits for row in commit.sources if commit.mentions]
    assert "end" == cursors[-1]
    assert 1_200 == len(await world.views.mentions(limit=2_000))
    assert 3 == world.ledger.source("press").skipped
    assert 3 == world.sample("badbuzz_mentions_dropped_total", reason="unreadable")


async def test_what_a_server_says_is_told_without_what_no_store_can_hold(world):
    """A header may hold any bytes, which are halves of characters here."""
    await run(world, [FetchError("the body is encoded as '\udcff\0'", state="gone")])
    assert "the body is encoded as '\ufffd\ufffd'" == world.ledger.source("press").detail


async def test_a_part_that_failed_is_shown_beside_what_was_heard(world):
    problem = FetchError("two of three answer", code="500")
    await run(
        world,
        [
            Batch(mentions=[world.said("1")], problems=[problem], share=2 / 3),
            FetchError("enough", state="gone", code="410"),
        ],
    )
    details = [(row.state, row.code, row.detail) for commit in world.store.commits for row in commit.sources]
    assert ("live", "partly", "two of three answer") in details
    assert [0.67, 0.0] == [entry.share for entry in await world.log() if isinstance(entry, Coverage)]


async def test_a_batch_that_was_not_heard_stores_its_cursor_and_its_problem(world):
    unheard = Batch(cursor="ask later", problems=[FetchError("no answer", code="timeout")], heard=False)
    await run(world, [unheard, FetchError("enough", state="gone")])
    assert ("ask later", None) == (world.ledger.source("press").cursor, world.ledger.source("press").last_read)
    states = [(row.state, row.code) for commit in world.store.commits for row in commit.sources]
    assert ("reconnecting", "timeout") in states


# --- channels ---------------------------------------------------------------------------------------------------------


class Channel:
    def __init__(self, *, sends=None, serves=()):
        self.sends, self.serves = sends, list(serves)

    async def send(self, _message, receipt=""):
        if self.sends:
            raise self.sends
        return f"after {receipt}"

    async def serve(self):
        if self.serves:
            raise self.serves.pop(0)


async def test_a_bug_in_a_channel_is_a_failed_delivery_like_any_other():
    with pytest.raises(SendError, match="KeyError in the channel") as caught:
        await Supervised("team", Channel(sends=KeyError("x"))).send(message())
    assert (False, "other") == (caught.value.permanent, caught.value.reason)


async def test_receipts_pass_through():
    assert "after m1" == await Supervised("team", Channel()).send(message(), "m1")


async def test_what_a_channel_says_of_itself_stays_as_it_is():
    refused = SendError("wrong key", reason="authError", permanent=True)
    with pytest.raises(SendError) as caught:
        await Supervised("team", Channel(sends=refused)).send(message())
    assert refused is caught.value


async def test_a_connection_that_ends_by_a_bug_is_served_again():
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)

    channel = Channel(serves=[KeyError("x"), OSError("y")])
    await Supervised("team", channel, pause).serve()
    assert ([], 2) == (channel.serves, len(pauses))
