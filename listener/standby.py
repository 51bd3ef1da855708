"""Waiting for the store: on PostgreSQL another machine may have it, and may lose it."""

import asyncio
import os
import socket
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from config.settings import Daemon
from listener.observe.ownership import Ownership
from listener.observe.systemd import Supervisor as Systemd
from listener.store.port import SchemaError, Store, StoreAwayError, StoreBusyError, StoreError
from listener.store.reached import Tenure
from listener.web.serving import served_at
from listener.web.standby import standby_app

AGAIN = 0.5
"""Seconds between looks at whether the store may be had."""

log = structlog.get_logger("standby")


class Meanwhile(Protocol):
    """What a process does while it waits; whether that is to deliver."""

    delivers: bool

    def running(self) -> AbstractAsyncContextManager[None]:
        """It is done for the time of a block."""

    def waiting(self) -> str:
        """Why it is not done, "" when it is."""

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """(body, content type) of its metrics for an Accept header."""


class Idle:
    """Nothing is done, and there is nothing to be ready for."""

    delivers = False

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        Ownership(self._registry)
        ProcessCollector(registry=self._registry)

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def waiting(self) -> str:
        return "standby: another badbuzz is active"

    def exposition(self, accept: str) -> tuple[bytes, str]:
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class Standby:
    """Opens `store`, and waits for it where several machines may want it. `waited` tells whether that was needed.
    Whoever has `had` it before also waits for one that cannot be reached: at a first start that is told and mended.
    `meanwhile` is what is done while it waits, until it `ends`.
    """

    def __init__(
        self,
        store: Store,
        daemon: Daemon,
        systemd: Systemd,
        ends: asyncio.Event,
        *,
        had: bool = False,
        meanwhile: Meanwhile | None = None,
    ) -> None:
        self._store, self._daemon, self._systemd, self._ends, self._had = store, daemon, systemd, ends, had
        self._owner = f"pid {os.getpid()} on {socket.gethostname()}"
        self._meanwhile = meanwhile or Idle()
        self._said = ""
        self.waited = False

    async def tenure(self) -> Tenure | None:
        """The time that begins; None when told to end before. Raises StoreError, and StoreBusyError on SQLite."""
        try:
            return await self._store.open(self._owner)
        except SchemaError:
            raise
        except StoreError as error:
            if not (self._daemon.database and (self._had or isinstance(error, StoreAwayError | StoreBusyError))):
                raise
        self.waited = True
        done = self._meanwhile
        page = standby_app(self._daemon.language, done.exposition, done.waiting, delivers=done.delivers)
        async with served_at(page, self._daemon), done.running():
            return await self._wait()

    async def _wait(self) -> Tenure | None:
        self._systemd.ready()
        while not self._ends.is_set():
            tenure = await self._opened()
            if tenure:
                self._systemd.status("active")
                return tenure
            self._systemd.alive()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN):
                    await self._ends.wait()
        return None

    async def _opened(self) -> Tenure | None:
        try:
            return await self._store.open(self._owner)
        except SchemaError:
            raise
        except StoreError as error:
            self._say(str(error))
        return None

    def _say(self, why: str) -> None:
        if why != self._said:
            self._said = why
            self._systemd.status(f"standby: {why}")
            log.info("standby", why=why)
