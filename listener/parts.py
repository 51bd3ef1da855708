"""What a running daemon is made of, opened and closed again."""

import os
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import blake2s
from importlib.metadata import version

from alerts.links import Links
from config.settings import Settings
from listener.agenda.reading import setup_at
from listener.clock import Clock, Steady
from listener.net.client import Client, open_client
from listener.observe.masking import Masking
from listener.observe.metrics import Metrics
from listener.observe.systemd import Supervisor as Systemd
from listener.pipeline.ledger import Ledger
from listener.pipeline.writer import Writer
from listener.store.address import store_address
from listener.store.port import Store, Views
from listener.store.store import open_store
from listener.store.views import open_views


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
    client: Client
    key: bytes
    links: Links
    installation: str
    systemd: Systemd


async def opened(stack: AsyncExitStack, settings: Settings, clock: Clock, masking: Masking) -> Parts:
    """Open everything; the stack closes it in the reverse order."""
    store = open_store(store_address(settings))
    await store.open(f"pid {os.getpid()} on {socket.gethostname()}")
    stack.push_async_callback(store.close)
    position = await store.position()
    # one clock for stamps and for what asks what is due: else nothing is due once the wall is set back
    clock = Steady(clock, floor=position.last if position else 0)
    views = open_views(store_address(settings))
    stack.push_async_callback(views.close)
    metrics = Metrics(version=version("badbuzz"), now=clock.now)
    ledger = Ledger(store, views, clock, metrics, setup_at(clock.now(), settings))
    await ledger.start()
    return Parts(
        clock=clock,
        masking=masking,
        metrics=metrics,
        store=store,
        views=views,
        ledger=ledger,
        writer=Writer(ledger, metrics),
        client=await stack.enter_async_context(open_client(clock=clock, contact=settings.daemon.external_url)),
        key=blake2s(await store.salt(), person=b"page").digest(),
        # of the store, which only its owner may read: a link outlives a restart, and is good on every machine of it
        links=Links(blake2s(await store.salt(), person=b"link").digest()),
        installation=blake2s(await store.salt(), person=b"name", digest_size=6).hexdigest(),
        systemd=Systemd(os.environ),
    )
