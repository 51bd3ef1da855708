"""Work for thousands of brands in slices, between which the loop turns: nothing else waits for all of it, nor for the
slices of others.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from time import monotonic
from typing import TypeVar
from weakref import WeakKeyDictionary

Item = TypeVar("Item")

SLICE = 0.005
"""Seconds that the loop is kept at a time, about."""


class _Queue:
    """Those who wait for a turn of a loop that no other slice is in: first come, first served."""

    def __init__(self) -> None:
        self._waiting = deque[asyncio.Future[None]]()
        self._calls = False

    async def wait(self, loop: asyncio.AbstractEventLoop) -> None:
        mine = loop.create_future()
        self._waiting.append(mine)
        if not self._calls:
            self._calls = True
            loop.call_soon(self._call, loop)
        await mine

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():  # else cancelled
                first.set_result(None)
                break
        self._calls = bool(self._waiting)
        if self._calls:
            loop.call_soon(self._call, loop)


_QUEUES = WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue]()


async def next_slice() -> None:
    """Let the loop turn, until it is this one's turn to keep it for a slice."""
    loop = asyncio.get_running_loop()
    await _QUEUES.setdefault(loop, _Queue()).wait(loop)


async def sliced(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The same items, at once; the loop has a turn whenever what is done with them took a slice."""
    until = monotonic() + SLICE
    for item in items:
        yield item
        if monotonic() >= until:
            await next_slice()
            until = monotonic() + SLICE
