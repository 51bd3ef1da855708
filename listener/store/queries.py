"""What is read, as statements on the connection that is given; every answer is bounded."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    func,
    inspect,
    select,
    text,
    tuple_,
)

from listener.store.among import among, named, those
from listener.store.asking import Answered
from listener.store.marking import marks_of
from listener.store.marks import Marking
from listener.store.owned import is_own, plain, prefix, prefixes, writer_row
from listener.store.port import IncidentRow, SchemaError, Seen, SourceRow, StoredMention
from listener.store.reached import Head, Position, Snapshot
from listener.store.rows import chunks, facts_of, key, stored_mention, transition_of
from listener.store.tables import (
    BRANDS,
    COMMANDS,
    HEAD,
    INCIDENTS,
    INPUTS,
    MENTION_BRANDS,
    MENTIONS,
    META,
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

FIRST = 1
"""The row of `meta` that is always there: its salt is that of all."""
PAGE = 500
"""Rows read at once where an answer is streamed."""


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
    columns = select(META.c.advanced, META.c.last, META.c.offset).where(META.c.id == writer_row(connection))
    row = connection.execute(columns).one()
    return None if row.advanced is None else Position(advanced=row.advanced, last=row.last, offset=row.offset)


def salt(connection: Connection) -> bytes:
    return bytes(connection.execute(select(META.c.salt).where(META.c.id == FIRST)).scalar_one())


def sequences(connection: Connection) -> dict[str, int]:
    """The last sequence number of every brand."""
    return {row.brand: row.seq for row in connection.execute(select(BRANDS))}


def lookup(
    connection: Connection, identities: Sequence[str], prefixes: Sequence[str]
) -> tuple[dict[str, Seen], dict[str, Instant]]:
    """What is known of the identities, and when each of their rows was last noted as listed. `prefixes` may stand
    before them; what is said under the first one goes before.
    """
    revisions: dict[str, dict[str, str]] = {}
    facts: dict[str, dict[str, Facts]] = {}
    listed: dict[str, Instant] = {}
    marks: dict[str, dict[str, Marking]] = {}
    deleted: set[str] = set()
    names = {before + key(identity): identity for before in reversed(prefixes) for identity in identities}
    for part in chunks(list(names)):
        mine = named(connection, part)
        for row in connection.execute(those(connection, SEEN.c.identity, SEEN), mine):
            revisions.setdefault(names[row.identity], {})[row.revision] = row.source
            listed[row.identity] = row.listed
        for row in connection.execute(those(connection, TOMBSTONES.c.identity, TOMBSTONES), mine):
            deleted.add(names[row.identity])
            listed[row.identity] = row.listed
        columns = those(connection, MENTIONS.c.identity, MENTIONS.c.identity, MENTIONS.c.facts)
        found = {row.identity: facts_of(row.facts) for row in connection.execute(columns, mine)}
        for name in filter(found.__contains__, part):
            facts.setdefault(names[name], {}).update(found[name])
    for few in chunks([key(identity) for identity in identities]):
        for mark in marks_of(connection, named(connection, few)):
            marks.setdefault(mark.identity, {})[mark.brand] = mark
    known = {
        identity: Seen(
            revisions=revisions.get(identity, {}),
            deleted=identity in deleted,
            facts=facts.get(identity, {}),
            marks=marks.get(key(identity), {}),
        )
        for identity in identities
        if identity in revisions or identity in deleted or identity in facts or key(identity) in marks
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
    mine = select(SOURCES).where(SOURCES.c.name == prefix(connection) + name)
    row = connection.execute(mine).mappings().first()
    return None if row is None else _source(row)


def sources(connection: Connection) -> list[SourceRow]:
    rows = select(SOURCES).where(is_own(connection, SOURCES.c.name)).order_by(SOURCES.c.name)
    return [_source(row) for row in connection.execute(rows).mappings()]


def _source(row: RowMapping) -> SourceRow:
    return SourceRow(**{**row, "name": plain(row["name"])})


def answer(connection: Connection, command: int) -> Answered | None:
    row = connection.execute(select(COMMANDS).where(COMMANDS.c.id == command)).first()
    return (
        None if row is None or row.answered_at is None else Answered(id=row.id, at=row.answered_at, refusal=row.refusal)
    )


def asked_before(connection: Connection, once: str) -> int | None:
    found: int | None = connection.scalar(select(func.min(COMMANDS.c.id)).where(COMMANDS.c.once == once))
    return found


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
    before = prefixes(connection)
    rows, names, size = select(MENTIONS), dict[str, Any](), limit
    order: Any = MENTIONS.c.at
    if brand is not None:
        rows = rows.join(MENTION_BRANDS, MENTION_BRANDS.c.identity == MENTIONS.c.identity)
        rows, order = rows.where(MENTION_BRANDS.c.brand == brand), MENTION_BRANDS.c.at
    if identities is not None:
        rows, size = rows.where(among(connection, MENTIONS.c.identity)), limit * len(before)
        names = named(connection, [mine + key(identity) for mine in before for identity in identities])
    if until is not None:
        rows = rows.where(order <= until)
    page = rows.order_by(order.desc(), MENTIONS.c.identity).limit(size)
    kept: dict[str, StoredMention] = {}
    for start in count(step=size):
        found = connection.execute(page.offset(start), names)
        read = sum(_put(kept, stored_mention(row)) for row in found.mappings())
        if read < size or len(kept) >= limit:
            break
    return list(kept.values())[:limit]


def _put(kept: dict[str, StoredMention], found: StoredMention) -> int:
    """Parts that know the same mention keep it each, for their brands: it is shown once, with what all know of it."""
    before = kept.get(found.mention.identity)
    if before:
        facts, tones = {**found.facts, **before.facts}, {**found.tones, **before.tones}
        found = msgspec.structs.replace(before, facts=facts, tones=tones)
    kept[found.mention.identity] = found
    return 1
