"""Waiting for the store: on PostgreSQL another machine may have it, and may lose it."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from config.settings import Daemon
from listener.observe.ownership import Ownership
from listener.observe.systemd import Supervisor as Systemd
from listener.store.port import SchemaError, Store, StoreBusyError, StoreError
from listener.store.reached import Tenure
from listener.web.serving import served_at
from listener.web.standby import standby_app

AGAIN = 0.5
"""Seconds between looks at whether the store may be had."""

log = structlog.get_logger("standby")


class Standby:
    """Opens `store`, and waits for it where several machines may want it. `waited` tells whether that was needed.
    Whoever has `had` it before also waits for one that is away: at a first start that is told and mended.
    """

    def __init__(self, store: Store, daemon: Daemon, systemd: Systemd, *, had: bool = False) -> None:
        self._store, self._daemon, self._systemd, self._had = store, daemon, systemd, had
        self._owner = f"pid {os.getpid()} on {socket.gethostname()}"
        self._registry = CollectorRegistry()
        Ownership(self._registry)
        ProcessCollector(registry=self._registry)
        self._said = ""
        self.waited = False

    async def tenure(self) -> Tenure | None:
        """The time that begins; None when told to end before. Raises StoreError, and StoreBusyError on SQLite."""
        try:
            return await self._store.open(self._owner)
        except SchemaError:
            raise
        except StoreError as error:
            if not (self._daemon.database and (self._had or isinstance(error, StoreBusyError))):
                raise
        self.waited = True
        with _told_to_end() as ends:
            async with served_at(standby_app(self._daemon.language, self._exposition), self._daemon):
                return await self._wait(ends)

    async def _wait(self, ends: asyncio.Event) -> Tenure | None:
        self._systemd.ready()
        while not ends.is_set():
            tenure = await self._opened()
            if tenure:
                self._systemd.status("active")
                return tenure
            self._systemd.alive()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN):
                    await ends.wait()
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

    def _exposition(self, accept: str) -> tuple[bytes, str]:
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


@contextmanager
def _told_to_end() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set. SIGHUP does nothing: the configuration is read when the store is had."""
    loop, ends = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ends.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    try:
        yield ends
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
