"""A ledger on a store of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.listener.pipeline.world import World, opened


@pytest.fixture
async def world(tmp_path) -> AsyncIterator[World]:
    async with opened(tmp_path) as world:
        yield world
