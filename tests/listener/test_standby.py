"""Waiting for a store that another machine has, or that is away."""

import asyncio

import pytest

from config.model import Secret
from config.settings import Daemon
from listener.observe.systemd import Supervisor as Systemd
from listener.standby import Standby
from listener.store.port import SchemaError, StoreAwayError, StoreBusyError, StoreError
from listener.store.reached import Tenure

DAEMON = Daemon(database=Secret("postgresql://db.example/badbuzz"), listen="127.0.0.1:0")
TENURE = Tenure(epoch=2, idle=None)


class Store:
    """Is had once all of these were raised."""

    def __init__(self, *errors):
        self.errors = list(errors)

    async def open(self, _owner):
        if self.errors:
            raise self.errors.pop(0)
        return TENURE


def standby(*errors, daemon=DAEMON, had=False):
    return Standby(Store(*errors), daemon, Systemd({}), asyncio.Event(), had=had)


async def test_a_store_that_another_machine_has_is_waited_for():
    waiting = standby(StoreBusyError("written by b"), StoreError("away"))
    assert await waiting.tenure() == TENURE
    assert waiting.waited


async def test_a_server_that_ended_the_connection_is_asked_again_at_a_first_start_too():
    waiting = standby(StoreAwayError("terminating connection due to idle-in-transaction timeout"))
    assert await waiting.tenure() == TENURE


async def test_a_database_that_is_away_is_told_at_a_first_start_and_waited_for_by_whoever_had_it():
    with pytest.raises(StoreError, match="away"):
        await standby(StoreError("away")).tenure()
    assert await standby(StoreError("away"), had=True).tenure() == TENURE


@pytest.mark.parametrize("had", [False, True])
async def test_what_waiting_does_not_mend_is_not_waited_for(had):
    with pytest.raises(SchemaError):
        await standby(SchemaError("migrate first"), had=had).tenure()
    with pytest.raises(StoreBusyError):
        await standby(StoreBusyError("written by b"), daemon=Daemon(listen="127.0.0.1:0"), had=had).tenure()
