"""Work for thousands of brands in slices, between which the loop turns: nothing else waits for all of it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import monotonic
from typing import TypeVar

Item = TypeVar("Item")

SLICE = 0.005
"""Seconds that the loop is kept at a time, about."""


async def sliced(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The same items; the loop has a turn whenever what is done with them took a slice."""
    until = monotonic() + SLICE
    for item in items:
        yield item
        if monotonic() >= until:
            await asyncio.sleep(0)
            until = monotonic() + SLICE
