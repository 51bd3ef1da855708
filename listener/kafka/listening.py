"""The role `listen`: sources are read here, and judged elsewhere."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random

import structlog
from aiohttp import web

from alerts.cancelling import obey_cancellation
from config.problems import ConfigError
from config.settings import Component, Settings
from listener.agenda.reading import readings, setup_at
from listener.app import load_checked, refuse_restart, secrets_told, setup_now
from listener.asking import is_other_event
from listener.clock import Clock
from listener.collector import COLLECTORS, Collector, Tools
from listener.kafka.access import quieten, topic_of
from listener.kafka.publishing import Publisher, Resumed
from listener.kafka.sharing import Sharing
from listener.net.client import Client, open_client
from listener.observe.masking import Masking
from listener.observe.sources import SourceMetrics
from listener.observe.systemd import Supervisor as Systemd
from listener.pipeline.outlive import outlive
from listener.pipeline.roster import Job, Roster, fingerprint
from listener.pipeline.setup import NOBODY, Setup
from listener.pipeline.supervise import Supervisor
from listener.service import begun
from listener.store.port import StoreError
from listener.web.listening import listening_app
from listener.web.serving import served_at
from rules.mention import Mention

_LOOK = 1.0
"""Seconds between looks at whether a live event begins or ends."""
_AGAIN = 2.0
"""Seconds until a source is read again whose topic did not take how it is."""

_END = 16.0
"""Seconds that a listener takes to leave its sources, whatever Kafka does: what is being written gets `PATIENCE`, and
systemd waits for 20 s.
"""

log = structlog.get_logger("listen")


async def run(path: Path) -> None:
    """Read sources into their topics until SIGTERM or SIGINT; SIGHUP takes up a changed configuration. Of several that
    run, each reads some. Raises ConfigError, and StoreError when its address is taken.
    """
    clock = Clock()
    settings, masking, made = begun(path, clock, apart=True)
    quieten()
    setup = await asyncio.to_thread(setup_at, clock.now(), settings)
    made.clear()
    async with open_client(clock=clock, contact=settings.daemon.external_url) as client:
        await Listening(path, setup, client, clock, masking).serve()


class Listening:
    """A running listener."""

    def __init__(self, path: Path, setup: Setup, client: Client, clock: Clock, masking: Masking) -> None:
        kafka = setup.settings.daemon.kafka
        assert kafka
        self._path, self._setup, self._kafka = path, setup, kafka
        self._client, self._clock, self._masking = client, clock, masking
        self._metrics = SourceMetrics(version=version("badbuzz"), now=clock.now)
        self._sharing = Sharing(kafka, "listeners")
        self._collectors: dict[str, Collector] = {}
        self._systemd = Systemd(os.environ)
        self._stop, self._changing = asyncio.Event(), asyncio.Lock()

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self._setup.settings

    async def serve(self) -> None:
        """Listen until told to stop; then leave the sources to others."""
        app = listening_app(self._metrics.scrape, self._waiting, self._inbound)
        async with served_at(app, self.settings.daemon):
            try:
                async with asyncio.TaskGroup() as group:
                    await self._serve(group)
            except* TimeoutError:  # its end ends what is left
                log.warning("stopped_early", why="Kafka does not answer")
        log.info("stopped")

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        self._rosters = tuple(Roster(group, role) for role in ("membership", "source", "calendar"))
        looking = group.create_task(self._look_on(), name="look")
        self._hear_signals(group)
        self._metrics.configuration_loaded(successful=True)
        self._systemd.ready()
        log.info("started", version=version("badbuzz"), role="listen", sources=len(self.settings.sources))
        await self._stop.wait()
        self._systemd.stopping()
        looking.cancel()
        await asyncio.wait([looking])
        membership, sources, calendars = self._rosters
        async with asyncio.timeout(_END):
            for roster in (sources, membership, calendars):  # whoever reads on finds each topic with its last word
                await roster.become({})

    async def _look_on(self) -> None:
        """Be what the configuration, the calendar and the other listeners make of it."""
        looked = self._clock.now()
        while True:
            await self._staff()
            self._systemd.alive()
            await self._sharing.news.wait(_LOOK)
            now = self._clock.now()
            if is_other_event(self.settings, looked, now):
                await self.renew()
            looked = now

    async def _staff(self) -> None:
        membership, sources, calendars = self._rosters
        settings = self.settings
        names = sorted(settings.sources)
        topics = [topic_of(self._kafka, name) for name in names]
        await membership.become(
            {"kafka": Job(fingerprint=f"{names}", start=partial(self._sharing.hold, topics, names))}
        )
        await calendars.become(readings(settings, self._client, self._clock, self.renew, self._masking.hide))
        await sources.become(self._jobs())

    def _jobs(self) -> Mapping[str, Job]:
        mine = {place.topic for place in self._sharing.mine or ()}
        return {
            name: Job(fingerprint=fingerprint(source), start=partial(self._read, source))
            for name, source in self.settings.sources.items()
            if topic_of(self._kafka, name) in mine
        }

    async def _read(self, source: Component) -> None:
        """Read a source into its topic, until cancelled."""
        tools = Tools(
            name=source.name,
            client=self._client.reporting(partial(self._metrics.source_request, source.name)),
            clock=self._clock,
            random=Random(source.name),
            hide=self._masking.hide,
            index=lambda: self._setup.classifier.index,
        )
        collector = self._collectors[source.name] = COLLECTORS.spec(source.kind).build(source.options, tools)
        try:
            while True:
                await outlive(self._supervise(source, collector), source=source.name)
                obey_cancellation()  # a bug that shows while it is left takes the cancellation along
                await asyncio.sleep(_AGAIN)
        finally:
            del self._collectors[source.name]
            self._metrics.source_removed(source.name)

    async def _supervise(self, source: Component, collector: Collector) -> None:
        publisher = Publisher(source, self._kafka, self._clock, self._metrics, partial(self._concerned, source.name))
        resumed, hide = Resumed(collector, publisher), self._masking.hide
        supervisor = Supervisor(source.name, resumed, publisher, publisher, self._clock, hide)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(publisher.keep_alive(), name=f"alive:{source.name}")
                await supervisor.run()
        except* StoreError as errors:
            log.warning("source_not_published", source=source.name, error=str(errors.exceptions[0]))
        finally:
            await publisher.close()

    def _concerned(self, source: str, mention: Mention) -> list[str]:
        """The brands that it may be of, and that hear the source."""
        listeners = self._setup.listeners.get(source, NOBODY)
        return [brand for brand in self._setup.classifier.may_concern(mention) if brand in listeners]

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
                refuse_restart(self.settings, loaded)
            except ConfigError as error:
                self._metrics.configuration_loaded(successful=False)
                log.error("reload_failed", error=str(error))  # noqa: TRY400  # the operator's to mend: no traceback
            else:
                self._masking.learn(secrets_told(loaded))
                await self._become(loaded.settings)
                self._metrics.configuration_loaded(successful=True)
                log.info("reloaded", warnings=len(loaded.warnings))
            self._systemd.ready()

    async def renew(self) -> None:
        """Take up what calendars say by now."""
        async with self._changing:
            await self._become(self.settings)

    async def _become(self, settings: Settings) -> None:
        self._setup = await asyncio.to_thread(setup_now, self._clock.now(), settings, self._setup)
        self._sharing.news.fire()

    def _waiting(self) -> str:
        return "" if self._sharing.mine is not None else "not yet one of the listeners: is Kafka there?"

    def _inbound(self, name: str) -> "list[web.RouteDef] | None":
        if name not in self.settings.sources:
            raise LookupError(name)
        collector = self._collectors.get(name)
        return list(collector.routes()) if collector else None
