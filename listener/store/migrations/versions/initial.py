"""The first tables. A revision never changes once released: what follows is a copy of its day, on purpose."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_METADATA = sa.MetaData()


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _body(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


sa.Table(
    "attempts",
    _METADATA,
    _text("delivery"),
    _number("attempt"),
    _number("at"),
    _text("state"),
    _text("reason"),
    _text("detail"),
    sa.PrimaryKeyConstraint("delivery", "attempt"),
)
sa.Table("brands", _METADATA, _text("brand"), _number("seq"), sa.PrimaryKeyConstraint("brand"))
sa.Table(
    "commands",
    _METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
    _number("at"),
    _text("verb"),
    _text("target"),
    _text("by"),
    _text("because", nullable=True),
    _number("answered_at", nullable=True),
    _text("refusal"),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("commands_answered", "answered_at"),
    sqlite_autoincrement=True,
)
sa.Table(
    "incidents",
    _METADATA,
    _text("id"),
    _number("number"),
    _text("brand"),
    _text("rule"),
    _text("state"),
    _text("severity"),
    _number("opened_at"),
    _number("changed_at"),
    _text("acknowledged_by", nullable=True),
    _number("steps"),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("number", name="incidents_number"),
)
sa.Table(
    "inputs",
    _METADATA,
    _text("brand"),
    _number("seq"),
    _number("at"),
    _body("body"),
    sa.PrimaryKeyConstraint("brand", "seq"),
    sqlite_with_rowid=False,
)
sa.Table(
    "mention_brands",
    _METADATA,
    _text("identity"),
    _text("brand"),
    _number("at"),
    sa.PrimaryKeyConstraint("identity", "brand"),
    sa.Index("mention_brands_at", "brand", "at"),
    sqlite_with_rowid=False,
)
sa.Table(
    "mentions",
    _METADATA,
    _text("identity"),
    _number("at"),
    _text("source"),
    _text("language", nullable=True),
    sa.Column("deleted", sa.Boolean(), nullable=False),
    _body("facts"),
    _body("tones"),
    _body("body"),
    sa.PrimaryKeyConstraint("identity"),
    sa.Index("mentions_at", "at"),
    sa.Index("mentions_source", "source", "at"),
)
sa.Table(
    "meta",
    _METADATA,
    _number("id"),
    _body("salt"),
    _text("writer"),
    _text("owner"),
    _number("advanced", nullable=True),
    _number("last", nullable=True),
    sa.PrimaryKeyConstraint("id"),
)
sa.Table(
    "outbox",
    _METADATA,
    _text("id"),
    _number("position"),
    _text("channel"),
    _text("thread"),
    _text("state"),
    _number("due"),
    _number("attempts"),
    _text("transition", nullable=True),
    _body("notice", nullable=True),
    sa.Column("critical", sa.Boolean(), nullable=False),
    _body("fallback"),
    _text("reason"),
    _text("detail"),
    _number("created"),
    _number("finished", nullable=True),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("outbox_line", "state", "channel", "thread", "position"),
    sa.UniqueConstraint("position", name="outbox_position"),
)
sa.Table(
    "seen",
    _METADATA,
    _text("identity"),
    _text("revision"),
    _text("source"),
    _number("at"),
    _number("listed"),
    sa.PrimaryKeyConstraint("identity", "revision"),
    sa.Index("seen_listed", "listed"),
    sqlite_with_rowid=False,
)
sa.Table(
    "snapshots",
    _METADATA,
    _text("brand"),
    _number("seq"),
    _number("at"),
    _body("state"),
    sa.PrimaryKeyConstraint("brand", "seq"),
)
sa.Table(
    "sources",
    _METADATA,
    _text("name"),
    _text("kind"),
    _text("state"),
    _text("cursor", nullable=True),
    _number("reading_since", nullable=True),
    _number("last_read", nullable=True),
    _number("last_mention", nullable=True),
    _text("code"),
    _text("detail"),
    _number("mentions"),
    _number("skipped"),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "tombstones",
    _METADATA,
    _text("identity"),
    _number("at"),
    _number("listed"),
    sa.PrimaryKeyConstraint("identity"),
    sa.Index("tombstones_listed", "listed"),
    sqlite_with_rowid=False,
)
sa.Table(
    "transitions",
    _METADATA,
    _text("incident"),
    _number("step"),
    _number("position"),
    _body("body"),
    sa.PrimaryKeyConstraint("incident", "step"),
    sa.UniqueConstraint("position", name="transitions_position"),
)


def upgrade() -> None:
    _METADATA.create_all(op.get_bind(), checkfirst=False)
