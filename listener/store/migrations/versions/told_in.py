"""Which message told of a delivery with others, and whether a delivery asks somebody to act."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("asks", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("told_in", sa.Text, nullable=False, server_default=""))
    op.create_index("outbox_told_in", "outbox", ["told_in"])
