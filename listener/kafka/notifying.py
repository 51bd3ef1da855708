"""The role `notify`: what others judged is told here, by as many processes as there are. One of them has the desk: it
does what spans all brands, and hears what people ask for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import structlog

from alerts.agenda import Agenda, together, written
from config.problems import ConfigError
from config.settings import Settings
from listener.agenda.copies import elsewhere
from listener.agenda.reading import readings
from listener.app import DRAIN, load_checked, refuse_restart, secrets_told
from listener.clock import Clock, Steady
from listener.kafka.access import quieten
from listener.kafka.following import follower
from listener.net.client import Client, open_client
from listener.observe.masking import Masking
from listener.observe.metrics import Metrics
from listener.parts import installation_of, links_of
from listener.pipeline.claimed import ClaimedQueue
from listener.pipeline.delivering import Delivering
from listener.pipeline.describe import Describer
from listener.pipeline.outbox import LOOK_AGAIN, ChannelOutbox
from listener.pipeline.roster import Roster
from listener.service import Beside, begun, serve
from listener.shares import DESK, Share
from listener.store.address import store_address
from listener.store.claims import Claims
from listener.store.port import StoreError, Views
from listener.store.reached import Position
from listener.store.views import open_views
from listener.told import Told, told_by_signals

log = structlog.get_logger("notify")


async def run(path: Path) -> None:
    """Deliver until SIGTERM or SIGINT, and have the desk while no other process has. SIGHUP takes up a changed
    configuration. Raises ConfigError, and StoreError when it cannot start.
    """
    clock = Clock()
    start, told = begun(path, clock, apart=True, sharing=True), told_by_signals()
    quieten()
    settings, masking, _ = start
    kafka = settings.daemon.kafka
    assert kafka
    claims = Claims(store_address(settings), settings.daemon.lease)
    try:
        meanwhile = Deputy(path, settings, told, clock, masking, claims)
        desk = Beside(follow=follower, share=Share(DESK, kafka.parts), claims=claims, meanwhile=meanwhile)
        await serve(path, start, told, clock, desk)
    finally:
        await claims.close()


class Deputy:
    """What a notifier does while another one has the desk: it delivers all the same."""

    delivers = True

    def __init__(
        self, path: Path, settings: Settings, told: Told, clock: Clock, masking: Masking, claims: Claims
    ) -> None:
        self._path, self._settings, self._told = path, settings, told
        self._clock, self._masking, self._claims = clock, masking, claims
        self._metrics = Metrics(version=version("badbuzz"), now=clock.now)

    def waiting(self) -> str:
        return "" if self._claims.answers else "the database does not answer"

    def exposition(self, accept: str) -> tuple[bytes, str]:
        return self._metrics.exposition(accept)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._told.reloads.clear()
        await self._take_up()  # it does not know what was reloaded while it had the desk
        views = open_views(store_address(self._settings))
        queue = ClaimedQueue(self._claims, lambda: self._settings, self._clock.now)
        contact = self._settings.daemon.external_url
        try:
            async with open_client(clock=self._clock, contact=contact) as client, asyncio.TaskGroup() as group:
                delivering = group.create_task(self._deliver(queue, views, client), name="notify")
                yield
                # whoever has got the desk meanwhile is to keep it
                patience = min(DRAIN, self._settings.daemon.lease.total_seconds() / 3)
                await queue.finish(asyncio.get_running_loop().time() + patience)
                delivering.cancel()
            await queue.release()
        finally:
            await views.close()

    async def _deliver(self, queue: ClaimedQueue, views: Views, client: Client) -> None:
        salt, position = await self._known(views)
        clock = Steady(self._clock, floor=position.last if position else 0)
        describer = Describer(views, self._settings, self._agenda())
        links, hide = links_of(salt), self._masking.hide
        making = Delivering(
            views=views,
            settings=lambda: self._settings,
            clock=clock,
            metrics=self._metrics,
            installation=installation_of(salt),
            outbox=lambda channel: ChannelOutbox(
                queue, describer, queue.news[channel], clock, self._metrics, links, hide
            ),
            serves=False,
        )

        async def look_ahead() -> None:
            describer.agenda = self._agenda()

        async with asyncio.TaskGroup() as group:
            channels, calendars = Roster(group, "channel"), Roster(group, "calendar")
            group.create_task(queue.run(), name="claims")
            log.info("delivers", channels=len(self._settings.channels))
            while True:
                describer.settings = self._settings
                await calendars.become(readings(self._settings, client, clock, look_ahead, hide))
                await channels.become(making.jobs())
                await self._told.reloads.wait()
                self._told.reloads.clear()
                warnings = await self._take_up()
                if warnings is not None:
                    log.info("reloaded", warnings=warnings)

    async def _known(self, views: Views) -> tuple[bytes, Position | None]:
        """What must be known of the store, asked until it tells."""
        while True:
            try:
                return await self._claims.salt(), await views.position()
            except StoreError as error:
                log.warning("outbox_waits", error=str(error))
            await asyncio.sleep(LOOK_AGAIN)

    def _agenda(self) -> Agenda:
        return together([written(self._settings), elsewhere(self._settings, self._clock.now())])

    async def _take_up(self) -> int | None:
        """Go by the configuration on disk as it is now; how many warnings it has. One that is wrong is logged."""
        try:
            loaded = await asyncio.to_thread(load_checked, self._path)
            refuse_restart(self._settings, loaded)
        except ConfigError as error:
            self._metrics.configuration_loaded(successful=False)
            log.error("reload_failed", error=str(error))  # noqa: TRY400  # the operator's to mend: no traceback
            return None
        self._masking.learn(secrets_told(loaded))
        self._settings = loaded.settings
        self._metrics.configuration_loaded(successful=True)
        return len(loaded.warnings)
