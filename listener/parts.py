"""What a running daemon is made of, opened and closed again."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2s
from importlib.metadata import version
from time import monotonic

import structlog

from alerts.links import Links
from config.settings import Settings
from listener.agenda.reading import setup_at
from listener.clock import Clock, Steady
from listener.net.client import Client, open_client
from listener.observe.masking import Masking
from listener.observe.metrics import Metrics
from listener.observe.systemd import Supervisor as Systemd
from listener.pipeline.classifying import Classifying
from listener.pipeline.ledger import Ledger
from listener.pipeline.quarantine import Quarantine
from listener.pipeline.writer import Writer
from listener.pool.pool import Pool, workers
from listener.pool.texts import TARGET
from listener.shares import Share
from listener.store.address import store_address
from listener.store.port import Store, Views
from listener.store.reached import Tenure
from listener.store.views import open_views

log = structlog.get_logger("daemon")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the daemon is made of, opened."""

    clock: Clock
    masking: Masking
    metrics: Metrics
    store: Store
    views: Views
    ledger: Ledger
    writer: Writer
    pool: Pool
    client: Client
    key: bytes
    links: Links
    installation: str
    systemd: Systemd
    share: Share | None


@dataclass(frozen=True)
class Opening:
    """What the parts are opened with. `store` is had for a `tenure`; the stack closes what is opened. `made` of the
    settings in checking them is held until the setup holds what of it is still wanted. `share` is what is judged here,
    all when None.
    """

    stack: AsyncExitStack
    store: Store
    tenure: Tenure
    settings: Settings
    clock: Clock
    masking: Masking
    systemd: Systemd
    made: list[object] = field(default_factory=list)
    share: Share | None = None


async def opened(given: Opening) -> Parts:
    """Open everything on a store that is had; the stack closes it in the reverse order."""
    begun, store, settings = monotonic(), given.store, given.settings
    position, salt = await store.position(), await store.salt()
    # one clock for stamps and for what asks what is due: else nothing is due once the wall is set back
    clock = Steady(given.clock, floor=position.last if position else 0)
    views = open_views(store_address(settings))
    given.stack.push_async_callback(views.close)
    metrics = Metrics(version=version("badbuzz"), now=clock.now)
    pool = Pool(TARGET, workers(settings.daemon.workers), lost=metrics.workers.lost)
    quarantine = await asyncio.to_thread(Quarantine, settings.daemon.data)
    metrics.workers.follow(lambda: pool.ready, lambda: pool.has_given_up, quarantine)
    classifying = Classifying(clock, pool, quarantine)
    # in a thread, so that the store is kept meanwhile: seconds where there are many brands
    setup = await asyncio.to_thread(setup_at, clock.now(), settings, None, given.share)
    given.made.clear()
    ledger = Ledger(store, views, clock, metrics, setup, classifying, given.share)
    await ledger.start()
    _tell(given.tenure, metrics, monotonic() - begun)
    return Parts(
        clock=clock,
        masking=given.masking,
        metrics=metrics,
        store=store,
        views=views,
        ledger=ledger,
        writer=Writer(ledger, metrics),
        pool=pool,
        client=await given.stack.enter_async_context(open_client(clock=clock, contact=settings.daemon.external_url)),
        key=blake2s(salt, person=b"page").digest(),
        links=links_of(salt),
        installation=installation_of(salt),
        systemd=given.systemd,
        share=given.share,
    )


def links_of(salt: bytes) -> Links:
    """The links of a store, which only its owner may read: they outlive a restart, and are good on every machine."""
    return Links(blake2s(salt, person=b"link").digest())


def installation_of(salt: bytes) -> str:
    """What tells the messages of a store from those of another."""
    return blake2s(salt, person=b"name", digest_size=6).hexdigest()


def _tell(tenure: Tenure, metrics: Metrics, loading: float) -> None:
    idle = None if tenure.idle is None else tenure.idle + timedelta(seconds=loading)
    metrics.ownership.has_begun(tenure.epoch, idle)
    if idle is not None:
        log.info("took_over", epoch=tenure.epoch, nobody_wrote_for=round(idle.total_seconds(), 3))
