"""Thousands of brands: a reload goes into the log bit by bit, and mentions do not wait for the end of it."""

import asyncio

import pytest

from listener.backtest import replay_store
from listener.pipeline.ledger import CAUGHT_UP
from listener.pipeline.slices import sliced
from listener.pipeline.work import Read, Reload
from listener.store.port import StoreError
from tests.listener.pipeline.world import configured, kinds, opened

MANY = 2 * CAUGHT_UP + 10


def brands(*, query: str) -> str:
    return ", ".join(f"b{number}: {{query: {query}, languages: [en]}}" for number in range(MANY))


async def configurations(world, brand):
    return kinds(await world.log(brand)).count("Configured")


@pytest.fixture
async def many(tmp_path):
    async with opened(tmp_path, brands=brands(query="acme")) as world:
        yield world


async def test_one_transaction_brings_some_brands_to_a_new_configuration_and_the_next_ones_the_others(many):
    await many.reload(brands=brands(query="acne"))
    assert [2, 1] == [await configurations(many, name) for name in ("b0", f"b{MANY - 1}")]
    while many.ledger.is_behind:
        await many.ledger.write([])
    assert {2} == {await configurations(many, f"b{number}") for number in (0, CAUGHT_UP, MANY - 1)}


async def test_a_brand_is_configured_before_it_hears_anything(many):
    setup, last = configured(many.folder, brands=brands(query="acne")), f"b{MANY - 1}"
    mentions = [many.said(str(number), "acne is slow") for number in range(3)]
    await many.ledger.write([Reload(setup=setup), Read(source="press", mentions=mentions)])
    assert ["Configured", "Heard", "Heard", "Heard"] == kinds(await many.log(last))[-4:]
    assert last in {step.brand for step in await many.steps()}


async def test_a_reload_that_the_store_did_not_take_to_its_end_goes_on(many):
    await many.reload(brands=brands(query="acne"))
    many.store.failing = 1
    with pytest.raises(StoreError):
        await many.ledger.write([])
    while many.ledger.is_behind:
        await many.ledger.write([])
    await many.ledger.write([])
    assert 2 == await configurations(many, f"b{MANY - 1}")
    assert {True} == {replay.equal async for replay in replay_store(many.views)}


async def test_a_restart_in_the_middle_of_it_brings_the_others(many):
    await many.reload(brands=brands(query="acne"))
    again = await many.again()
    assert 2 == await configurations(again, f"b{MANY - 1}")


async def test_the_loop_turns_between_slices():
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    seen = 0
    async for _ in sliced(iter(turned.is_set, True)):
        seen += 1
    assert seen > 1
