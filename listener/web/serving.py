"""The address that the daemon is reached at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from config.settings import Daemon
from listener.store.port import StoreError

_ANSWERING = 1.5

log = structlog.get_logger("daemon")


@asynccontextmanager
async def served_at(app: web.Application, daemon: Daemon) -> AsyncIterator[None]:
    """Serve a web application at `daemon.listen` for the time of a block; requests under way get 1.5 s at its end.
    Raises StoreError when it cannot be.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_ANSWERING)
    await runner.setup()
    try:
        await web.TCPSite(runner, daemon.host or None, daemon.port).start()
        log.info("listening", addresses=[f"{each[0]}:{each[1]}" for each in runner.addresses])
        yield
    except OSError as error:
        raise StoreError(f"cannot listen on {daemon.listen}: {error.strerror}; change daemon.listen") from error
    finally:
        await runner.cleanup()
