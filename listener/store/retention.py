"""Retention, one small transaction after the other."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Select, Table, and_, delete, exists, or_, select, tuple_

from alerts.delivery import CANARY
from listener.store.noting import is_held
from listener.store.port import DELETED
from listener.store.tables import (
    ATTEMPTS,
    BRANDS,
    COMMANDS,
    DRILLS,
    HELD_BACK,
    HOLDS,
    INPUTS,
    MARKS,
    MENTION_BRANDS,
    MENTIONS,
    MODELS,
    OUTBOX,
    SEEN,
    SILENCES,
    SNAPSHOTS,
    SPARED,
    TOMBSTONES,
)
from rules.instant import DAY, Instant, span

PAGE = 1_000
"""Rows removed in one transaction, so that a batch of mentions never waits long."""

OVERTAKEN = timedelta(days=1)
"""How long a deletion that came before its mention, or of one that nobody heard, keeps the mention away."""
_NEWEST = 3
"""Snapshots always kept: the last one may be the last before a crash."""

Step = Callable[[Connection], int]


def steps(at: Instant, keep: timedelta, per_source: Mapping[str, timedelta], listed: timedelta) -> Iterator[Step]:
    """Each step removes up to PAGE rows and returns how many; it is to be repeated until it returns none."""
    before = at - span(keep)
    # one that still has its mention is not even looked at: most have, and there are many
    unlisted = at - span(max(listed, keep, *per_source.values()))
    own = [and_(MENTIONS.c.source == name, MENTIONS.c.at < at - span(kept)) for name, kept in per_source.items()]
    rest = and_(MENTIONS.c.source.not_in(list(per_source)), MENTIONS.c.at < before)
    for expired in (*own, rest):
        yield partial(_mentions, expired=expired)
    for table in (SEEN, TOMBSTONES):
        kept = exists().where(MENTIONS.c.identity == table.c.identity)
        yield partial(_rows, table=table, which=and_(table.c.listed < unlisted, ~kept))
    # a stream of a whole network tells of many deletions of what nobody here ever heard
    unheard = and_(SEEN.c.revision.like(f"{DELETED}%"), ~exists().where(MENTIONS.c.identity == SEEN.c.identity))
    yield partial(_rows, table=SEEN, which=and_(SEEN.c.listed < at - span(OVERTAKEN), unheard))
    yield partial(_rows, table=COMMANDS, which=COMMANDS.c.answered_at < before)
    yield partial(_rows, table=SILENCES, which=SILENCES.c.until < before)
    on_hold = select(HOLDS.c.incident)
    for table in (HELD_BACK, SPARED):
        yield partial(_rows, table=table, which=and_(table.c.at < before, table.c.incident.not_in(on_hold)))
    yield partial(_rows, table=DRILLS, which=DRILLS.c.ended_at < before)
    # a day of canaries says all there is to say of them
    flown = and_(OUTBOX.c.channel == CANARY, OUTBOX.c.finished < at - DAY)
    over = or_(flown, and_(OUTBOX.c.finished < before, OUTBOX.c.thread.not_in(on_hold)))
    finished = select(OUTBOX.c.id).where(over)
    yield partial(_rows, table=ATTEMPTS, which=ATTEMPTS.c.delivery.in_(finished))
    yield partial(_rows, table=OUTBOX, which=over)


def gone_brands(at: Instant, keep: timedelta, brands: Collection[str]) -> Iterator[Step]:
    """Steps for what was learnt of brands that have been out of the configuration for as long as mentions are kept."""
    for table in (MARKS, MODELS):
        heard = exists().where(MENTION_BRANDS.c.brand == table.c.brand)
        gone = and_(table.c.brand.not_in(list(brands)), ~heard, table.c.at < at - span(keep))
        yield partial(_rows, table=table, which=gone)


def brands(connection: Connection) -> list[str]:
    return list(connection.scalars(select(BRANDS.c.brand)))


def log_steps(brand: str, base: int) -> Iterator[Step]:
    """Snapshots go first: what is left of the log then always continues the oldest one kept."""
    for table in (SNAPSHOTS, INPUTS):
        last = base - 1 if table is SNAPSHOTS else base
        yield partial(_rows, table=table, which=and_(table.c.brand == brand, table.c.seq <= last))


def base(connection: Connection, brand: str, before: Instant) -> int | None:
    """The newest snapshot from before `before`: what came earlier is not needed. Those after it are thinned to one a
    day and the newest few; None when everything is needed.
    """
    rows = select(SNAPSHOTS.c.seq, SNAPSHOTS.c.at).where(SNAPSHOTS.c.brand == brand).order_by(SNAPSHOTS.c.seq)
    stamps = [(row.seq, row.at) for row in connection.execute(rows)]
    doomed = thinned(stamps)
    connection.execute(delete(SNAPSHOTS).where(SNAPSHOTS.c.brand == brand, SNAPSHOTS.c.seq.in_(doomed[:PAGE])))
    return max((seq for seq, at in stamps if at < before and seq not in doomed), default=None)


def thinned(stamps: list[tuple[int, Instant]]) -> list[int]:
    """Of (seq, at) in order, the seqs that may go: neither the first of their day nor among the newest few."""
    older = stamps[: -_NEWEST or None]
    return [seq for (_, previous), (seq, at) in pairwise(older) if previous // DAY == at // DAY]


def _mentions(connection: Connection, *, expired: ColumnElement[bool]) -> int:
    doomed = select(MENTIONS.c.identity).where(expired, ~is_held(MENTIONS.c.identity))
    names = list(connection.scalars(_unlocked(doomed, MENTIONS).limit(PAGE // 2)))
    connection.execute(delete(MENTION_BRANDS).where(MENTION_BRANDS.c.identity.in_(names)))
    return _count(connection.execute(delete(MENTIONS).where(MENTIONS.c.identity.in_(names))))


def _rows(connection: Connection, *, table: Table, which: ColumnElement[bool]) -> int:
    names = tuple_(*table.primary_key)
    page = _unlocked(select(*table.primary_key).where(which), table).limit(PAGE)
    return _count(connection.execute(delete(table).where(names.in_(page))))


def _unlocked(rows: Select[Any], table: Table) -> Select[Any]:
    """Those that nobody is writing: another part may be, and to wait for it may be to wait for each other."""
    return rows.with_for_update(of=table, skip_locked=True)


def _count(result: CursorResult[Any]) -> int:
    return result.rowcount
