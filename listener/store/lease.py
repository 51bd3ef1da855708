"""Who may write to a PostgreSQL database: a row that its writer renews. Its instants are of the server's clock."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import BigInteger, ColumnElement, Connection, cast, func, literal_column, select, text, update

from listener.store.database import Place, in_words, named_after, on_server
from listener.store.inserting import insert_new
from listener.store.port import StoreBusyError, StoreError
from listener.store.tables import LEASE, META
from listener.store.transacting import InLoop
from listener.store.writing import lost
from rules.instant import duration, span

_OFTEN = 3
"""Renewals in one length: one may be lost."""
_ALL = 0
"""The row of whoever judges all brands; the others are of each part, the first of what spans them."""
_BEGINNING = int.from_bytes(b"bbbegin", "big")
"""The name of the advisory lock of whoever begins to judge."""

# A process that stands still between asking what a statement needs and running it, or amid many rows, is active to the
# server, not idle: this ends it where `stalled` does not.
_END_STALLED = text(
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and application_name like 'badbuzz%' and pid <> pg_backend_pid()"
    " and state = 'active' and wait_event = 'ClientRead'"
    " and clock_timestamp() - state_change > make_interval(secs => :idle) and pg_has_role(usesysid, 'usage')"
)
_END_PREDECESSOR = text(
    "select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)"
    " where datname = current_database() and application_name = :name"
    " and relation = 'meta'::regclass and pid <> pg_backend_pid() and mode in ('RowShareLock', 'RowExclusiveLock')"
    " and pg_has_role(usesysid, 'usage')"
)

log = structlog.get_logger("lease")


def stalled(length: timedelta) -> dict[str, str]:
    """Settings of a connection under which the server ends a transaction whose process stands still, so that it holds
    up no successor.
    """
    return {"idle_in_transaction_session_timeout": f"{_idle(length)}"}


def _idle(length: timedelta) -> int:
    """Milliseconds that a transaction may stand still."""
    return length // timedelta(milliseconds=1) // _OFTEN


class Lease:
    """The lease of a database for `length`, of a part of it or of all that is not parted; `alone`, of all brands, which
    nobody has while another one has a part. Whoever does not renew it in that time may lose it to another process.
    """

    def __init__(self, at: Place, length: timedelta, *, alone: bool = False) -> None:
        self._at, self._length, self._alone = at, length, alone
        self._rows = (at.part + 1, _ALL) if alone else (at.part + 1,)  # in the order in which everybody locks them
        self._pause = length.total_seconds() / _OFTEN
        self._transactions = InLoop(on_server(at, stalled(length), size=2, wait=max(self._pause, 1.0)))
        self._epoch: int | None = None
        self._owner = ""

    async def take(self, _owner: str) -> None:
        """Nothing is known before the schema is."""

    def begin(self, connection: Connection) -> timedelta | None:
        connection.execute(text(f"set local lock_timeout = {_idle(self._length)}"))
        self._end_stalled(connection)
        unheld = {"epoch": 0, "owner": "", "renewed": 0, "length": 0}
        insert_new(connection, LEASE, [{"id": row, **unheld} for row in self._rows])
        held = connection.execute(self._row(select(LEASE, server_now().label("now"))).with_for_update()).one()
        if held.renewed + held.length > held.now:
            raise StoreBusyError(f"{self._what} is written by {held.owner}")
        if self._at.part:
            _refuse_held(connection, LEASE.c.id == _ALL, "all brands of this database are judged by")
        elif self._alone:
            _refuse_held(connection, LEASE.c.id > 1, "brands of this database are judged in parts, one of them by")
        connection.execute(_END_PREDECESSOR, {"name": named_after(self._at.part)})
        return duration(held.now - held.renewed) if held.epoch else None

    def sign(self, connection: Connection, epoch: int, owner: str) -> None:
        mine = {"epoch": epoch, "owner": owner, "renewed": server_now(), "length": span(self._length)}
        connection.execute(update(LEASE).where(LEASE.c.id.in_(self._rows)).values(mine))
        if self._at.part:
            _end_epochs(connection, META.c.id == 1, META.c.epoch == _epoch_of_all(), owner=owner)
            connection.execute(update(LEASE).where(LEASE.c.id == _ALL).values(epoch=0))
        elif self._alone:
            _end_epochs(connection, META.c.id > 1, owner=owner)
        self._epoch, self._owner = epoch, owner

    async def keep(self) -> None:
        pause = self._pause
        while True:
            await asyncio.sleep(pause)
            pause = self._pause if await self._is_renewed() else self._pause / _OFTEN

    async def _is_renewed(self) -> bool:
        try:
            await self._run(self._renew)
        except StoreBusyError:
            raise
        except StoreError as error:
            log.warning("lease_not_renewed", error=str(error))
            return False
        return True

    async def assure(self) -> None:
        await self._run(self._look)

    async def release(self) -> None:
        try:
            if self._epoch is not None:
                await self._run(self._end)
        except StoreError as error:
            log.warning("lease_not_released", error=str(error))  # it runs out by itself
        finally:
            self._epoch = None
            await self._transactions.dispose()

    async def _run(self, work: Any) -> None:
        with in_words(self._at):
            await self._transactions.run(work)

    def _renew(self, connection: Connection) -> None:
        self._end_stalled(connection)
        if self._change(connection, renewed=server_now()) != len(self._rows):
            lost(connection)

    def _end_stalled(self, connection: Connection) -> None:
        connection.execute(_END_STALLED, {"idle": _idle(self._length) / 1_000})

    def _look(self, connection: Connection) -> None:
        held = connection.execute(self._row(select(LEASE, server_now().label("now")))).one()
        if held.epoch != self._epoch:
            lost(connection)
        if held.renewed + held.length <= held.now:
            raise StoreError("the lease has run out: nothing is told before it is renewed")

    def _end(self, connection: Connection) -> None:
        self._change(connection, renewed=server_now(), length=0)

    def _change(self, connection: Connection, **values: Any) -> int:
        """How many rows are ours still. An epoch that was not committed is another one's by now: the owner tells."""
        mine = update(LEASE).where(LEASE.c.epoch == self._epoch, LEASE.c.owner == self._owner).values(values)
        return sum(connection.execute(mine.where(LEASE.c.id == row)).rowcount for row in self._rows)

    def _row(self, statement: Any) -> Any:
        return statement.where(LEASE.c.id == self._at.part + 1)

    @property
    def _what(self) -> str:
        return f"part {self._at.part} of this database" if self._at.part else "this database"


def _refuse_held(connection: Connection, rows: ColumnElement[bool], words: str) -> None:
    """Raises StoreBusyError while somebody has one of some leases: brands would be judged twice. Nobody takes one of
    them before the transaction ends.
    """
    connection.execute(select(func.pg_advisory_xact_lock(_BEGINNING)))
    held = rows & (LEASE.c.renewed + LEASE.c.length > server_now())
    owner = connection.scalar(select(LEASE.c.owner).where(held).order_by(LEASE.c.id).limit(1))
    if owner is not None:
        raise StoreBusyError(f"{words} {owner}")


def _epoch_of_all() -> Any:
    return select(LEASE.c.epoch).where(LEASE.c.id == _ALL).scalar_subquery()


def _end_epochs(connection: Connection, *whose: ColumnElement[bool], owner: str) -> None:
    """Whoever judged brands that `owner` judges from now on, and wakes up, finds its commits refused."""
    connection.execute(update(META).where(*whose).values(epoch=META.c.epoch + 1, owner=owner))


def server_now() -> Any:
    """Microseconds since 1970; not those of the beginning of the transaction, which may have waited for a row."""
    return cast(func.extract("epoch", func.clock_timestamp()) * literal_column("1000000"), BigInteger)
