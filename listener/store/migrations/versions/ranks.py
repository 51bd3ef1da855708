"""Whether a delivery tells of what got worse; and what those ask for that were made before that was kept."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ACTING = {"open", "worse", "reopened"}
_OUTBOX = sa.table(
    "outbox",
    sa.column("id", sa.Text),
    sa.column("thread", sa.Text),
    sa.column("transition", sa.Text),
    sa.column("call", sa.LargeBinary),
    sa.column("state", sa.Text),
    sa.column("slot", sa.BigInteger),
    sa.column("asks", sa.Boolean),
)
_TRANSITIONS = sa.table(
    "transitions", sa.column("incident", sa.Text), sa.column("step", sa.BigInteger), sa.column("body", sa.LargeBinary)
)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("rises", sa.Boolean, nullable=False, server_default=sa.false()))
    connection = op.get_bind()
    # "asks" was added as false to all that there was: what was planned then would be told last, and counted as an end,
    # and so would what takes the place of one that is not delivered
    matters = _OUTBOX.c.slot.is_not(None) | _OUTBOX.c.state.in_(("due", "parked"))
    told = sa.select(_OUTBOX).where(matters, _OUTBOX.c.asks.is_(False))
    asking = [row["id"] for row in connection.execute(told).mappings().all() if _asks(connection, row)]
    for name in asking:
        connection.execute(sa.update(_OUTBOX).where(_OUTBOX.c.id == name).values(asks=True))


def _asks(connection: sa.Connection, row: sa.RowMapping) -> bool:
    if row["call"] and json.loads(row["call"]).get("why", "told") != "told":
        return True
    step = (row["transition"] or "").rpartition(".")[2]
    if not step.isdecimal():
        return False
    mine = (_TRANSITIONS.c.incident == row["thread"]) & (_TRANSITIONS.c.step == int(step))
    body = connection.scalar(sa.select(_TRANSITIONS.c.body).where(mine))
    return body is not None and json.loads(body)["state"] in _ACTING
