import asyncio
from contextlib import suppress
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.pipeline.slices import SLICE, next_slice, sliced


class Turns:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.now = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.now += 1


async def turned(*work) -> None:
    for each in work:
        each.cancel()
        with suppress(asyncio.CancelledError):
            await each


@given(st.lists(st.integers(0, 6), min_size=1, max_size=8))
def test_no_turn_of_the_loop_holds_the_slices_of_two(counts):
    async def slices() -> list[int]:
        turns, had = Turns(), list[int]()

        async def work(count: int) -> None:
            for _ in range(count):
                await next_slice()
                had.append(turns.now)

        counting = asyncio.create_task(turns.run())
        await asyncio.gather(*map(work, counts))
        await turned(counting)
        return had

    had = asyncio.run(slices())
    assert len(had) == sum(counts)
    assert len(set(had)) == len(had)


@pytest.fixture
def busy():
    """Work that takes a slice an item."""

    def work(item: object) -> object:
        until = monotonic() + SLICE
        while monotonic() < until:
            pass
        return item

    return work


async def test_short_work_does_not_wait_for_all_of_long_work(busy):
    async def endless() -> None:
        async for item in sliced(iter(int, 1)):
            busy(item)

    long = [asyncio.create_task(endless()) for _ in range(3)]
    async with asyncio.timeout(60):
        assert [busy(item) async for item in sliced("short")] == [*"short"]
    await turned(*long)


async def test_who_is_cancelled_leaves_its_turn_to_the_next(busy):
    async def read() -> list[str]:
        return [busy(item) async for item in sliced("read")]

    several = [asyncio.create_task(read()) for _ in range(5)]
    await asyncio.sleep(0)
    await turned(*several[::2])
    async with asyncio.timeout(60):
        assert await asyncio.gather(*several[1::2]) == [[*"read"], [*"read"]]
