"""A writer killed between any two statements: nothing is lost, nothing counted twice, on every store."""

import asyncio
import signal
import sys
from typing import Any

from listener.store.views import open_views
from tests.contract.stores.writer import BATCHES, batch
from tests.stores import T0, everything, opened

KILLS = (4, 11, 19, 30)
"""Statements the successive processes live for: inside a batch, at its commit, between two batches."""


async def lives_for(where: str, statements: int) -> int:
    words = ("-m", "tests.contract.stores.writer", where, str(statements))
    process = await asyncio.create_subprocess_exec(sys.executable, *words)
    return await process.wait()


async def test_a_writer_killed_again_and_again_ends_where_an_undisturbed_one_does(where: str) -> None:
    ends = [await lives_for(where, statements) for statements in KILLS]
    assert ends == [-signal.SIGKILL] * len(KILLS)
    assert await lives_for(where, 0) == 0
    views = open_views(where)
    async with opened(where) as store:
        shown = await everything(store, views)
        known = await store.lookup([identity for number in range(BATCHES) for identity, *_ in batch(number).seen])
    marked = {mark.identity for mark in await views.marks("acme")}
    await views.close()
    entries: list[Any] = [logged.entry for number in range(BATCHES) for logged in batch(number).inputs]
    assert shown["inputs"]["acme"] == list(enumerate(entries, 1))
    assert marked == set(known) == set(shown["mentions"]) == {entry.facts.mention for entry in entries}
    assert [step.id for step in shown["transitions"]] == [f"i1.{step}" for step in range(BATCHES)]
    assert [row.id for row in shown["deliveries"]] == [f"d{step}" for step in reversed(range(BATCHES))]
    assert (shown["snapshots"]["acme"].seq, shown["snapshots"]["acme"].at) == (len(entries), T0)
