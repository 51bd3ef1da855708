from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp.test_utils import TestClient, TestServer

from listener.web.server import build_app
from listener.web.status import Settings
from tests.listener.web.world import HOSTILE, Daemon, Shelf, World, delivery, incident, step, stored


@pytest.fixture
def world() -> World:
    views = Shelf(
        rows=[incident()],
        steps=[step(0)],
        said=[
            stored("1", HOSTILE, url="https://bsky.example/p/1"),
            stored("2", "", deleted=True),
            stored("3", "Bonjour", url="javascript:alert(1)"),
        ],
        sends=[delivery()],
    )
    return World(views=views, daemon=Daemon(), settings=Settings(language="fr", time_zone="Europe/Paris", local=True))


@pytest.fixture
async def served(world: World) -> AsyncIterator[Callable[[], TestClient]]:
    """Starts the site of `world` on a free port; called after the test has changed the world."""
    clients: list[TestClient] = []

    async def start() -> TestClient:
        client = TestClient(TestServer(build_app(world.site())))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()
