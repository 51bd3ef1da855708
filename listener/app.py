"""The one place that wires everything: from a configuration to a running daemon, and back in the reverse order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random

import structlog
from aiohttp import web

from alerts.delivery import CANARY
from config.load import Loaded
from config.problems import ConfigError, Problem
from config.secrets import secrets_of
from config.settings import Component, Settings
from listener.agenda.reading import readings, setup_at
from listener.asking import asked_at, events, is_other_event
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.collector import COLLECTORS, Collector
from listener.collector import Tools as CollectorTools
from listener.garbage import in_the_background
from listener.labelling.learning import Learning
from listener.parts import Parts
from listener.pipeline.claimed import ClaimedQueue
from listener.pipeline.delivering import Delivering
from listener.pipeline.describe import Describer
from listener.pipeline.elsewhere import Elsewhere
from listener.pipeline.housekeeping import Housekeeping
from listener.pipeline.linking import recipients
from listener.pipeline.loudest import Loudest
from listener.pipeline.observing import forget
from listener.pipeline.outbox import ChannelOutbox
from listener.pipeline.queued import OwnQueue
from listener.pipeline.recount import Recounting
from listener.pipeline.roster import Job, Roster, fingerprint
from listener.pipeline.scraping import Scraping
from listener.pipeline.setup import Setup
from listener.pipeline.sifting import Afar
from listener.pipeline.status import DaemonStatus
from listener.pipeline.supervise import Supervisor
from listener.pipeline.vigilance import Vigilance
from listener.pipeline.work import Reload
from listener.shares import Share
from listener.store.claims import Claims
from listener.store.port import StoreError
from listener.told import Told
from listener.web.server import build_app
from listener.web.serving import served_at
from listener.web.status import Settings as PageSettings
from listener.web.status import Site
from rules.instant import Instant

DRAIN = 3.0
"""Seconds that deliveries under way get at the end, a reload under way included. With the outcomes that are then waited
for (1.5), two transactions that find the store locked (1.5 each) and the requests still being answered (1.5) that makes
9 of the 10 that the daemon has.
"""
_LOOK = 1.0
"""Seconds between looks at whether a live event begins or ends."""

log = structlog.get_logger("daemon")


def load_checked(path: Path) -> Loaded:
    """The configuration in `path`, right in itself and for the program. Raises ConfigError with every problem."""
    loaded, problems = examine(path, CATALOGS)
    if loaded is None or any(problem.level == "error" for problem in problems):
        raise ConfigError(problems)
    return replace(loaded, warnings=tuple(problems))


def setup_now(now: Instant, settings: Settings, before: Setup, share: Share | None = None) -> Setup:
    """The setup of a configuration, with what its sources are asked for at the moment; may take seconds. With a
    `share`, of that.
    """
    if any(events(settings)):
        settings = asked_at(settings, CATALOGS, now)
    return setup_at(now, settings, before, share)


def _round_off(after: Setup, gone: list[object]) -> None:
    """Make the index of all brands whole, and let go of what nobody else holds: of thousands that takes a while."""
    after.classifier.merge()
    gone.clear()


def secrets_told(loaded: Loaded) -> list[str]:
    """What must never be shown."""
    return list(secrets_of(loaded.settings, loaded.document))


Follow = Callable[[Component, Parts], Collector]
"""Reads what others hear of a source, in place of the source itself."""


class Daemon:
    """A running badbuzz, which does as it is `told`. With `follow`, others listen for it; with `claims`, others deliver
    as well.
    """

    def __init__(
        self,
        path: Path,
        parts: Parts,
        told: Told,
        follow: "Follow | None" = None,
        claims: Claims | None = None,
    ) -> None:
        self._path, self._parts, self._follow = path, parts, follow
        self._shared = ClaimedQueue(claims, lambda: self._settings, parts.clock.now) if claims else None
        self._elsewhere = Elsewhere(parts.views, parts.ledger.committed) if parts.share else None
        self._describer = Describer(parts.views, parts.ledger.setup.settings, parts.ledger.setup.agenda)
        self._supervisors: dict[str, Supervisor] = {}
        self._stop, self._reloads = told
        self._reloading = asyncio.Lock()

    @property
    def _settings(self) -> Settings:
        return self._parts.ledger.setup.settings

    async def serve(self) -> None:
        """Listen, judge and tell until told to stop; then finish what is under way within 10 s."""
        parts = self._parts
        async with served_at(build_app(self._pages()), self._settings.daemon), asyncio.TaskGroup() as group:
            sources, channels, calendars = (Roster(group, role) for role in ("source", "channel", "calendar"))
            self._rosters = (sources, channels, calendars)
            writing = group.create_task(parts.writer.run(), name="writer")
            keeping = group.create_task(self._housekeeping().run(), name="housekeeping")
            hearing = group.create_task(self._hear_signals(), name="signals")
            following = group.create_task(self._follow_events(), name="events")
            learning = group.create_task(self._learn(), name="learning")
            outbox = self._outbox(CANARY)
            watch = Vigilance(parts.ledger, parts.writer, parts.views, outbox, parts.clock, parts.metrics.vigil)
            vigil = group.create_task(watch.run(), name="vigilance")
            working = group.create_task(parts.pool.run(), name="workers")
            sharing = group.create_task(self._share(), name="sharing")
            await self._staff()
            parts.systemd.ready()
            parts.metrics.configuration_loaded(successful=True)
            log.info("started", version=version("badbuzz"), brands=len(self._settings.brands))
            await self._stop.wait()
            until = asyncio.get_running_loop().time() + DRAIN
            await self._reloading.acquire()  # for good: what a reload started now would never end
            parts.systemd.stopping()
            log.info("stopping")
            following.cancel()
            learning.cancel()  # what it would have learnt it learns after the next start
            await sources.become({})
            await calendars.become({})
            await self._drain(until)
            await channels.become({})
            if self._shared:
                await self._shared.release()
            for task in (hearing, keeping, writing, vigil, sharing):
                task.cancel()
            await asyncio.wait([hearing, keeping, writing, learning, following, vigil, sharing])
            await parts.writer.finish()
            working.cancel()
        log.info("stopped")

    async def reload(self) -> Sequence[Problem]:
        """Take up the configuration as it is on disk now; returns its warnings. Raises ConfigError when it cannot take
        effect: then nothing has changed.
        """
        async with self._changing():
            return await self._take_up()

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[None]:
        """One change at a time; each may be one of all brands."""
        async with self._reloading:
            with in_the_background():
                yield

    async def _take_up(self) -> Sequence[Problem]:
        try:
            loaded = await asyncio.to_thread(load_checked, self._path)  # seconds where there are many brands
            refuse_restart(self._settings, loaded)
        except ConfigError:
            self._parts.metrics.configuration_loaded(successful=False)
            raise
        self._parts.masking.learn(await asyncio.to_thread(secrets_told, loaded))
        before, after = self._parts.ledger.setup, await self._setup(loaded.settings)
        await self._parts.writer.submit(Reload(setup=after))
        forget(self._parts.metrics, before, after)
        self._describer.settings, self._describer.agenda = after.settings, after.agenda
        await self._staff()
        self._parts.metrics.configuration_loaded(successful=True)
        warnings, gone = loaded.warnings, [loaded, before]
        log.info("reloaded", warnings=len(warnings))
        del loaded, before
        await asyncio.to_thread(_round_off, after, gone)
        return warnings

    async def _setup(self, settings: Settings) -> Setup:
        parts = self._parts
        return await asyncio.to_thread(setup_now, parts.clock.now(), settings, parts.ledger.setup, parts.share)

    async def _look_ahead(self) -> None:
        """Take up what calendars that are kept elsewhere say by now."""
        async with self._changing():
            after = await self._setup(self._settings)
            if after.agenda != self._parts.ledger.setup.agenda:
                await self._parts.writer.submit(Reload(setup=after))
                self._describer.agenda = after.agenda
                await asyncio.to_thread(after.classifier.merge)

    async def _follow_events(self) -> None:
        """Ask platforms for the hashtags of live events while these go on."""
        looked = self._parts.clock.now()
        while True:
            await asyncio.sleep(_LOOK)
            now = self._parts.clock.now()
            if is_other_event(self._settings, looked, now):
                try:
                    await self._renew()
                except StoreError as error:
                    log.warning("event_waits", error=str(error))
                    continue
            looked = now

    async def _renew(self) -> None:
        async with self._changing():
            after = await self._setup(self._settings)
            await self._parts.writer.submit(Reload(setup=after))
            self._describer.settings = after.settings
            await self._staff()
            await asyncio.to_thread(after.classifier.merge)

    async def _staff(self) -> None:
        """Make the tasks of sources, channels and calendars those of the configuration in force."""
        sources, channels, calendars = self._rosters
        settings = self._settings
        client, clock, hide = self._parts.client, self._parts.clock, self._parts.masking.hide
        await calendars.become(readings(settings, client, clock, self._look_ahead, hide))
        await channels.become(self._delivering().jobs())
        await sources.become({name: self._source(each) for name, each in settings.sources.items()})

    def _source(self, source: Component) -> Job:
        async def start() -> None:
            parts = self._parts
            client = parts.client.reporting(partial(parts.metrics.source_request, source.name))
            tools = CollectorTools(
                name=source.name,
                client=client,
                clock=parts.clock,
                random=Random(source.name),
                hide=parts.masking.hide,
                index=lambda: parts.ledger.setup.classifier.index,
                afar=Afar(parts.ledger.classifying, lambda: parts.ledger.setup),
            )
            collector: Collector = COLLECTORS.spec(source.kind).build(source.options, tools)
            hide = parts.masking.hide
            reading = self._follow(source, parts) if self._follow else collector
            supervisor = Supervisor(source.name, reading, parts.writer, parts.ledger, parts.clock, hide)
            self._supervisors[source.name] = supervisor
            asking = Recounting(source.name, collector, parts.writer, parts.ledger, parts.views, parts.clock, hide)
            async with asyncio.TaskGroup() as group:
                again = group.create_task(asking.run(), name=f"recount:{source.name}")
                await supervisor.run()
                again.cancel()

        return Job(fingerprint=fingerprint(source), start=start)

    def _delivering(self) -> Delivering:
        parts = self._parts
        return Delivering(
            views=parts.views,
            settings=lambda: self._settings,
            clock=parts.clock,
            metrics=parts.metrics,
            installation=parts.installation,
            outbox=self._outbox,
            wait=parts.ledger.committed.wait,
        )

    def _outbox(self, channel: str) -> ChannelOutbox:
        parts, shared = self._parts, self._shared
        queue = shared or OwnQueue(parts.store, parts.writer)
        news = shared.news[channel] if shared else parts.ledger.outgoing
        links, hide = parts.links, parts.masking.hide
        return ChannelOutbox(queue, self._describer, news, parts.clock, parts.metrics, links, hide)

    def _housekeeping(self) -> Housekeeping:
        parts = self._parts
        return Housekeeping(parts.store, parts.ledger, parts.writer, parts.clock, parts.metrics, parts.systemd)

    async def _learn(self) -> None:
        parts = self._parts
        if parts.share is None:  # whoever judges a brand learns from its marks
            await Learning(parts.views, parts.ledger, parts.writer, parts.clock, parts.metrics).run()

    async def _hear_signals(self) -> None:
        while True:
            await self._reloads.wait()
            self._reloads.clear()
            self._parts.systemd.reloading(time.monotonic_ns() // 1_000)
            try:
                await self.reload()
            except (ConfigError, StoreError) as error:
                log.error("reload_failed", error=str(error))  # noqa: TRY400  # the operator's to mend: no traceback
            self._parts.systemd.ready()

    async def _share(self) -> None:
        """What only a daemon beside others does."""
        async with asyncio.TaskGroup() as group:
            if self._shared:
                group.create_task(self._shared.run(), name="claims")
            if self._elsewhere:
                group.create_task(self._elsewhere.run(), name="elsewhere")

    async def _drain(self, until: float) -> None:
        """Give deliveries that are due a last chance, until that time of the loop; where others deliver as well, those
        that are under way.
        """
        if self._shared:
            await self._shared.finish(until)
            return
        loop = asyncio.get_running_loop()
        while loop.time() < until and await self._is_owing():
            await self._parts.ledger.outgoing.wait(0.1)

    async def _is_owing(self) -> bool:
        """Whether a delivery is due; not when the store does not tell: the end must be written all the same."""
        try:
            due = await self._parts.store.next_due()
        except StoreError as error:
            log.warning("drain_failed", error=str(error))
            return False
        return due is not None and due <= self._parts.clock.now()

    def _pages(self) -> Site:
        parts = self._parts
        status = DaemonStatus(
            ledger=parts.ledger,
            writer=parts.writer,
            clock=parts.clock,
            started=parts.clock.now(),
            ranking=Loudest(parts.ledger, parts.clock, self._elsewhere),
            elsewhere=self._elsewhere,
        )
        scraping = Scraping(parts.ledger, parts.writer, parts.clock, parts.metrics)
        return Site(
            settings=self._page_settings,
            views=parts.views,
            status=status,
            news=parts.ledger.committed,
            now=parts.clock.now,
            key=parts.key,
            links=parts.links,
            reload=self.reload,
            inbound=self._inbound,
            exposition=scraping.exposition,
            hide=parts.masking.hide,
        )

    def _page_settings(self) -> PageSettings:
        daemon = self._settings.daemon
        return PageSettings(
            language=daemon.language,
            time_zone=daemon.time_zone,
            local=daemon.is_local,
            token=daemon.token,
            external_url=daemon.external_url,
            recipients=recipients(self._settings),
        )

    def _inbound(self, name: str) -> Sequence[web.RouteDef]:
        supervisor = self._supervisors.get(name) if name in self._settings.sources else None
        return supervisor.collector.routes() if supervisor else ()


def refuse_restart(settings: Settings, loaded: Loaded) -> None:
    """Raise ConfigError when `loaded` changes what only a restart can change."""
    old, new = settings.daemon, loaded.settings.daemon
    moved = [
        name
        for name in ("data", "database", "lease", "kafka", "listen", "log", "log_level", "workers")
        if getattr(old, name) != getattr(new, name)
    ]
    if moved:
        hint = "restart badbuzz, or put the old value back"
        raise ConfigError(
            loaded.document.problem(("daemon", name), "cannot change while badbuzz runs", hint) for name in moved
        )
