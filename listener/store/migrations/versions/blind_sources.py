"""Since when a source is not heard, and when the operator heard of that."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("blind_since", "told_at"):
        op.add_column("sources", sa.Column(name, sa.BigInteger, nullable=True))
