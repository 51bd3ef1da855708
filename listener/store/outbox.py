"""The outbox, read: statements on the connection that is given; every answer is bounded."""

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, FromClause, Select, and_, bindparam, case, func, or_, select

from alerts.delivery import Delivery, Slot
from alerts.grouping import Rank
from alerts.outbox import PASS_ON
from listener.store.rows import delivery, encode
from listener.store.tables import OUTBOX
from rules.instant import Instant

_OPEN = "due"


def _heads() -> Select[Any]:
    """Deliveries to make, each the first of its line: an earlier one of its thread and channel would block it."""
    return select(OUTBOX).where(OUTBOX.c.state == _OPEN, ~_before(OUTBOX.alias("earlier")).exists())


def _before(earlier: FromClause) -> Select[Any]:
    """What holds up a delivery to make: `earlier` ones of its line."""
    # what waits for its hour holds up nothing that may go before it
    is_planned = and_(earlier.c.slot.is_not(None), earlier.c.attempts == 0, earlier.c.slot > OUTBOX.c.due)
    return select(earlier.c.id).where(
        earlier.c.state == _OPEN,
        earlier.c.channel == OUTBOX.c.channel,
        earlier.c.thread == OUTBOX.c.thread,
        earlier.c.position < OUTBOX.c.position,
        ~is_planned,
    )


@cache
def pressing() -> Select[Any]:
    """What of a channel is to be told at a moment; asked most often, and put together once."""
    ready = _heads().where(OUTBOX.c.channel == bindparam("channel"), OUTBOX.c.due <= bindparam("at"))
    line = OUTBOX.alias("line")
    urgent = select(line.c.id).where(
        line.c.state == _OPEN,
        line.c.channel == OUTBOX.c.channel,
        line.c.thread == OUTBOX.c.thread,
        line.c.critical.is_(True),
    )
    return ready.order_by(case((urgent.exists(), 0), else_=1), OUTBOX.c.due, OUTBOX.c.position).limit(bindparam("most"))


def due(connection: Connection, channel: str, at: Instant, limit: int) -> list[Delivery]:
    found = connection.execute(pressing(), {"channel": channel, "at": at, "most": limit})
    waiting = [delivery(row) for row in found.mappings()]
    return [replace(each, receipt=receipt(connection, each)) for each in waiting]


def together(connection: Connection, first: Delivery, at: Instant, limit: int) -> list[Delivery]:
    if first.slot is None:
        return [first]
    return [first, *(delivery(row) for row in connection.execute(beside(first, at, limit - 1)).mappings())]


def beside(first: Delivery, at: Instant, limit: int) -> Select[Any]:
    """What is told in one message with a delivery that is due and has a slot."""
    earlier = OUTBOX.alias("earlier")
    # one that failed and waits for its next attempt keeps what follows it in its line
    apart = or_(earlier.c.slot.is_(None), earlier.c.slot != first.slot, earlier.c.due > at)
    blocked = _before(earlier).where(apart)
    page = select(OUTBOX).where(
        OUTBOX.c.state == _OPEN,
        OUTBOX.c.channel == first.channel,
        OUTBOX.c.slot == first.slot,
        OUTBOX.c.circle == first.circle,
        OUTBOX.c.due <= at,
        OUTBOX.c.id != first.id,
        ~blocked.exists(),
    )
    return page.order_by(OUTBOX.c.critical.desc(), OUTBOX.c.position).limit(limit)


def slots(connection: Connection, since: Instant) -> list[Slot]:
    mine = (OUTBOX.c.channel, OUTBOX.c.circle, OUTBOX.c.slot)
    later, critical, rises = ~OUTBOX.c.asks, OUTBOX.c.critical, OUTBOX.c.rises
    ranks = ((later, Rank.LATER), (critical, Rank.CRITICAL), (rises, Rank.WORSE))
    rank = func.max(case(*((which, int(rank)) for which, rank in ranks), else_=int(Rank.ASKS)))
    page = select(*mine, rank.label("rank")).where(OUTBOX.c.slot > since).group_by(*mine).order_by(OUTBOX.c.slot)
    found = connection.execute(page)
    return [Slot(row.channel, row.circle, row.slot, Rank(row.rank)) for row in found]


