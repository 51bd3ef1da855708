"""Deliveries that several processes share out on PostgreSQL: whoever has claimed one makes it, and nobody else."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select, update

from alerts.delivery import Delivery, Outgoing, Slot
from alerts.grouping import MOST_TOGETHER
from listener.store import outbox, queries
from listener.store.database import in_words, on_server, place
from listener.store.lease import server_now, stalled
from listener.store.owned import count_alone
from listener.store.port import Commit, StoreError
from listener.store.rows import delivery
from listener.store.tables import OUTBOX
from listener.store.transacting import InLoop
from listener.store.writing import write_told
from rules.instant import Instant, Span, span

_OFTEN = 3
"""Renewals in the time of one claim: one may be lost."""
_CONNECTIONS = 4
_CLAIMING = int.from_bytes(b"bb", "big")
"""The class of our advisory locks of channels."""

T = TypeVar("T")

log = structlog.get_logger("claims")


class LostClaimError(Exception):
    """Another process has what was claimed, or it was settled meanwhile."""


class Claims:
    """The claims of one process in a PostgreSQL database, each for `length` by the server's clock; `keep` renews them.
    One that ran out is another's to take, and until somebody does it still holds.
    """

    def __init__(self, where: str | Path, length: timedelta) -> None:
        self._at, self._span = place(where), span(length)
        self._pause = length.total_seconds() / _OFTEN
        self.owner = f"pid {os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        self._transactions = InLoop(on_server(self._at, stalled(length), size=_CONNECTIONS))
        self._held: set[str] = set()
        self.answers = False

    @property
    def is_holding(self) -> bool:
        """Whether deliveries are claimed and not settled."""
        return bool(self._held)

    async def claim(self, channel: str, at: Instant) -> list[Delivery]:
        """The most pressing delivery of a channel, as `Store.due` tells, with all that `Store.together` has with it;
        none of a line, which is a thread of a channel, of which another process has something. Raises StoreError.
        """
        found = await self._run(partial(_claim, channel=channel, at=at, owner=self.owner, length=self._span))
        self._held.update(each.id for each in found)
        return found

    async def hold(self, deliveries: Collection[Delivery]) -> None:
        """Renew some, before what cannot be taken back. Raises LostClaimError, StoreError."""
        names = {each.id for each in deliveries}
        if await self._renewed(names) != names:
            self._held -= names
            raise LostClaimError

    async def settle(self, commit: Commit) -> None:
        """Write the outcomes of claimed deliveries, and what else `commit` says of deliveries: all of it, or nothing.
        Raises LostClaimError, StoreError.
        """
        try:
            await self._run(partial(_settle, commit=commit, owner=self.owner))
        except LostClaimError:
            self._forget(commit)
            raise
        self._forget(commit)

    def _forget(self, commit: Commit) -> None:
        self._held.difference_update(each.delivery for each in commit.outcomes)

    async def waiting(self, at: Instant) -> list[str]:
        """The channels of which something is due that nobody has. Raises StoreError."""
        return await self._run(partial(_waiting, at=at))

    async def salt(self) -> bytes:
        """As of the store, once there is one. Raises StoreError."""
        return await self._run(queries.salt)

    async def slots(self, since: Instant) -> list[Slot]:
        """As of the store. Raises StoreError."""
        return await self._run(partial(outbox.slots, since=since))

    async def keep(self) -> None:
        """Renew what is claimed, until cancelled; from then on nothing is, and all of it runs out."""
        try:
            while True:
                await asyncio.sleep(self._pause)
                await self._keep()
        finally:
            self._held.clear()

    async def _keep(self) -> None:
        names = {*self._held}
        try:
            self._held -= names - await self._renewed(names)
        except StoreError as error:
            log.warning("claims_not_renewed", error=str(error))

    async def _renewed(self, names: Collection[str]) -> set[str]:
        """Those of them that are claimed still."""
        if not names:
            return set()
        return await self._run(partial(_renew, names=sorted(names), owner=self.owner, length=self._span))

    async def release(self) -> None:
        """Leave to others what is claimed and not settled."""
        try:
            await self._run(partial(_release, owner=self.owner))
        except StoreError as error:
            log.warning("claims_not_released", error=str(error))  # they run out by themselves
        self._held.clear()

    async def close(self) -> None:
        await self._transactions.dispose()

    async def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            with in_words(self._at):
                result = await self._transactions.run(work)
        except StoreError:
            self.answers = False
            raise
        self.answers = True
        return result


def _claim(connection: Connection, *, channel: str, at: Instant, owner: str, length: Span) -> list[Delivery]:
    # one after the other: two that look at the same time would share out one line
    connection.execute(select(func.pg_advisory_xact_lock(_CLAIMING, func.hashtext(channel))))
    mine = {"channel": channel, "at": at, "most": 1, "owner": owner}
    row = connection.execute(_pressing(), mine).mappings().first()
    if row is None:
        return []
    first = delivery(row)
    page = _claimable(outbox.beside(first, at, MOST_TOGETHER - 1)) if first.slot is not None else None
    others = () if page is None else map(delivery, connection.execute(page, {"owner": owner}).mappings())
    found = [replace(first, receipt=outbox.receipt(connection, first)), *others]
    _mark(connection, [each.id for each in found], owner, length)
    return found


@cache
def _pressing() -> Select[Any]:
    return _claimable(outbox.pressing())


def _claimable(page: Select[Any]) -> Select[Any]:
    """Of these what can be had now."""
    line = OUTBOX.alias("claimed")
    theirs = select(line.c.id).where(
        line.c.state == "due",
        line.c.channel == OUTBOX.c.channel,
        line.c.thread == OUTBOX.c.thread,
        line.c.claimed_until > server_now(),
        line.c.claimed_by != bindparam("owner"),
    )
    return page.where(~theirs.exists()).with_for_update(of=OUTBOX, skip_locked=True)


def _mark(connection: Connection, names: Sequence[str], owner: str, length: Span) -> None:
    mine = {"claimed_by": owner, "claimed_until": server_now() + length}
    connection.execute(update(OUTBOX).where(OUTBOX.c.id.in_(names)).values(mine))


def _held(connection: Connection, names: Sequence[str], owner: str) -> Sequence[str]:
    """Those that are claimed still, which nobody can take before the transaction ends."""
    mine = (OUTBOX.c.id.in_(names), OUTBOX.c.state == "due", OUTBOX.c.claimed_by == owner)
    return connection.scalars(select(OUTBOX.c.id).where(*mine).order_by(OUTBOX.c.id).with_for_update()).all()


def _renew(connection: Connection, *, names: Sequence[str], owner: str, length: Span) -> set[str]:
    held = _held(connection, names, owner)
    _mark(connection, held, owner, length)
    return {*held}


def _settle(connection: Connection, *, commit: Commit, owner: str) -> None:
    names = [each.delivery for each in commit.outcomes]
    if commit.outgoing:
        count_alone(connection)  # first, as everybody does: who has it may wait for a row of ours
    if len(_held(connection, names, owner)) < len(names):
        raise LostClaimError
    write_told(connection, replace(commit, outgoing=[each for each in commit.outgoing if _is_news(connection, each)]))
    _free(connection, OUTBOX.c.id.in_(names))


def _is_news(connection: Connection, planned: Outgoing) -> bool:
    """Whether it is no notice of what is not delivered, while another process planned one that will count this too."""
    if planned.notice is None or planned.notice.topic != "undelivered":
        return True
    mine = (OUTBOX.c.thread == planned.thread, OUTBOX.c.channel == planned.channel)
    later = select(OUTBOX.c.id).where(*mine, OUTBOX.c.state == "due", OUTBOX.c.attempts == 0)
    return connection.execute(later.limit(1)).first() is None


def _release(connection: Connection, *, owner: str) -> None:
    _free(connection, (OUTBOX.c.state == "due") & (OUTBOX.c.claimed_by == owner))


def _free(connection: Connection, which: ColumnElement[bool]) -> None:
    connection.execute(update(OUTBOX).where(which).values(claimed_by=None, claimed_until=None))


def _waiting(connection: Connection, *, at: Instant) -> list[str]:
    nobodys = or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= server_now())
    due = select(OUTBOX.c.channel).where(OUTBOX.c.state == "due", OUTBOX.c.due <= at, nobodys)
    return list(connection.scalars(due.distinct()))
