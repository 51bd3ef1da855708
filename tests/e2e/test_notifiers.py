"""Several processes that deliver from one database: each delivery is made once, in the order of its thread."""

import asyncio
import re
import signal
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest
from aiohttp import web

from alerts.outbox import delivery_id
from config.load import load
from listener.agenda.reading import setup_at
from listener.catalogs import CATALOGS
from listener.clock import Clock
from listener.net.loopback import served
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.work import Dated, Happened, Read
from listener.shares import Share, part_of
from listener.store.database import on_server, place
from listener.store.store import open_store
from listener.store.transacting import InLoop
from listener.store.views import open_views
from listener.store.writing import write_told
from tests.builders import notice
from tests.e2e.machines import Machine, awaited
from tests.e2e.roles import running
from tests.servers import lasting_port
from tests.stores import commit, mention, outgoing

THREADS, STEPS, FEW = 50, 10, 4


class Hook:
    """Takes what is delivered; `held`, it answers nobody until it is let go."""

    def __init__(self):
        self.taken, self.held = [], asyncio.Event()
        self.held.set()

    async def take(self, request):
        self.taken.append(request.headers["Idempotency-Key"])
        await self.held.wait()
        return web.Response()


@asynccontextmanager
async def notifiers(the_world):
    """Two of them, the first at the desk, and what takes their deliveries."""
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.take)
    async with served(app) as url:
        the_world.fake, the_world.kafka = int(url.rpartition(":")[2]), "127.0.0.1:1"
        config = the_world.write_config()
        text = config.read_text()
        begin, end = text.index("  lines:"), text.index("  push:")
        config.write_text(text[:begin] + text[end:])
        both = [Machine(the_world, config, port, role="notify") for port in (the_world.port, lasting_port())]
        async with running(both[0]):
            await awaited("at the desk", partial(is_at_desk, both[0]), both)
            async with running(both[1]):
                await awaited("ready", both[1].is_active, both)
                yield hook, both


async def is_at_desk(notifier):
    page = await notifier.says("/")
    return await notifier.is_active() and page is not None and page[0] == 200


async def plan(url, *rows):
    """Deliveries, as whoever judges leaves them."""
    transactions = InLoop(on_server(place(url)))
    try:
        await transactions.run(partial(write_told, commit=commit(outgoing=list(rows))))
    finally:
        await transactions.dispose()


def told(thread, step=0):
    name = f"t{thread}-{step}"
    return outgoing(name, channel="out", thread=f"t{thread}", notice=notice(id=name))


def in_order(taken, thread):
    return [name for name in dict.fromkeys(taken) if name.startswith(f"t{thread}-")]


async def left(url):
    transactions = InLoop(on_server(place(url)))
    try:
        return await transactions.run(
            lambda each: each.exec_driver_sql("select state, count(*) from outbox group by 1").all()
        )
    finally:
        await transactions.dispose()


async def are_sent(url, count):
    return await left(url) == [("sent", count)]


@asynccontextmanager
async def judging(the_world, brand):
    """Who judges the part of a brand, in this process."""
    settings, clock = load(the_world.folder / "badbuzz.yaml", CATALOGS).settings, Clock()
    share = Share(part_of(brand, settings.daemon.kafka.parts), settings.daemon.kafka.parts)
    store, views = open_store(the_world.database, part=share.part), open_views(the_world.database)
    await store.open("a judge")
    try:
        setup = setup_at(clock.now(), settings, None, share)
        ledger = Ledger(store, views, clock, Metrics(version="test", now=clock.now), setup, share=share)
        await ledger.start()
        yield ledger, views
    finally:
        await store.close()
        await views.close()


def heard(*names):
    at = Clock().now()
    read = Read(source="push", mentions=[mention(name, source="push", text=f"acme {name}") for name in names])
    return Happened(dated=[Dated(at=at, brands=["acme"], works=[read])], offset=len(names))


async def test_what_is_asked_for_at_the_desk_is_carried_out_by_whoever_judges_the_brand(the_world, monkeypatch):
    async with notifiers(the_world) as (hook, both):
        for name, value in the_world.environ.items():
            monkeypatch.setenv(name, value)
        async with judging(the_world, "acme") as (ledger, views):
            await ledger.write([heard(*"abcde")])
            await awaited("told", lambda: asyncio.sleep(0, hook.taken), both)
            await views.ask("ack", "1", "Léa", Clock().now())

            async def is_taken():
                await ledger.write([])
                return (await views.incident("1")).acknowledged_by == "Léa"

            await awaited("taken", is_taken, both)
            (incident,) = [row for row in await views.incidents() if row.number == 1]
            last = delivery_id(f"{incident.id}.{incident.steps - 1}", "out")
            await awaited("told that it is taken", lambda: asyncio.sleep(0, last in hook.taken), both)


