"""A web server that tells a story, and the client that is lent."""

import pytest

from tests.collecting import lending, serving


@pytest.fixture
async def site():
    async with serving() as site:
        yield site


@pytest.fixture
async def client():
    async with lending() as client:
        yield client
