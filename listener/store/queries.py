"""What is read, as statements on the connection that is given; every answer is bounded."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    func,
    inspect,
    or_,
    select,
    text,
    tuple_,
)

from alerts.delivery import Delivery, Slot
from alerts.grouping import Rank
from alerts.outbox import PASS_ON
from listener.store.among import among, named
from listener.store.marking import marks_of
from listener.store.marks import Marking
from listener.store.port import Answered, IncidentRow, SchemaError, Seen, SourceRow, StoredMention
from listener.store.reached import Head, Position, Snapshot
from listener.store.rows import chunks, delivery, encode, facts_of, key, stored_mention, transition_of
from listener.store.tables import (
    BRANDS,
    COMMANDS,
    HEAD,
    INCIDENTS,
    INPUTS,
    MENTION_BRANDS,
    MENTIONS,
    META,
    OUTBOX,
    SEEN,
    SNAPSHOTS,
    SOURCES,
    TOMBSTONES,
    TRANSITIONS,
)
from rules.facts import Facts
from rules.inputs import Input, decode
from rules.instant import Instant
from rules.transition import Transition

PAGE = 500
"""Rows read at once where an answer is streamed."""

_OPEN = "due"


def revision(connection: Connection) -> str | None:
    """The schema's revision, None where there is none yet. Raises SchemaError when it is newer than this program's."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("select version_num from alembic_version"))
    if found is not None and found > HEAD:
        raise SchemaError(
            f"its schema {found} is of a newer badbuzz, this one knows {HEAD}: install the newer one again"
        )
    return found


def position(connection: Connection) -> Position | None:
    row = connection.execute(select(META.c.advanced, META.c.last)).one()
    return None if row.advanced is None else Position(advanced=row.advanced, last=row.last)


def salt(connection: Connection) -> bytes:
    return bytes(connection.execute(select(META.c.salt)).scalar_one())


def sequences(connection: Connection) -> dict[str, int]:
    """The last sequence number of every brand."""
    return {row.brand: row.seq for row in connection.execute(select(BRANDS))}


def lookup(connection: Connection, identities: Sequence[str]) -> tuple[dict[str, Seen], dict[str, Instant]]:
    """What is known of the identities, and when each of their rows was last noted as listed."""
    revisions: dict[str, dict[str, str]] = {}
    facts: dict[str, dict[str, Facts]] = {}
    listed: dict[str, Instant] = {}
    marks: dict[str, dict[str, Marking]] = {}
    deleted: set[str] = set()
    names = {key(identity): identity for identity in identities}
    for part in chunks(list(names)):
        mine = named(connection, part)
        for row in connection.execute(select(SEEN).where(among(connection, SEEN.c.identity)), mine):
            revisions.setdefault(row.identity, {})[row.revision] = row.source
            listed[row.identity] = row.listed
        for row in connection.execute(select(TOMBSTONES).where(among(connection, TOMBSTONES.c.identity)), mine):
            deleted.add(row.identity)
            listed[row.identity] = row.listed
        columns = select(MENTIONS.c.identity, MENTIONS.c.facts).where(among(connection, MENTIONS.c.identity))
        for row in connection.execute(columns, mine):
            facts[row.identity] = facts_of(row.facts)
        for mark in marks_of(connection, mine):
            marks.setdefault(mark.identity, {})[mark.brand] = mark
    known = {
        identity: Seen(
            revisions=revisions.get(name, {}),
            deleted=name in deleted,
            facts=facts.get(name, {}),
            marks=marks.get(name, {}),
        )
        for name, identity in names.items()
        if name in revisions or name in deleted or name in facts or name in marks
    }
    return known, listed


def heads(connection: Connection, brands: Sequence[str]) -> dict[str, Head]:
    of_these = SNAPSHOTS.c.brand.in_(brands)
    newest = select(SNAPSHOTS.c.brand, func.max(SNAPSHOTS.c.seq)).where(of_these).group_by(SNAPSHOTS.c.brand)
    rows = select(SNAPSHOTS).where(tuple_(SNAPSHOTS.c.brand, SNAPSHOTS.c.seq).in_(newest))
    snapshots = {row["brand"]: Snapshot(**row) for row in connection.execute(rows).mappings()}
    ends = {row.brand: row.seq for row in connection.execute(select(BRANDS).where(BRANDS.c.brand.in_(brands)))}
    return {brand: Head(seq=ends.get(brand, 0), snapshot=snapshots.get(brand)) for brand in brands}


def first_snapshot(connection: Connection, brand: str) -> Snapshot | None:
    """See the port: the oldest snapshot that the kept log continues."""
    first = _first_seq(connection, brand)
    reaches = SNAPSHOTS.c.seq >= (0 if first is None else first - 1)
    oldest = _snapshot(connection, (SNAPSHOTS.c.brand == brand) & reaches, SNAPSHOTS.c.seq)
    return None if oldest and first == 1 and oldest.seq else oldest


def snapshot_before(connection: Connection, brand: str, at: Instant) -> Snapshot | None:
    """See the port: the newest one of before `at` that the kept log continues."""
    oldest = first_snapshot(connection, brand)
    if oldest is None and _first_seq(connection, brand) != 1:
        return None
    which = (SNAPSHOTS.c.brand == brand) & (SNAPSHOTS.c.at < at) & (SNAPSHOTS.c.seq >= (oldest.seq if oldest else 0))
    return _snapshot(connection, which, SNAPSHOTS.c.seq.desc())


