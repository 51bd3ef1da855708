"""badbuzz watches itself: canaries go the whole way and leave no trace; signs of life leave only while all is well."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from alerts.delivery import CANARY
from alerts.dispatch import Dispatcher
from alerts.links import Links
from config.watchdog import Heartbeat as Options
from listener.clock import Clock
from listener.net.loopback import served
from listener.observe.vigil import Vigil
from listener.pipeline.canary import Perch
from listener.pipeline.describe import Describer
from listener.pipeline.heartbeat import Heartbeat
from listener.pipeline.outbox import ChannelOutbox
from listener.pipeline.queued import OwnQueue
from listener.pipeline.vigilance import Vigilance
from listener.pipeline.writer import Writer
from listener.store.port import StoreError
from listener.store.reached import Position
from rules.instant import MINUTE, SECOND
from tests.faults.play import ORIGIN, Leaping
from tests.faults.virtual import run
from tests.listener.pipeline.world import ROUTES, START, opened

LONGEST = 60.0
SECRET = "0b1c-secret"


@asynccontextmanager
async def watched(folder, canary, speed=1.0):
    """A world with its writer and its vigilance, running; `serve` serves one more channel."""
    clock = Clock(origin=START, started=time.time_ns() // 1_000, speed=speed)
    async with opened(folder, clock=clock, routes=f"{ROUTES}\ncanary: {canary}") as world:
        ledger, tasks = world.ledger, []
        writer, describer = Writer(ledger, world.metrics), Describer(world.views, ledger.setup.settings)
        links = Links(b"l" * 32)
        outbox = ChannelOutbox(OwnQueue(world.store, writer), describer, ledger.outgoing, clock, world.metrics, links)

        def start(work):
            tasks.append(asyncio.ensure_future(work))

        def serve(name):
            start(Dispatcher(name, Perch(), timedelta(seconds=5), outbox, clock.now).run())

        world.serve = serve
        start(writer.run())
        start(Vigilance(ledger, writer, world.views, outbox, clock, world.metrics.vigil).run())
        try:
            yield world
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def until(world, holds):
    async with asyncio.timeout(LONGEST):
        while not await holds():
            await world.ledger.committed.wait(1.0)


async def test_a_canary_comes_through_and_leaves_no_trace(tmp_path):
    async with watched(tmp_path, "{every: 10s, within: 10s}") as world:

        async def came():
            return world.sample("badbuzz_canary_seconds_count") > 0

        await until(world, came)
        assert world.sample("badbuzz_canary_last_through_timestamp_seconds") * SECOND >= START
        assert 0 == world.sample("badbuzz_canaries_lost_total")
        sent = await world.views.deliveries()
        assert {CANARY} == {each.channel for each in sent}
        assert ([], [], []) == (await world.steps(), await world.views.incidents(), await world.views.mentions())
        assert (["acme"], ["Configured"]) == (
            await world.views.brands(),
            [type(entry).__name__ for entry in await world.log()],
        )


async def test_the_operator_hears_of_a_canary_that_is_lost_and_of_the_next_that_is_not(tmp_path):
    # nobody serves `team`, so that no canary comes through
    async with watched(tmp_path, "{every: 5m, within: 5m, to: team}", speed=300) as world:

        async def told():
            rows = await world.views.deliveries(besides=("team", CANARY))
            return [(row.channel, row.notice.topic) for row in reversed(rows) if row.notice.topic != "canary"]

        async def lost():
            return await told()

        async def back():
            return len(await told()) > 1

        await until(world, lost)
        assert world.sample("badbuzz_canaries_lost_total") >= 1
        world.serve("team")
        await until(world, back)
        assert [("boss", "canary_lost"), ("boss", "canary_back")] == (await told())[:2]


class Watchdog:
    """A watchdog on this loop that counts what it gets."""

    def __init__(self, status=200):
        self.status, self.got = status, []

    async def answer(self, request):
        self.got.append((request.method, request.path, await request.json() if request.can_read_body else None))
        return web.Response(status=self.status)


class Health:
    """How well all is; the part of a store that tells how far it was written."""

    def __init__(self, clock):
        self.clock, self.sick, self.failing, self.stopped = clock, "", False, None
        self.judged = {}

    async def positions(self):
        if self.failing:
            raise StoreError("the disk is gone")
        now = self.clock.now()
        reached = {0: now if self.stopped is None else self.stopped} | {n: now - age for n, age in self.judged.items()}
        return {number: Position(advanced=at, last=at) for number, at in reached.items()}


def beats(minutes, *, status=200, by="get", path=f"/ping/{SECRET}", meanwhile=lambda _: None, parts=0, judged=None):
    """What a watchdog got in so many minutes of which no machine has to wait, and the counts of what was done."""

    async def play():
        clock = Leaping(origin=ORIGIN)
        watchdog, health = Watchdog(status), Health(clock)
        health.judged = judged or {}
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", watchdog.answer)
        registry = CollectorRegistry()
        async with served(app) as url, ClientSession() as http:
            settings = type("Held", (), {"heartbeat": Options(url=f"{url}{path}", every="1m", by=by)})
            work = Heartbeat(lambda: settings, lambda _: health.sick, health, http, clock, Vigil(registry), parts)
            task = asyncio.ensure_future(work.run())
            await asyncio.sleep(minutes * 60 / 2)
            meanwhile(health)
            await asyncio.sleep(minutes * 60 / 2)
            task.cancel()
        signs = ("sent", "failed", "withheld")
        counts = [registry.get_sample_value("badbuzz_heartbeats_total", {"outcome": each}) for each in signs]
        return watchdog.got, [int(count) for count in counts]

    return run(play())


def test_signs_of_life_come_as_often_as_was_asked_while_all_is_well():
    got, counts = beats(10.5)
    assert ([("GET", f"/ping/{SECRET}", None)] * 11, [11, 0, 0]) == (got, counts)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda health: setattr(health, "sick", "the last canary did not come through"),
        lambda health: setattr(health, "failing", True),
        lambda health: setattr(health, "stopped", health.clock.now()),
    ],
    ids=["sick", "the store cannot be read", "nothing is written"],
)
def test_no_sign_of_life_leaves_while_something_is_wrong(meanwhile):
    got, (sent, failed, withheld) = beats(20, meanwhile=meanwhile)
    assert (len(got), 0) == (sent, failed)
    assert 10 <= sent <= 12
    assert withheld >= 8


def test_no_sign_of_life_leaves_while_a_part_of_the_brands_is_judged_by_nobody():
    def judges_stand_still(health):
        health.judged = {1: 40 * SECOND, 2: 10 * MINUTE}

    got, counts = beats(10.5, parts=2)
    assert (got, counts) == ([], [0, 0, 11])
    got, counts = beats(10.5, parts=2, judged={1: 40 * SECOND, 2: 2 * SECOND}, meanwhile=judges_stand_still)
    assert (len(got), counts) == (6, [6, 0, 5])


def test_a_watchdog_that_refuses_is_tried_again_and_its_address_is_told_to_nobody():
    with capture_logs() as lines:
        got, counts = beats(3.5, status=404)
    assert (4, [0, 4, 0]) == (len(got), counts)
    assert ["answered 404"] * 4 == [line["why"] for line in lines]
    assert SECRET not in str(lines)


def test_alertmanager_is_told_an_alert_that_fires_until_signs_of_life_stay_away():
    got, counts = beats(0.5, by="alertmanager", path="/")
    ((method, path, (alert,)),) = got
    assert ("POST", "/api/v2/alerts", "BadbuzzAlive") == (method, path, alert["labels"]["alertname"])
    assert alert["endsAt"].startswith("2026-09-21T14:16:")
    assert [1, 0, 0] == counts