@pytest.mark.timeout(300)
async def test_each_delivery_is_made_once_and_in_the_order_of_its_thread(the_world):
    async with notifiers(the_world) as (hook, both):
        await plan(the_world.database, *(told(thread, step) for step in range(STEPS) for thread in range(THREADS)))
        await awaited("sent", lambda: are_sent(the_world.database, THREADS * STEPS), both, seconds=240)
        logs = [each.log.read_text().count("msg=delivered ") for each in both]
    assert {1} == set(Counter(hook.taken).values())
    for thread in range(THREADS):
        assert [f"t{thread}-{step}" for step in range(STEPS)] == in_order(hook.taken, thread)
    assert all(logs), "both delivered"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("has_desk", [True, False])
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
async def test_what_one_had_that_ended_comes_through_another_and_nothing_else_comes_twice(the_world, blow, has_desk):
    async with notifiers(the_world) as (hook, both):
        gone, other = both if has_desk else both[::-1]
        await plan(the_world.database, *(told(thread, step) for step in range(FEW) for thread in range(THREADS)))
        await awaited("begun", lambda: asyncio.sleep(0, len(hook.taken) > THREADS), both)
        await gone.end(blow)
        await awaited("sent", lambda: are_sent(the_world.database, THREADS * FEW), both, seconds=240)
        await awaited("at the desk", partial(is_at_desk, other), both)
    twice = [name for name, times in Counter(hook.taken).items() if times > 1]
    assert len(twice) <= (blow == signal.SIGKILL), "the one under way alone, and only where nobody could end it"
    for thread in range(THREADS):
        assert [f"t{thread}-{step}" for step in range(FEW)] == in_order(hook.taken, thread)


async def test_what_came_of_a_delivery_of_one_that_stood_still_is_refused(the_world):
    async with notifiers(the_world) as (hook, both):
        hook.held.clear()
        await plan(the_world.database, told(1), told(2))
        await awaited("under way", lambda: asyncio.sleep(0, len(hook.taken) == 2), both)
        frozen = both[1]
        frozen.signal(signal.SIGSTOP)
        hook.held.set()
        await awaited("sent", lambda: are_sent(the_world.database, 2), both)
        frozen.signal(signal.SIGCONT)
        await awaited("refused", partial(is_said, frozen, "outcome_refused"), both)
        assert await left(the_world.database) == [("sent", 2)]
    assert sorted(Counter(hook.taken).values()) == [1, 2]


async def test_all_of_them_take_up_a_changed_configuration_and_refuse_a_wrong_one(the_world):
    async with notifiers(the_world) as (hook, both):
        before = both[0].config.read_text()
        channel = before.partition("  out:")[2].partition("\n")[0]
        right = before.replace("routes:", f"  more:{channel}\nroutes:")
        for text, event in ((right.replace("kind: webhook", "kind: webhok"), "reload_failed"), (right, "reloaded")):
            both[0].config.write_text(text)
            for each in both:
                each.signal(signal.SIGHUP)
                await awaited(event, partial(is_said, each, event), both)
        both[0].signal(signal.SIGSTOP)
        await plan(the_world.database, replace(told(1), channel="more"))
        await awaited("told", lambda: asyncio.sleep(0, hook.taken), both)
        both[0].signal(signal.SIGCONT)


@pytest.mark.timeout(300)
async def test_one_that_loses_the_desk_delivers_by_what_it_took_up_there(the_world):
    async with notifiers(the_world) as (_, both):
        first, second = both
        await awaited("delivering", partial(is_said, second, "delivers"), both)
        before = first.config.read_text()
        channel = before.partition("  out:")[2].partition("\n")[0]
        first.config.write_text(before.replace("routes:", f"  more:{channel}\nroutes:"))
        first.signal(signal.SIGHUP)
        await awaited("reloaded", partial(is_said, first, "reloaded"), both)
        first.signal(signal.SIGSTOP)
        await awaited("at the desk", partial(is_at_desk, second), both)
        first.signal(signal.SIGCONT)
        await awaited("delivering beside it", partial(is_said, first, "delivers"), both)
        assert channels_of(first) == channels_of(second) + 1


def channels_of(notifier):
    return int(re.search(r"msg=delivers .*?channels=(\d+)", notifier.log.read_text())[1])


async def is_said(notifier, event):
    return f"msg={event} " in notifier.log.read_text()
