"""What people do not want to be told of for a while, and what was held back for it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "silences",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("what", sa.LargeBinary, nullable=False),
        sa.Column("ended_by", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.Index("silences_until", "until"),
    )
    op.create_table(
        "held_back",
        sa.Column("incident", sa.Text, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("silence", sa.BigInteger, nullable=True),
        sa.Column("behind", sa.Text, nullable=True),
        sa.Column("told_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("incident", "step"),
        sa.Index("held_back_silence", "silence"),
        sa.Index("held_back_at", "at"),
    )
