"""The store on SQLite or PostgreSQL: the writing side of the port."""

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select, update

from alerts.delivery import Delivery, Slot
from alerts.grouping import MOST_TOGETHER
from listener.store import marking, outbox, queries, retention
from listener.store.asking import Command
from listener.store.database import Place, finished, in_words, place, reading, writing
from listener.store.inserting import insert
from listener.store.lease import Lease, stalled
from listener.store.lock import FileLock, Lock
from listener.store.owned import inherited, writer_row
from listener.store.port import Commit, Seen, SourceRow, Store
from listener.store.reached import Head, Position, Tenure
from listener.store.tables import META
from listener.store.upkeep import lock_file, prepare
from listener.store.writing import RELIST_EVERY, lost, write
from rules.inputs import Input
from rules.instant import Instant, span

T = TypeVar("T")

_READ_LIMIT = timedelta(seconds=10)
LEASE_LENGTH = timedelta(seconds=15)
_LOCK_WAIT = 1.5
"""Seconds that a transaction waits for whoever else is writing (a command being left); the daemon tries it again."""
_RELISTED_AT_ONCE = 1_000
_RELISTED = 10_000
"""Identities noted as listed again and not yet written; beyond, they are noted when they are looked up next."""


def open_store(where: str | Path, lease: timedelta = LEASE_LENGTH, part: int = 0, *, alone: bool = False) -> Store:
    """The store in a data directory (SQLite) or at a `postgresql://` URL, not opened yet. Whoever opens the
    latter has it for `lease`, and for as long as that is kept; where brands are judged in parts, has that `part` of
    it, from 1, while others have the others. Who judges all brands wants it `alone`: it is busy while another process
    judges a part. Raises StoreError when `where` is neither.
    """
    return _SqlStore(replace(place(where), part=part), lease, alone=alone)


