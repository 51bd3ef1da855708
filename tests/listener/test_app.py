"""The daemon as a whole, in the process of the test."""

import asyncio
import os
import signal
import socket
import sqlite3
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from listener.clock import Clock
from listener.net.sse import Decoder
from listener.service import run
from listener.store.database import FILE
from listener.store.port import StoreBusyError, StoreError
from listener.store.store import _SqlStore
from listener.store.views import open_views
from rules.instant import HOUR, SECOND, instant
from tests.builders import notice
from tests.servers import free_port
from tests.stores import commit, newest_snapshot, opened, outgoing

CONFIGURATION = """
daemon: {{data: {data}, listen: "127.0.0.1:{port}"}}
operator: {{to: [here]}}
brands: {{acme: {{query: acme}}}}
sources: {{news: {{kind: feed, urls: [http://127.0.0.1:1/feed], allow_private: true}}}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


async def test_a_port_that_is_taken_is_one_plain_error_with_the_way_out(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config = tmp_path / "badbuzz.yaml"
        config.write_text(CONFIGURATION.format(data=tmp_path / "data", port=port))

        with pytest.raises(StoreError, match=rf"cannot listen on 127.0.0.1:{port}: .*; change daemon.listen"):
            await run(config)


async def delivered(data, name):
    views = open_views(data)
    try:
        async with asyncio.timeout(20):
            while True:
                if [(name, "sent")] == [(row.id, row.state) for row in await views.deliveries()]:
                    return
                await asyncio.sleep(0.02)
    finally:
        await views.close()


@asynccontextmanager
async def running(folder, at, port=0):
    """A daemon on a store with one delivery, due at `at`, that has just been made."""
    async with opened(folder / "data") as store:
        await store.commit(commit(at=at, outgoing=[outgoing("d1", "here", due=at, notice=notice())]))
    config = folder / "badbuzz.yaml"
    config.write_text(CONFIGURATION.format(data=folder / "data", port=port))
    daemon = asyncio.ensure_future(run(config))
    try:
        await delivered(folder / "data", "d1")
        yield daemon
    finally:
        daemon.cancel()
        await asyncio.wait([daemon])


async def test_what_was_stamped_before_the_wall_clock_was_set_back_is_delivered_all_the_same(tmp_path):
    async with running(tmp_path, Clock().now() + 3 * HOUR):
        pass


async def test_a_daemon_whose_store_was_taken_over_ends_with_one_plain_error(tmp_path):
    async with running(tmp_path, Clock().now()) as daemon:
        with closing(sqlite3.connect(tmp_path / "data" / FILE)) as file, file:
            file.execute("update meta set epoch = epoch + 1, owner = 'pid 7 on attic'")
        views = open_views(tmp_path / "data")
        await views.ask("ack", "1", "camille", 0)
        await views.close()
        with pytest.raises(StoreBusyError, match="the store was taken over by pid 7 on attic: stop one of the two"):
            async with asyncio.timeout(20):
                await asyncio.shield(daemon)


async def test_a_store_that_does_not_answer_at_the_end_does_not_keep_the_end_from_being_written(tmp_path, monkeypatch):
    async def next_due(_self):
        raise StoreError("no answer")

    async with running(tmp_path, Clock().now()) as daemon:
        monkeypatch.setattr(_SqlStore, "next_due", next_due)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(20):
            await daemon
    async with opened(tmp_path / "data") as store:
        assert await newest_snapshot(store, "acme") is not None


async def test_a_reload_that_is_asked_for_during_a_start_is_made_once_it_runs(tmp_path):
    port, config = free_port(), tmp_path / "badbuzz.yaml"
    config.write_text(CONFIGURATION.format(data=tmp_path / "data", port=port))
    daemon = asyncio.ensure_future(run(config))
    await asyncio.sleep(0)  # it has read that, and opens the store
    config.write_text(config.read_text().replace("{query: acme}", "{query: acme, name: Acme Air}"))
    os.kill(os.getpid(), signal.SIGHUP)
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            page = ""
            while "Acme Air" not in page:
                with suppress(aiohttp.ClientConnectorError):
                    async with http.get("/") as answer:
                        page = await answer.text()
                await asyncio.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon
    finally:
        daemon.cancel()
        await asyncio.wait([daemon])


async def test_an_open_page_hears_what_is_committed_and_does_not_hold_up_the_end(tmp_path):
    port, config, decoder = free_port(), tmp_path / "badbuzz.yaml", Decoder()
    async with (
        running(tmp_path, Clock().now(), port) as daemon,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        http.get("/events") as page,
        asyncio.timeout(60),
    ):
        config.write_text(config.read_text().replace("{query: acme}", "{query: acme, name: Acme Air}"))
        os.kill(os.getpid(), signal.SIGHUP)
        heard = ""
        while "Acme Air" not in heard:
            chunk = await page.content.readany()
            assert chunk, "the page was left before it heard"
            heard += "".join(event.data for event in decoder.feed(chunk))
        os.kill(os.getpid(), signal.SIGTERM)
        while await page.content.readany():
            pass
        await daemon


LIVE = """
daemon: {{data: {data}, listen: "127.0.0.1:0"}}
operator: {{to: [here]}}
brands: {{acme: {{query: "#acme"}}}}
calendar: [{{brand: acme, live: "#AcmeAnswers", from: "2026-12-01T18:00", to: "2026-12-01T19:00"}}]
sources: {{fedi: {{kind: mastodon, server: "{server}", tags: auto, every: 1s, allow_private: true}}}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


@asynccontextmanager
async def answering(asked):
    """A server that has nothing to tell, and remembers what it was asked for."""

    async def answer(request):
        asked.put_nowait(request.path)
        return web.json_response([])

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_the_hashtag_of_a_live_event_is_asked_for_once_it_begins(tmp_path):
    asked, begins = asyncio.Queue(), instant(datetime(2026, 12, 1, 18, tzinfo=UTC))
    clock = Clock(origin=begins - 60 * SECOND, started=Clock().now(), speed=30)
    async with answering(asked) as server, asyncio.timeout(30):
        config = tmp_path / "badbuzz.yaml"
        config.write_text(LIVE.format(data=tmp_path / "data", server=server))
        daemon = asyncio.create_task(run(config, clock=clock))
        paths = [await asked.get()]
        while not paths[-1].endswith("/tag/acmeanswers"):
            paths.append(await asked.get())
        assert clock.now() >= begins
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon
    assert any(path.endswith("/tag/acme") for path in paths)
