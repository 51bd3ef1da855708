import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from listener.net.sse import Decoder, Event
from listener.store.port import StoreError
from listener.web.guard import SESSION_LIFE
from listener.web.live import Limits
from listener.web.scenes import Home
from listener.web.server import build_app
from listener.web.status import BrandStatus
from rules.instant import MINUTE
from tests.browser import browser
from tests.listener.web.world import NOW, TOKEN, World, incident, step, stored

QUICK = Limits(pace=0, beat=3_600)
DEADLINE = 60


class Stream:
    """What an open page hears."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer, self._decoder, self._events = answer, Decoder(), list[Event]()

    async def next(self) -> Event | None:
        """The next event, None when there will be no more."""
        async with asyncio.timeout(DEADLINE):
            while not self._events:
                chunk = await self.answer.content.readany()
                if not chunk:
                    return None
                self._events += self._decoder.feed(chunk)
        return self._events.pop(0)

    async def panels(self) -> dict[str, str]:
        event = await self.next()
        assert event is not None
        assert event.name == "panels"
        return json.loads(event.data)


@pytest.fixture
async def lively(world: World) -> AsyncIterator[Callable[..., TestClient]]:
    """Starts the site of `world` with the limits given."""
    async with AsyncExitStack() as stack:

        async def start(limits: Limits = QUICK) -> TestClient:
            return await stack.enter_async_context(TestClient(TestServer(build_app(world.site(), limits))))

        yield start


@asynccontextmanager
async def following(client: TestClient, path: str = "/events", **headers: str) -> AsyncIterator[Stream]:
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        yield Stream(answer)


async def test_whoever_connects_hears_everything_once_and_then_what_changes(lively, world):
    async with following(await lively()) as stream:
        assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
        assert stream.answer.headers["X-Accel-Buffering"] == "no"
        assert set(await stream.panels()) == set(Home.panels)
        world.views.said.insert(0, stored("9", "Toujours rien au comptoir."))
        world.news.fire()
        changed = await stream.panels()
    assert list(changed) == ["mentions"]
    assert "Toujours rien au comptoir." in changed["mentions"]


async def test_an_incident_that_gets_worse_is_told_at_the_top_and_in_the_title(lively, world):
    world.views.rows, world.views.steps = [], []
    async with following(await lively()) as stream:
        assert (await stream.panels())["title"] == "Vue d’ensemble · badbuzz"
        world.views.rows = [incident(severity="critical", state="worse", steps=2)]
        world.views.steps = [step(0), step(1, "worse", severity="critical")]
        world.news.fire()
        changed = await stream.panels()
    assert changed["title"] == "⚠ Acme Air, critique, s’aggrave · badbuzz"
    assert "<strong>s’aggrave</strong>" in changed["news"]
    world.now += 11 * MINUTE
    async with following(await lively()) as stream:
        assert ((await stream.panels())["news"]).strip() == ""


@pytest.mark.parametrize("known", [True, False])
async def test_who_comes_back_hears_only_what_it_does_not_have(lively, world, known):
    client = await lively(replace(QUICK, beat=0.01))
    async with client.get("/events") as answer:
        state = (await answer.content.readuntil(b"\nevent")).split(b"id: ")[1].split(b"\n")[0].decode()
    if not known:
        world.views.said.clear()
    async with following(client, **{"Last-Event-ID": state}) as stream:
        event = await stream.next()
    assert event is not None
    assert event.name == ("beat" if known else "panels")


async def test_signs_of_life_come_while_nothing_changes(lively):
    async with following(await lively(replace(QUICK, beat=0.01))) as stream:
        await stream.panels()
        assert [await stream.next() for _ in range(2)] == [Event("beat", "")] * 2


async def test_an_incident_page_follows_its_incident(lively, world):
    async with following(await lively(), "/i/37/events?lang=en") as stream:
        first = await stream.panels()
        world.views.rows = [incident(acknowledged_by="Anna", state="acknowledged")]
        world.news.fire()
        changed = await stream.panels()
    assert 'name="by"' in first["act"]
    assert set(changed) == {"title", "now", "act"}
    assert "taken (Anna)" in changed["now"]
    assert "/ack" not in changed["act"]


async def test_an_open_page_follows_the_brands_it_looks_for(lively, world):
    world.daemon.watched = [BrandStatus(name=f"brand-{number}") for number in range(60)]
    client = await lively()
    async with following(client, "/events?brand=brand-59&lang=en") as stream:
        brands = (await stream.panels())["brands"]
        assert ("brand-59<" in brands, "brand-58" in brands) == (True, False)
        world.daemon.labels["brand-59"] = "Soixante"
        world.news.fire()
        assert "Soixante" in (await stream.panels())["brands"]


async def test_however_many_look_and_however_much_comes_a_page_is_read_once(lively, world):
    client = await lively()
    world.news.fire()
    assert world.views.reads == 0
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(following(client)) for _ in range(5)]
        for stream in streams:
            await stream.panels()
        assert world.views.reads == 1
        world.views.said.clear()
        for _ in range(20):
            world.news.fire()
        for stream in streams:
            await stream.panels()
        assert world.views.reads == 2


async def test_between_two_readings_is_a_pause_and_the_end_does_not_wait_for_it(lively, world):
    client = await lively(Limits(pace=3_600, beat=3_600))
    async with following(client) as stream:
        await stream.panels()
        world.news.fire()
        async with asyncio.timeout(DEADLINE):
            await client.server.close()
        assert await stream.next() is None
    assert world.views.reads == 1


async def test_a_reader_that_takes_nothing_is_dropped_and_its_place_is_free(lively, world):
    client = await lively(replace(QUICK, readers=1, patience=0.05))
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        peer.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(peer, (client.host, client.port))
        await loop.sock_sendall(peer, b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await loop.sock_recv(peer, 15) == b"HTTP/1.1 200 OK"
        refused = 0
        async with asyncio.timeout(DEADLINE):
            while not await admitted(client):
                refused += 1
                world.views.said = [stored(f"{refused}.{each}", "&" * 280 + str(refused)) for each in range(20)]
                world.news.fire()
            held = 0
            with suppress(ConnectionResetError):
                while chunk := await loop.sock_recv(peer, 65_536):
                    held += len(chunk)
        assert refused
        assert held < 1_000_000  # what the machine kept for it; it would be megabytes


async def admitted(client: TestClient) -> bool:
    async with client.get("/events") as answer:
        return answer.status == 200


async def test_no_more_readers_than_allowed_and_the_rest_is_told_to_come_back(lively):
    client = await lively(replace(QUICK, readers=1))
    async with following(client) as stream:
        await stream.panels()
        refused = await client.get("/events")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
        assert "too many pages are open live" in await refused.text()


@pytest.mark.parametrize("path", ["/events", "/i/37/events"])
async def test_events_are_guarded_as_the_page_is(lively, world, path):
    client = await lively()
    assert (await client.get(path, headers={"Host": "rebound.example"})).status == 403
    world.demand_token()
    assert (await client.get(path)).status == 401
    assert (await client.head(path, headers={"Authorization": f"Bearer {TOKEN}"})).status == 405


async def test_events_end_with_the_right_to_look(lively, world):
    world.demand_token()
    client = await lively()
    await client.post("/login", data={"token": TOKEN}, allow_redirects=False)
    async with following(client) as stream:
        await stream.panels()
        world.now += SESSION_LIFE
        world.views.said.clear()
        world.news.fire()
        assert await stream.next() is None


async def test_what_strangers_and_errors_say_is_harmless(lively, world):
    world.daemon.source[1] = replace(world.daemon.source[1], detail=f"<img src=x> refused {TOKEN[:4]}")
    async with following(await lively()) as stream:
        panels = await stream.panels()
    assert "<script" not in json.dumps(panels)
    assert "<img" not in json.dumps(panels)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in panels["mentions"]
    assert "\u202e" not in panels["mentions"]


async def test_a_store_that_cannot_be_read_ends_the_stream_and_refuses_the_next(lively, world):
    client = await lively()
    async with following(client) as stream:
        await stream.panels()
        world.views.broken = StoreError("the disk is full: make room")
        world.news.fire()
        assert await stream.next() is None
    assert (await client.get("/events")).status == 503
    assert (await client.get("/i/99/events")).status == 404


async def test_in_a_browser_the_page_follows_and_leaves_alone_what_somebody_writes(lively, world, tmp_path):
    client = await lively()
    base = str(client.make_url(""))
    async with browser(tmp_path) as tab:
        await tab.open(f"{base}/i/37")
        await tab.until("document.getElementById('live')?.textContent === 'En direct'")
        await tab.run("document.querySelector('[name=by]').focus()")
        await tab.call("Input.insertText", text="Léa")
        world.views.rows = [incident(severity="critical", state="worse", steps=2)]
        world.views.steps.append(step(1, "worse", severity="critical", at=NOW))
        world.news.fire()
        await tab.until("document.title.startsWith('⚠') && document.querySelector('#now .level-critical')")
        world.views.rows = [incident(acknowledged_by="Anna", state="acknowledged", steps=2)]
        world.news.fire()
        await tab.until("document.getElementById('now').textContent.includes('Anna')")
        assert await tab.run("document.activeElement.value") == "Léa"
        await tab.run("document.activeElement.blur()")
        await tab.until("!document.querySelector('#act form[action*=ack]')")
        await tab.open(f"{base}/?lang=en")
        await tab.until("document.querySelectorAll('#mentions li').length === 3")
        await tab.run("document.querySelector('#mentions a').focus()")
        world.views.said.insert(0, stored("9", "<b>Still</b> nothing"))
        world.news.fire()
        await tab.until("document.querySelectorAll('#mentions li').length === 4")
        assert "<b>Still</b> nothing" in await tab.run("document.querySelector('#mentions li').textContent")
        assert await tab.run("document.activeElement.href") == "https://bsky.example/p/1"
        await client.server.close()
        await tab.until("document.getElementById('live').textContent.startsWith('Connection lost')")
        assert [said for said in tab.errors if "Content Security Policy" in said] == []


async def test_in_a_browser_the_page_asks_for_itself_where_a_proxy_holds_events_back(lively, world, tmp_path):
    base = str((await lively()).make_url(""))
    async with browser(tmp_path) as tab:
        await tab.open(f"{base}/?lang=en")
        await tab.until("document.getElementById('live')?.textContent === 'Live'")
        await tab.run("window.EventSource = class { readyState = 1; addEventListener() {} close() {} }; 0")
        world.views.said.insert(0, stored("9", "Still nothing"))
        await tab.run("Date.now = () => 1e15; document.dispatchEvent(new Event('visibilitychange'))")
        await tab.until("document.querySelectorAll('#mentions li').length === 4")
        assert (await tab.run("document.getElementById('live').textContent")).startswith("Connection lost")