class _SqlStore:
    def __init__(self, at: Place, lease: timedelta, *, alone: bool) -> None:
        self._place = at
        self._lock: Lock = FileLock(lock_file(at.file)) if at.file else Lease(at, lease, alone=alone)
        self._writing = writing(at, _LOCK_WAIT, {} if at.file else stalled(lease))
        self._reading = reading(at, _READ_LIMIT)
        self._epoch = 0
        self._sequences: dict[str, int] | None = None
        self._last: Instant = 0
        self._prefixes = [""]
        self._relisted: dict[str, None] = {}
        self._unknown: Collection[str] = ()

    async def open(self, owner: str) -> Tenure:
        try:
            with in_words(self._place):
                await self._lock.take(owner)
                await prepare(self._place, self._writing)
                tenure = await self._write(partial(_claim, owner=owner, lock=self._lock))
            position, self._prefixes = await self.position(), await self._read(inherited)
        except BaseException:
            await self.close()
            raise
        self._last, self._epoch = position.last if position else 0, tenure.epoch
        return tenure

    async def keep(self) -> None:
        await self._lock.keep()

    async def assure(self) -> None:
        await self._lock.assure()

    async def close(self) -> None:
        await self._reading.dispose()
        await self._writing.dispose()
        await self._lock.release()

    async def commit(self, commit: Commit) -> None:
        await finished(self._commit(commit), "store commit")

    async def _commit(self, commit: Commit) -> None:
        relisted = list(self._relisted)[:_RELISTED_AT_ONCE]
        known, self._sequences = self._sequences, None  # unknown again if this fails
        new, self._unknown = self._unknown, ()  # nothing of this commit's is, from here on
        with in_words(self._place):
            self._sequences = await self._write(
                partial(_write, commit=commit, epoch=self._epoch, known=known, relisted=relisted, new=new)
            )
        self._last = commit.last
        for name in relisted:
            self._relisted.pop(name, None)

    async def position(self) -> Position | None:
        return await self._read(queries.position)

    async def salt(self) -> bytes:
        return await self._read(queries.salt)

    async def lookup(self, identities: Sequence[str]) -> dict[str, Seen]:
        known, listed = await self._read(partial(queries.lookup, identities=identities, prefixes=self._prefixes))
        self._unknown = {name for name in identities if name not in known}
        for name, at in listed.items():
            if at < self._last - RELIST_EVERY and len(self._relisted) < _RELISTED:
                self._relisted[name] = None
        return known

    async def heads(self, brands: Sequence[str]) -> dict[str, Head]:
        return await self._read(partial(queries.heads, brands=brands))

    async def inputs(self, brand: str, after: int) -> AsyncIterator[tuple[int, Input]]:
        while page := await self._read(partial(queries.inputs, brand=brand, after=after)):
            for numbered in page:
                yield numbered
            after = page[-1][0]

    async def source(self, name: str) -> SourceRow | None:
        return await self._read(partial(queries.source, name=name))

    async def sources(self) -> list[SourceRow]:
        return await self._read(queries.sources)

    async def commands(self, limit: int = 100) -> list[Command]:
        return await self._read(partial(marking.commands, limit=limit))

    async def due(self, channel: str, at: Instant, limit: int = 20) -> list[Delivery]:
        return await self._read(partial(outbox.due, channel=channel, at=at, limit=limit))

    async def together(self, first: Delivery, at: Instant, limit: int = MOST_TOGETHER) -> list[Delivery]:
        return await self._read(partial(outbox.together, first=first, at=at, limit=limit))

    async def slots(self, since: Instant) -> list[Slot]:
        return await self._read(partial(outbox.slots, since=since))

    async def overdue(self, since: Instant, besides: Collection[str] = (), limit: int = 100) -> list[Delivery]:
        return await self._read(partial(outbox.overdue, since=since, besides=besides, limit=limit))

    async def next_due(self) -> Instant | None:
        return await self._read(outbox.next_due)

    async def waiting_since(self) -> Instant | None:
        return await self._read(outbox.waiting_since)

    async def purge(
        self,
        at: Instant,
        keep: timedelta,
        per_source: Mapping[str, timedelta],
        listed: timedelta,
        brands: Collection[str],
    ) -> int:
        removed = 0
        for step in (*retention.steps(at, keep, per_source, listed), *retention.gone_brands(at, keep, brands)):
            removed += await self._repeat(step)
        for brand in await self._read(retention.brands):
            base = await self._step(partial(retention.base, brand=brand, before=at - span(keep)))
            for step in retention.log_steps(brand, base) if base is not None else ():
                removed += await self._repeat(step)
        return removed

    async def _repeat(self, step: retention.Step) -> int:
        removed = 0
        while page := await self._step(step):
            removed += page
        return removed

    async def _step(self, step: Callable[[Connection], T]) -> T:
        with in_words(self._place):
            return await finished(self._write(partial(_within, step, epoch=self._epoch)), "store purge")

    async def _read(self, query: Callable[[Connection], T]) -> T:
        with in_words(self._place):
            return await self._reading.run(query)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await self._writing.run(work)


def _claim(connection: Connection, *, owner: str, lock: Lock) -> Tenure:
    """Begin the epoch in which `owner` alone may commit; the salt is made with the first owner."""
    idle = lock.begin(connection)
    mine = writer_row(connection)
    first = [
        {"id": number, "salt": secrets.token_bytes(32), "epoch": 0, "owner": owner}
        for number in sorted({queries.FIRST, mine})
    ]
    connection.execute(insert(connection, META).on_conflict_do_nothing(), first)
    whose = update(META).where(META.c.id == mine)
    begun = whose.values(epoch=META.c.epoch + 1, owner=owner).returning(META.c.epoch)
    epoch = connection.execute(begun).scalar_one()
    lock.sign(connection, epoch, owner)
    return Tenure(epoch=epoch, idle=idle)


def _within(step: Callable[[Connection], T], connection: Connection, *, epoch: int) -> T:
    mine = select(META.c.id).where(META.c.id == writer_row(connection), META.c.epoch == epoch).with_for_update()
    if connection.execute(mine).first() is None:
        lost(connection)
    return step(connection)


def _write(
    connection: Connection,
    *,
    commit: Commit,
    epoch: int,
    known: dict[str, int] | None,
    relisted: Sequence[str],
    new: Collection[str],
) -> dict[str, int]:
    last = queries.sequences(connection) if known is None else known
    return last | write(connection, commit, epoch=epoch, last=last, relisted=relisted, new=new)