def told_in(connection: Connection, message: str) -> list[str]:
    """The threads of which a message told together, in order."""
    threads = select(OUTBOX.c.thread).where(OUTBOX.c.told_in == message).group_by(OUTBOX.c.thread)
    return list(connection.scalars(threads.order_by(func.min(OUTBOX.c.position))))


def receipt(connection: Connection, later: Delivery) -> str:
    """The last one that the channel gave for the thread."""
    sent = select(OUTBOX.c.receipt).where(
        OUTBOX.c.state == "sent",
        OUTBOX.c.channel == later.channel,
        OUTBOX.c.thread == later.thread,
        OUTBOX.c.receipt != "",
    )
    return connection.scalar(sent.order_by(OUTBOX.c.position.desc()).limit(1)) or ""


def _failing(since: Instant) -> Select[Any]:
    """What was begun at `since` or before and is tried in vain, where that holds up a delivery, or is it."""
    line = OUTBOX.alias("line")
    return select(line.c.id).where(
        line.c.state == _OPEN,
        line.c.channel == OUTBOX.c.channel,
        line.c.thread == OUTBOX.c.thread,
        line.c.position <= OUTBOX.c.position,
        line.c.attempts > 0,
        line.c.created <= since,
    )


def overdue(connection: Connection, since: Instant, besides: Collection[str], limit: int) -> list[Delivery]:
    page = select(OUTBOX).where(
        OUTBOX.c.state == _OPEN,
        OUTBOX.c.critical.is_(True),
        OUTBOX.c.fallback != encode(()),
        OUTBOX.c.id.not_in(list(besides)),
        _failing(since).exists(),
    )
    return [delivery(row) for row in connection.execute(page.order_by(OUTBOX.c.position).limit(limit)).mappings()]


def missed(
    connection: Connection, channel: str, since: Instant, until: Instant, critical: bool, limit: int
) -> list[Delivery]:
    given_up = and_(OUTBOX.c.state == "parked", OUTBOX.c.finished.between(since, until))
    failing = and_(OUTBOX.c.state == _OPEN, OUTBOX.c.critical, _failing(until - PASS_ON).exists())
    page = select(OUTBOX).where(
        OUTBOX.c.channel == channel,
        OUTBOX.c.transition.is_not(None),
        OUTBOX.c.critical.is_(critical),
        or_(given_up, failing),
    )
    return [delivery(row) for row in connection.execute(page.order_by(OUTBOX.c.position).limit(limit)).mappings()]


def next_due(connection: Connection) -> Instant | None:
    earliest: Instant | None = connection.scalar(_heads().with_only_columns(func.min(OUTBOX.c.due)))
    return earliest


def waiting_since(connection: Connection) -> Instant | None:
    # a failed attempt moves `due` on; what was tried had been due since it was made
    first_due = case((OUTBOX.c.attempts > 0, OUTBOX.c.created), else_=OUTBOX.c.due)
    oldest: Instant | None = connection.scalar(select(func.min(first_due)).where(OUTBOX.c.state == _OPEN))
    return oldest


def deliveries(
    connection: Connection, state: str | None, thread: str | None, besides: Collection[str], limit: int
) -> list[Delivery]:
    rows = select(OUTBOX).order_by(OUTBOX.c.position.desc()).limit(limit)
    if state is not None:
        rows = rows.where(OUTBOX.c.state == state)
    if thread is not None:
        rows = rows.where(OUTBOX.c.thread == thread)
    if besides:
        rows = rows.where(OUTBOX.c.channel.not_in(besides))
    return [delivery(row) for row in connection.execute(rows).mappings()]
