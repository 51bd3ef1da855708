"""What tests of all that asks over HTTP are given: a web server that tells a story, and the client that is lent."""

import pytest

from tests.collecting import HASTY, lending, serving


@pytest.fixture
async def site():
    async with serving() as site:
        yield site


@pytest.fixture
async def client():
    async with lending() as client:
        yield client


@pytest.fixture
async def hasty_client():
    async with lending(HASTY) as client:
        yield client
