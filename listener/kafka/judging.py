"""The role `judge`: brands are judged here, in the parts that this process has of them."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import structlog

from config.problems import ConfigError
from config.settings import Settings
from listener.agenda.reading import readings
from listener.app import load_checked, refuse_restart, secrets_told
from listener.clock import Clock
from listener.kafka.access import mentions_topic, quieten
from listener.kafka.counting import Counting
from listener.kafka.part import Bench, Part
from listener.kafka.sharing import Sharing
from listener.net.client import Client, open_client
from listener.observe.masking import Masking
from listener.observe.metrics import Metrics
from listener.observe.parts import PartMetrics
from listener.observe.systemd import Supervisor as Systemd
from listener.pipeline.roster import Job, Roster
from listener.service import begun, reason_of
from listener.shares import Share
from listener.store.address import store_address
from listener.store.port import StoreError
from listener.store.views import open_views
from listener.web.listening import listening_app
from listener.web.serving import served_at

_LOOK = 1.0
"""Seconds between signs of life."""
_END = 16.0
"""Seconds that a judge takes to leave its parts, whatever the servers do: systemd waits for 20 s."""

log = structlog.get_logger("judge")


async def run(path: Path) -> None:
    """Judge parts of the brands until SIGTERM or SIGINT; SIGHUP takes up a changed configuration. Of several that run,
    each judges some. Raises ConfigError, and StoreError when it cannot start.
    """
    quieten()
    clock = Clock()
    settings, masking, made = begun(path, clock, apart=True, sharing=True)
    made.clear()
    async with AsyncExitStack() as stack:
        contact = settings.daemon.external_url
        client = await stack.enter_async_context(open_client(clock=clock, contact=contact))
        judging = Judging(path, settings, clock, masking, client)
        stack.push_async_callback(judging.close)
        try:
            await judging.serve()
        except ExceptionGroup as ended:
            raise reason_of(ended) from ended


class Judging:
    """A running judge."""

    def __init__(self, path: Path, settings: Settings, clock: Clock, masking: Masking, client: Client) -> None:
        kafka = settings.daemon.kafka
        assert kafka
        self._path, self._settings, self._clock, self._masking = path, settings, clock, masking
        self._kafka, self._client = kafka, client
        self._sharing, self._parts = Sharing(kafka, "judges"), dict[int, Part]()
        self.metrics = Metrics(version=version("badbuzz"), now=clock.now)
        self._views = open_views(store_address(settings))
        self._bench = Bench(
            kafka=kafka,
            settings=lambda: self._settings,
            views=self._views,
            clock=clock,
            metrics=self.metrics,
            parts=PartMetrics(self.metrics.registry),
            counting=Counting(client, clock, masking, self._views, self.metrics),
            owner=f"pid {os.getpid()} on {socket.gethostname()}",
        )
        self._systemd = Systemd(os.environ)
        self._stop, self._changing = asyncio.Event(), asyncio.Lock()
        self._left = False

    async def close(self) -> None:
        """Once it has served."""
        await self._views.close()

    async def serve(self) -> None:
        """Judge until told to stop; then leave the parts to others."""
        app = listening_app(self.metrics.exposition, self._waiting, _nothing_is_pushed)
        async with served_at(app, self._settings.daemon):
            try:
                async with asyncio.TaskGroup() as group:
                    await self._serve(group)
            except* TimeoutError:  # its end ends what is left
                log.warning("stopped_early", why="Kafka or PostgreSQL does not answer")
        log.info("stopped")

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        self._rosters = tuple(Roster(group, role) for role in ("membership", "part", "calendar"))
        looking = group.create_task(self._look_on(), name="look")
        self._hear_signals(group)
        self.metrics.configuration_loaded(successful=True)
        self.metrics.brands.watch(self._settings.brands.keys())
        self._systemd.ready()
        log.info("started", version=version("badbuzz"), role="judge", brands=len(self._settings.brands))
        await self._stop.wait()
        self._systemd.stopping()
        looking.cancel()
        await asyncio.wait([looking])
        membership, parts, calendars = self._rosters
        async with asyncio.timeout(_END):
            for roster in (parts, membership, calendars):  # whoever judges on finds each part with its last word
                await roster.become({})

    async def _look_on(self) -> None:
        """Be what the other judges make of it."""
        while True:
            await self._staff()
            if all(part.is_moving for part in self._parts.values()):
                self._systemd.alive()
            await self._sharing.news.wait(_LOOK)

    async def _staff(self) -> None:
        membership, parts, calendars = self._rosters
        topics = [mentions_topic(self._kafka)]
        # whoever does not reach the database leaves its parts to others, and comes back once it does
        member = (
            {}
            if await self._is_cut_off()
            else {"kafka": Job(fingerprint="", start=partial(self._sharing.hold, topics))}
        )
        await membership.become(member)
        hide = self._masking.hide
        await calendars.become(readings(self._settings, self._client, self._clock, self.renew, hide))
        await parts.become(self._jobs())
        if not any(part.is_judged for part in self._parts.values()):
            self._forget(self._settings.sources)

    def _forget(self, sources: Collection[str]) -> None:
        """What is not heard here any more must not look silent here."""
        for source in sources:
            self.metrics.source_removed(source)

    async def _is_cut_off(self) -> bool:
        # one part that cannot be had is one part: others would not have it either
        found = any(part.is_cut_off for part in self._parts.values()) and not await self._reaches_the_database()
        if found and not self._left:
            log.error("judges_left", why="the database does not answer: others may judge the parts meanwhile")
        self._left = found
        return found

    async def _reaches_the_database(self) -> bool:
        try:
            await self._views.positions()
        except StoreError:
            return False
        return True

    def _jobs(self) -> Mapping[str, Job]:
        """Whoever is no member for a moment judges on: another one takes its parts by their leases."""
        if self._sharing.mine is not None:
            mine = sorted(place.partition + 1 for place in self._sharing.mine)
            self._parts = {number: self._parts.get(number) or self._part(number) for number in mine}
        return {f"{number}": Job(fingerprint="", start=part.run) for number, part in self._parts.items()}

    def _part(self, number: int) -> Part:
        return Part(Share(number, self._kafka.parts), self._bench)

    def _hear_signals(self, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: group.create_task(self.reload(), name="reload"))

    async def reload(self) -> None:
        """Take up the configuration as it is on disk now; where it cannot take effect, that is logged."""
        async with self._changing:
            self._systemd.reloading(time.monotonic_ns() // 1_000)
            try:
                loaded = await asyncio.to_thread(load_checked, self._path)
                refuse_restart(self._settings, loaded)
            except ConfigError as error:
                self.metrics.configuration_loaded(successful=False)
                log.error("reload_failed", error=str(error))  # noqa: TRY400  # the operator's to mend: no traceback
            else:
                self._masking.learn(secrets_told(loaded))
                gone = self._settings.sources.keys() - loaded.settings.sources.keys()
                self._settings = loaded.settings
                self.metrics.brands.watch(self._settings.brands.keys())
                await self._renew()
                self._forget(gone)
                self.metrics.configuration_loaded(successful=True)
                log.info("reloaded", warnings=len(loaded.warnings))
            self._systemd.ready()

    async def renew(self) -> None:
        """Take up what calendars say by now."""
        async with self._changing:
            await self._renew()

    async def _renew(self) -> None:
        for number, part in list(self._parts.items()):
            try:
                await part.reload(self._settings)
            except StoreError as error:
                # it takes the settings up when it is judged again
                log.warning("part_waits", part=number, error=str(error))
        self._sharing.news.fire()

    def _waiting(self) -> str:
        if self._sharing.mine is None:
            return "not yet one of the judges: is Kafka there?"
        waiting = [str(number) for number, part in self._parts.items() if not part.is_judged]
        return f"not judged yet: part {', '.join(waiting)}" if waiting else ""


def _nothing_is_pushed(name: str) -> NoReturn:
    raise LookupError(name)
