"""Fire drills as rows: how they are written, and how they are read back."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from alerts.drill import Drill, DrillFor
from listener.store.inserting import upsert
from listener.store.rows import Row, encode
from listener.store.tables import DRILLS
from rules.instant import Instant

_DRILL = msgspec.json.Decoder(Drill)

drill_for = msgspec.json.Decoder(DrillFor).decode
"""What a command asks for."""


def wish_row(wish: DrillFor, by: str, at: Instant) -> Row:
    """A row of `commands`."""
    asked = {"at": at, "verb": "drill", "target": wish.brand or "", "by": by, "because": None}
    return {**asked, "refusal": "", "details": encode(wish)}


def write_drills(connection: Connection, drills: Iterable[Drill]) -> None:
    """Drills as they stand now."""
    rows = {each.number: {"number": each.number, "ended_at": each.ended_at, "body": encode(each)} for each in drills}
    upsert(connection, DRILLS, list(rows.values()))


def drills(connection: Connection, number: int | None, open_only: bool, limit: int) -> list[Drill]:
    rows = select(DRILLS.c.body).order_by(DRILLS.c.number.desc()).limit(limit)
    if number is not None:
        rows = rows.where(DRILLS.c.number == number)
    if open_only:
        rows = rows.where(DRILLS.c.ended_at.is_(None))
    return [_DRILL.decode(body) for body in connection.scalars(rows)]
