"""When a delivery is told together with others, and with which."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("circle", sa.Text, nullable=True))
    op.add_column("outbox", sa.Column("slot", sa.BigInteger, nullable=True))
    op.create_index("outbox_slot", "outbox", ["slot"])
