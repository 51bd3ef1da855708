"""What is done now and then: signs of life never wait for it."""

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

import pytest

from listener.observe.systemd import Supervisor
from listener.pipeline import housekeeping
from listener.pipeline.housekeeping import Housekeeping
from listener.pipeline.quarantine import FILE, Quarantine
from listener.pipeline.writer import Writer
from listener.store.port import StoreError
from tests.listener.pool.waiting import until


@pytest.fixture
async def systemd(tmp_path):
    """A socket like systemd's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


@asynccontextmanager
async def keeping(world, tmp_path, monkeypatch):
    monkeypatch.setattr(housekeeping, "EVERY", 0.01)
    writer = Writer(world.ledger, world.metrics)
    supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"})
    house = Housekeeping(world.store, world.ledger, writer, world.clock, world.metrics, supervisor)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(writer.run()), group.create_task(house.run())]
        yield
        for task in tasks:
            task.cancel()


async def test_signs_of_life_go_on_while_old_rows_are_removed(world, tmp_path, systemd, monkeypatch):
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    async def purge(*_args):
        begun.set()
        await asyncio.Event().wait()

    world.store.purge = purge
    async with asyncio.timeout(10), keeping(world, tmp_path, monkeypatch):
        world.clock.move(hours=1)
        await begun.wait()
        with suppress(BlockingIOError):
            while True:
                systemd.recv(100)  # said before
        for _ in range(3):
            assert b"WATCHDOG=1" in await loop.sock_recv(systemd, 100)


async def test_a_store_that_cannot_remove_is_asked_again_at_the_next_hour(world, tmp_path, systemd, monkeypatch):
    asked = asyncio.Queue()

    async def purge(*_args):
        asked.put_nowait(world.clock.now())
        raise StoreError("the disk is full")

    world.store.purge = purge
    async with asyncio.timeout(10), keeping(world, tmp_path, monkeypatch):
        for _ in range(2):
            world.clock.move(hours=1)
            assert world.clock.now() == await asked.get()


async def test_what_is_kept_apart_goes_with_other_mentions(world, tmp_path, systemd, monkeypatch):
    quarantine = world.ledger.classifying.quarantine = Quarantine(tmp_path)
    quarantine.take(world.said("1"), "ended by SIGSEGV", world.clock.now())
    async with asyncio.timeout(10), keeping(world, tmp_path, monkeypatch):
        world.clock.move(days=91)
        await until(lambda: not len(quarantine))
    assert b"" == (tmp_path / FILE).read_bytes()
