"""Silences, and what was held back for them, as rows: how they are written, and how they are read back."""

from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, select

from alerts.silence import HeldBack, Hush, HushFor, Silence
from listener.store.inserting import upsert
from listener.store.port import Commit
from listener.store.rows import Row, encode
from listener.store.tables import HELD_BACK, SILENCES
from rules.instant import Instant

_HUSH = msgspec.json.Decoder(Hush)
_MOST = 1_000
"""Steps of one incident that are looked through, the latest."""

wish_of = msgspec.json.Decoder(HushFor).decode
"""What a command asks for."""


def wish_row(wish: HushFor, because: str, by: str, at: Instant) -> Row:
    """A row of `commands`."""
    asked = {"at": at, "verb": "silence", "target": "", "by": by, "because": because}
    return {**asked, "refusal": "", "details": encode(wish)}


def write_silences(connection: Connection, commit: Commit) -> None:
    """The silences of a commit, and what it holds back."""
    rows = {each.number: msgspec.structs.asdict(each) | {"what": encode(each.what)} for each in commit.silences}
    upsert(connection, SILENCES, list(rows.values()))
    held = {(each.incident, each.step): msgspec.structs.asdict(each) for each in commit.held_back}
    upsert(connection, HELD_BACK, list(held.values()))


def silences(connection: Connection, since: Instant | None, limit: int) -> list[tuple[Silence, int]]:
    """Newest first, each with the number of steps that it held back."""
    count = select(func.count()).where(HELD_BACK.c.silence == SILENCES.c.number).scalar_subquery()
    rows = select(SILENCES, count.label("held")).order_by(SILENCES.c.number.desc()).limit(limit)
    if since is not None:
        rows = rows.where(SILENCES.c.until > since)
    return [_silence(row) for row in connection.execute(rows).mappings()]


def held_back(connection: Connection, incident: str) -> list[HeldBack]:
    """In the order of the steps."""
    rows = select(HELD_BACK).where(HELD_BACK.c.incident == incident).order_by(HELD_BACK.c.step.desc()).limit(_MOST)
    return [HeldBack(**row) for row in reversed(connection.execute(rows).mappings().all())]


def _silence(row: RowMapping) -> tuple[Silence, int]:
    values: dict[str, Any] = dict(row)
    held = values.pop("held")
    return Silence(**values | {"what": _HUSH.decode(values["what"])}), held