def _first_seq(connection: Connection, brand: str) -> int | None:
    first: int | None = connection.scalar(select(func.min(INPUTS.c.seq)).where(INPUTS.c.brand == brand))
    return first


def _snapshot(connection: Connection, which: ColumnElement[bool], order: Any) -> Snapshot | None:
    row = connection.execute(select(SNAPSHOTS).where(which).order_by(order).limit(1)).mappings().first()
    return None if row is None else Snapshot(**row)


def inputs(connection: Connection, brand: str, after: int) -> list[tuple[int, Input]]:
    """One page of the log after a sequence number."""
    page = select(INPUTS.c.seq, INPUTS.c.body).where(INPUTS.c.brand == brand, INPUTS.c.seq > after)
    return [(row.seq, decode(row.body)) for row in connection.execute(page.order_by(INPUTS.c.seq).limit(PAGE))]


def source(connection: Connection, name: str) -> SourceRow | None:
    row = connection.execute(select(SOURCES).where(SOURCES.c.name == name)).mappings().first()
    return None if row is None else SourceRow(**row)


def sources(connection: Connection) -> list[SourceRow]:
    return [SourceRow(**row) for row in connection.execute(select(SOURCES).order_by(SOURCES.c.name)).mappings()]


def answer(connection: Connection, command: int) -> Answered | None:
    row = connection.execute(select(COMMANDS).where(COMMANDS.c.id == command)).first()
    return (
        None if row is None or row.answered_at is None else Answered(id=row.id, at=row.answered_at, refusal=row.refusal)
    )


def asked_before(connection: Connection, once: str) -> int | None:
    found: int | None = connection.scalar(select(func.min(COMMANDS.c.id)).where(COMMANDS.c.once == once))
    return found


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
def _due() -> Select[Any]:
    """What is asked most often, put together once."""
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
    found = connection.execute(_due(), {"channel": channel, "at": at, "most": limit})
    waiting = [delivery(row) for row in found.mappings()]
    return [replace(each, receipt=_receipt(connection, each)) for each in waiting]


def together(connection: Connection, first: Delivery, at: Instant, limit: int) -> list[Delivery]:
    if first.slot is None:
        return [first]
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
    page = page.order_by(OUTBOX.c.critical.desc(), OUTBOX.c.position).limit(limit - 1)
    return [first, *(delivery(row) for row in connection.execute(page).mappings())]


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


def _receipt(connection: Connection, later: Delivery) -> str:
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


def brands(connection: Connection) -> list[str]:
    return sorted(sequences(connection))


def incidents(connection: Connection, brand: str | None, open_only: bool, limit: int) -> list[IncidentRow]:
    rows = select(INCIDENTS).order_by(INCIDENTS.c.number.desc()).limit(limit)
    if brand is not None:
        rows = rows.where(INCIDENTS.c.brand == brand)
    if open_only:
        rows = rows.where(INCIDENTS.c.state != "resolved")
    return [IncidentRow(**row) for row in connection.execute(rows).mappings()]


def incident(connection: Connection, name: str) -> IncidentRow | None:
    """By number, id, or a prefix of one id only."""
    ways: list[Callable[[], ColumnElement[bool]]] = [
        lambda: INCIDENTS.c.id == name,
        lambda: INCIDENTS.c.id.startswith(name, autoescape=True),
    ]
    if name.isascii() and name.isdigit() and len(name) <= 18:
        ways.insert(0, lambda: INCIDENTS.c.number == int(name))
    for way in ways if name else ():
        found = connection.execute(select(INCIDENTS).where(way()).limit(2)).mappings().all()
        if len(found) == 1:
            return IncidentRow(**found[0])
    return None


def transitions(connection: Connection, incident_id: str | None, after: int) -> list[tuple[int, Transition]]:
    """One page of (position, transition) after a position."""
    page = select(TRANSITIONS).where(TRANSITIONS.c.position > after).order_by(TRANSITIONS.c.position).limit(PAGE)
    if incident_id is not None:
        page = page.where(TRANSITIONS.c.incident == incident_id)
    return [(row.position, transition_of(row.body)) for row in connection.execute(page)]


def transition(connection: Connection, name: str) -> Transition | None:
    incident_id, _, step = name.rpartition(".")
    if not (step.isascii() and step.isdigit() and len(step) <= 9):
        return None
    which = (TRANSITIONS.c.incident == incident_id) & (TRANSITIONS.c.step == int(step))
    body = connection.scalar(select(TRANSITIONS.c.body).where(which))
    return None if body is None else transition_of(body)


def mentions(
    connection: Connection, brand: str | None, identities: Sequence[str] | None, until: Instant | None, limit: int
) -> list[StoredMention]:
    rows = select(MENTIONS)
    order: Any = MENTIONS.c.at
    if brand is not None:
        rows = rows.join(MENTION_BRANDS, MENTION_BRANDS.c.identity == MENTIONS.c.identity)
        rows, order = rows.where(MENTION_BRANDS.c.brand == brand), MENTION_BRANDS.c.at
    if identities is not None:
        rows = rows.where(MENTIONS.c.identity.in_([key(identity) for identity in identities]))
    if until is not None:
        rows = rows.where(order <= until)
    rows = rows.order_by(order.desc(), MENTIONS.c.identity).limit(limit)
    return [stored_mention(row) for row in connection.execute(rows).mappings()]


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
