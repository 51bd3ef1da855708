"""A daemon as a service: from a configuration to its end, whoever has the store meanwhile."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from config.problems import ConfigError
from config.settings import Settings
from listener.app import Daemon, Follow, load_checked, refuse_restart, secrets_told
from listener.asking import asked_at
from listener.catalogs import CATALOGS
from listener.clock import Clock
from listener.garbage import in_the_background, settle
from listener.observe.log import set_up
from listener.observe.masking import Masking
from listener.observe.systemd import Supervisor as Systemd
from listener.parts import Opening, opened
from listener.pipeline.housekeeping import EVERY
from listener.shares import Share
from listener.standby import AGAIN, Meanwhile, Standby
from listener.store.address import store_address
from listener.store.claims import Claims
from listener.store.port import SchemaError, StoreAwayError, StoreBusyError, StoreError, StoreRefusedError
from listener.store.store import open_store
from listener.told import Told, told_by_signals

log = structlog.get_logger("daemon")


Begun = tuple[Settings, Masking, list[object]]


def begun(path: Path, clock: Clock, *, apart: bool = False, sharing: bool = False) -> Begun:
    """The configuration that a service starts with, what must not show, and what checking made of it; it logs from now
    on as that says. `apart`: others do the rest of the work; `sharing`: some of them do the same on one database.
    Raises ConfigError.
    """
    settle()
    with in_the_background():
        loaded = load_checked(path)
    if apart and loaded.settings.daemon.kafka is None:
        hint = "add kafka: {brokers: [kafka.example:9092]}"
        raise ConfigError([loaded.document.problem(("daemon",), "a role of its own needs daemon.kafka", hint)])
    if sharing and loaded.settings.daemon.database is None:
        hint = "add database: postgresql://badbuzz@db.example/badbuzz"
        raise ConfigError([loaded.document.problem(("daemon",), "this role needs daemon.database", hint)])
    settings, masking = asked_at(loaded.settings, CATALOGS, clock.now()), Masking(secrets_told(loaded))
    set_up(style=settings.daemon.log, level=settings.daemon.log_level, masking=masking, now=Clock().now)
    for problem in loaded.warnings:
        log.warning("configuration", problem=str(problem))
    return settings, masking, list(loaded.made)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """How a daemon works beside others: they listen, as `follow` reads, judge all but its `share`, and deliver as well,
    by `claims`. `meanwhile` is what it does while another one has the store.
    """

    follow: Follow
    share: Share | None = None
    claims: Claims | None = None
    meanwhile: Meanwhile | None = None


async def run(path: Path, *, clock: Clock | None = None) -> None:
    """Run the daemon until SIGTERM or SIGINT. On PostgreSQL it stands by while another process has the store, also when
    it has lost it itself, or nobody reaches it. Raises ConfigError or StoreError when it cannot start, and
    StoreBusyError when another process has, or has taken over, a store on SQLite.
    """
    clock = clock or Clock()
    start = begun(path, clock)
    await serve(path, start, told_by_signals(), clock)


async def serve(path: Path, start: Begun, told: Told, clock: Clock, beside: Beside | None = None) -> None:
    """As `run`, from what it `begun` with; `beside` others where that is given."""
    settings, masking, made = start
    systemd, had = Systemd(os.environ), False
    while not told.ends.is_set():
        async with AsyncExitStack() as stack:
            store = open_store(store_address(settings), settings.daemon.lease, alone=beside is None)
            stack.push_async_callback(store.close)
            meanwhile = beside.meanwhile if beside else None
            standby = Standby(store, settings.daemon, systemd, told.ends, had=had, meanwhile=meanwhile)
            tenure = await standby.tenure()
            if tenure is None:
                return
            first, had = not (had or standby.waited), True
            share = beside.share if beside else None
            given = Opening(stack, store, tenure, settings, clock, masking, systemd, made, share)
            try:
                await _serve(path, given, told, beside, anew=not first)
            except ExceptionGroup as ended:
                reason = reason_of(ended)
                if not (settings.daemon.database and _passes(reason, first=first)):
                    raise reason from ended
            else:
                return
        log.error("stepped_down", error=str(reason))
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN):
                await told.ends.wait()


def _passes(reason: Exception, *, first: bool) -> bool:
    """Whether waiting mends it: another process has the store, or nobody reaches it. At a `first` start the operator is
    there to mend what nobody knows to pass.
    """
    passing = StoreAwayError | StoreBusyError if first else StoreError
    return isinstance(reason, passing) and not isinstance(reason, SchemaError | StoreRefusedError)


def _as_written(path: Path, given: Opening) -> Opening:
    """The configuration on disk, which may be another one by now; that of the start where it cannot take effect."""
    try:
        loaded = load_checked(path)
        refuse_restart(given.settings, loaded)
    except ConfigError as error:
        log.error("reload_failed", error=str(error))  # noqa: TRY400  # the operator's to mend: no traceback
        return given
    given.masking.learn(secrets_told(loaded))
    settings = asked_at(loaded.settings, CATALOGS, given.clock.now())
    return replace(given, settings=settings, made=list(loaded.made))


async def _serve(path: Path, given: Opening, told: Told, beside: Beside | None, *, anew: bool) -> None:
    """Keep the store, read everything back, `anew` the configuration too, and run the daemon."""
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(given.store.keep(), name="lease")
        starting = group.create_task(_signs(given.systemd), name="start")
        if anew:
            told.reloads.clear()
            given = await asyncio.to_thread(_as_written, path, given)
        with in_the_background():
            parts = await opened(given)
        starting.cancel()
        daemon = Daemon(path, parts, told, beside.follow, beside.claims) if beside else Daemon(path, parts, told)
        await daemon.serve()
        keeping.cancel()


async def _signs(systemd: Systemd) -> None:
    """Signs of life while much is read back: systemd may have been told already that the service is up."""
    while True:
        systemd.alive()
        await asyncio.sleep(EVERY)


def reason_of(ended: ExceptionGroup[Exception]) -> Exception:
    """What the operator can mend, alone; else everything."""
    leaves = list(_leaves(ended))
    # several parts of one database find the same of it
    mended = [each for each in leaves if isinstance(each, StoreBusyError | SchemaError)]
    return mended[0] if mended else leaves[0] if len(leaves) == 1 else ended


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for each in group.exceptions:
        if isinstance(each, ExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
