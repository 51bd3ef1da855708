"""Each promise is tried on each store."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from listener.store.port import (
    Store,
    Views,
)
from listener.store.upkeep import migrate
from listener.store.views import open_views
from tests.postgres import cluster, emptied
from tests.stores import opened


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be opened."""
    if request.param == "sqlite":
        return str(tmp_path / "data")
    url = await emptied(request.getfixturevalue("postgresql"))
    await migrate(url)
    return url


@pytest.fixture
async def store(where: str) -> AsyncIterator[Store]:
    async with opened(where) as store:
        yield store


@pytest.fixture
async def views(where: str, store: Store) -> AsyncIterator[Views]:
    views = open_views(where)
    yield views
    await views.close()
