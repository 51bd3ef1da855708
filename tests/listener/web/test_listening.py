"""What a process that only listens says over HTTP."""

from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from listener.net.loopback import served
from listener.web.listening import listening_app


async def take(_request):
    return web.Response(text="taken")


def inbound(name):
    return {"mine": [web.post("", take), web.get("/more", take)], "other": None}[name]


@pytest.fixture
async def ask():
    waiting = [""]
    app = listening_app(lambda _: (b"metrics", "text/plain"), lambda: waiting[0], inbound)

    @asynccontextmanager
    async def asking():
        async with served(app) as url, aiohttp.ClientSession() as http:

            async def answer(method, path):
                async with http.request(method, url + path) as response:
                    return response.status, await response.text()

            yield answer, waiting

    async with asking() as both:
        yield both


async def test_it_is_healthy_and_ready_once_nothing_is_waited_for(ask):
    answer, waiting = ask
    assert await answer("GET", "/-/healthy") == (200, "healthy\n")
    assert await answer("GET", "/-/ready") == (200, "ready\n")
    waiting[0] = "no Kafka"
    assert await answer("GET", "/readyz") == (503, "no Kafka\n")
    assert await answer("GET", "/metrics") == (200, "metrics")


async def test_a_push_reaches_the_source_that_is_read_here_and_is_sent_elsewhere_otherwise(ask):
    answer, _ = ask
    assert await answer("POST", "/in/mine") == (200, "taken")
    assert await answer("GET", "/in/mine/more") == (200, "taken")
    assert (await answer("POST", "/in/other"))[0] == 503
    assert [(await answer("POST", path))[0] for path in ("/in/none", "/in/mine/more", "/in/mine/less", "/")] == [
        404
    ] * 4
