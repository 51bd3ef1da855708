"""Brands are judged in parts, each with a writer of its own; deliveries are claimed by whoever makes them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meta", sa.Column("offset", sa.BigInteger))
    op.add_column("commands", sa.Column("part", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("claimed_by", sa.Text))
    op.add_column("outbox", sa.Column("claimed_until", sa.BigInteger))
