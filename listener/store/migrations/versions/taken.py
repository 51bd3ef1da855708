"""When a mark was taken by this store, beside when it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("marks", sa.Column("taken", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE marks SET taken = at")
