"""Notes and holds as rows: how they are written, and how they are read back."""

from collections.abc import Sequence

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, case, delete, func, select

from listener.store.inserting import insert_new, upsert
from listener.store.notes import Hold, Kept, Note, Release, Remark
from listener.store.rows import mention_of
from listener.store.tables import HOLDS, INCIDENTS, KEPT, MENTION_BRANDS, NOTES
from rules.instant import Instant

_FOR_EVER = 2**62


def write_remarks(connection: Connection, remarks: Sequence[Remark]) -> None:
    """The notes and holds of a commit, in order."""
    for each in remarks:
        match each:
            case Note():
                mine = NOTES.c.incident == each.incident
                last = connection.scalar(select(func.coalesce(func.max(NOTES.c.number), 0)).where(mine)) or 0
                insert_new(connection, NOTES, [asdict(each) | {"number": last + 1}])
            case Hold():
                upsert(connection, HOLDS, [asdict(each)])
            case Release():
                for table in (HOLDS, KEPT):
                    connection.execute(delete(table).where(table.c.incident == each.incident))


def keep_aside(connection: Connection, doomed: Sequence[RowMapping], at: Instant) -> None:
    """Keep what is about to lose its words, rows of `mentions`, for the incidents on hold that it belongs to."""
    bodies = {row["identity"]: row["body"] for row in doomed if not row["deleted"]}
    for row in connection.execute(_held_pairs().where(MENTION_BRANDS.c.identity.in_(list(bodies)))).all():
        kept = {"incident": row.incident, "identity": row.identity, "at": at, "body": bodies[row.identity]}
        insert_new(connection, KEPT, [kept])


def is_held(identity: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a hold keeps the mention of an identity."""
    return _held_pairs().where(MENTION_BRANDS.c.identity == identity).exists()


def _held_pairs() -> Select[tuple[str, str]]:
    """(incident, identity) of all mentions that are on hold."""
    # one that goes on, or opens again, has no end yet
    end = case((INCIDENTS.c.state == "resolved", INCIDENTS.c.changed_at), else_=_FOR_EVER)
    return (
        select(HOLDS.c.incident, MENTION_BRANDS.c.identity)
        .select_from(HOLDS)
        .join(INCIDENTS, INCIDENTS.c.id == HOLDS.c.incident)
        .join(MENTION_BRANDS, MENTION_BRANDS.c.brand == HOLDS.c.brand)
        .where(MENTION_BRANDS.c.at.between(HOLDS.c.since, end))
    )


def notes(connection: Connection, incident: str) -> list[Note]:
    rows = select(NOTES).where(NOTES.c.incident == incident).order_by(NOTES.c.number)
    return [Note(incident=row.incident, at=row.at, by=row.by, text=row.text) for row in connection.execute(rows)]


def hold(connection: Connection, incident: str) -> Hold | None:
    row = connection.execute(select(HOLDS).where(HOLDS.c.incident == incident)).mappings().first()
    return None if row is None else Hold(**row)


def kept(connection: Connection, incident: str, limit: int) -> list[Kept]:
    rows = select(KEPT).where(KEPT.c.incident == incident).order_by(KEPT.c.at, KEPT.c.identity).limit(limit)
    return [Kept(deleted_at=row.at, mention=mention_of(row.body)) for row in connection.execute(rows)]
