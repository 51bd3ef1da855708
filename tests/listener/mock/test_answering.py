"""What happens to any answer of a mock platform, when a fault wants it."""

from contextlib import asynccontextmanager
from itertools import groupby

import aiohttp
import msgspec
import pytest
from aiohttp import web

from listener.mock.answering import FAULTS, WAITS, Answering
from listener.mock.faults import Faults
from listener.mock.server import serving
from rules.instant import SECOND

NOW = 1_794_690_000 * SECOND
SAID = {"text": "acme", "more": list(range(50))}


class Plain:
    """A platform that always says the same."""

    def __init__(self, *names, chance=1.0):
        self.answering = Answering(Faults(names, seed=5, chance=chance), lambda: NOW, too_many={"error": "slow down"})

    def routes(self):
        return [web.get("/", self.say)]

    async def say(self, request):
        return await self.answering.answer(request, SAID)

    @asynccontextmanager
    async def asking(self):
        async with serving({"plain": self}) as server, aiohttp.ClientSession() as session:
            yield lambda: session.get(server.of("plain") + "/", allow_redirects=False)


async def test_without_faults_it_says_what_is_to_be_said():
    async with Plain().asking() as ask, ask() as answer:
        assert (answer.status, await answer.json()) == (200, SAID)


async def test_a_429_tells_to_wait_in_every_shape_or_says_nothing():
    told = set()
    async with Plain("rate-limit").asking() as ask:
        for _ in range(100):
            async with ask() as answer:
                assert (answer.status, await answer.json()) == (429, {"error": "slow down"})
                told.add(answer.headers.get("Retry-After", ""))
    assert told == {"Sat, 14 Nov 2026 21:00:02 GMT", *WAITS} - {"date"}


async def test_errors_of_a_server_come_several_in_a_row():
    async with Plain("server-error", chance=0.2).asking() as ask:
        told = []
        for _ in range(100):
            async with ask() as answer:
                told.append(answer.status)
    assert set(told) == {200, 502, 503}
    assert max(len(list(row)) for bad, row in groupby(told, key=lambda status: status > 200) if bad) >= 3


@pytest.mark.parametrize(
    ("name", "status", "header"),
    [
        ("wrong-type", 200, {"Content-Type": "text/html; charset=utf-8"}),
        ("redirect-loop", 302, {"Location": "/plain/"}),
        ("redirect-private", 302, {"Location": "http://127.0.0.1:9/"}),
    ],
)
async def test_something_else_is_answered(name, status, header):
    async with Plain(name).asking() as ask, ask() as answer:
        assert (answer.status, dict(answer.headers) | header) == (status, dict(answer.headers))


@pytest.mark.parametrize("name", ["malformed", "huge", "slow", "reset"])
async def test_a_body_does_not_arrive_as_it_should(name):
    async with Plain(name).asking() as ask, ask() as answer:
        if name == "reset":
            with pytest.raises(aiohttp.ClientError):
                await answer.read()
        elif name == "malformed":
            body = await answer.read()
            with pytest.raises(msgspec.DecodeError):
                msgspec.json.decode(body)
        else:
            assert await answer.content.readexactly(1_000_000 if name == "huge" else 2) in {b"  ", b" " * 1_000_000}
    assert name in FAULTS
