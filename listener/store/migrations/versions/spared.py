"""Who was not told of an incident for the sake of the ceiling of their false alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spared",
        sa.Column("incident", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("had", sa.BigInteger, nullable=False),
        sa.Column("accept", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("incident", "person"),
        sa.Index("spared_at", "at"),
    )
