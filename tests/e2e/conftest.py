"""A world whose database is a PostgreSQL server's."""

import pytest

from listener.store.upkeep import migrate
from tests.e2e.world import world
from tests.postgres import cluster, emptied


@pytest.fixture(scope="module")
def server():
    with cluster(lasting=True) as url:
        yield url


@pytest.fixture
async def the_world(tmp_path, server):
    await migrate(await emptied(server))
    async with world(tmp_path) as made:
        made.database = server
        yield made
