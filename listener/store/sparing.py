"""False alarms of people, and what they were spared, as rows."""

from collections.abc import Sequence

from msgspec.structs import asdict
from sqlalchemy import Connection, exists, func, select

from alerts.ceiling import Spared
from listener.store.inserting import upsert
from listener.store.tables import INCIDENTS, OUTBOX, SPARED
from rules.instant import Instant

_MOST = 1_000
"""Incidents that are looked through for one person, the latest."""


def write_spared(connection: Connection, rows: Sequence[Spared]) -> None:
    """What people are spared by a commit."""
    upsert(connection, SPARED, list({(each.incident, each.person): asdict(each) for each in rows}.values()))


def false_alarms(connection: Connection, channels: Sequence[str], since: Instant) -> int:
    """How many incidents that turned out false alarms some channels were told of since then."""
    found = (
        select(func.count(OUTBOX.c.thread.distinct()))
        .join(INCIDENTS, INCIDENTS.c.id == OUTBOX.c.thread)
        .where(INCIDENTS.c.ending == "false-alarm")
        .where(OUTBOX.c.channel.in_(channels), OUTBOX.c.state == "sent", OUTBOX.c.finished >= since)
    )
    return connection.scalar(found) or 0


def spared(connection: Connection, incident: str) -> list[Spared]:
    """By person."""
    rows = select(SPARED).where(SPARED.c.incident == incident).order_by(SPARED.c.person)
    return [Spared(**row) for row in connection.execute(rows).mappings()]


def kept_from(
    connection: Connection, person: str, channels: Sequence[str], since: Instant
) -> list[tuple[Spared, str, int]]:
    """Without what the channels were told of after all; the newest first."""
    told = exists().where(OUTBOX.c.thread == SPARED.c.incident, OUTBOX.c.channel.in_(channels))
    rows = (
        select(SPARED, INCIDENTS.c.brand, INCIDENTS.c.number)
        .join(INCIDENTS, INCIDENTS.c.id == SPARED.c.incident)
        .where(SPARED.c.person == person, SPARED.c.at >= since, ~told)
        .order_by(SPARED.c.at.desc())
        .limit(_MOST)
    )
    found = []
    for row in connection.execute(rows).mappings():
        values = dict(row)
        brand, number = values.pop("brand"), values.pop("number")
        found.append((Spared(**values), brand, number))
    return found
