"""What people say of mentions, what is learnt from it, and what else a command may say."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("chosen", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("brand", "identity"),
        sa.Index("marks_at", "brand", "at"),
        sa.Index("marks_identity", "identity"),
    )
    op.create_table(
        "models",
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=True),
        sa.Column("study", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("brand"),
    )
    op.add_column("commands", sa.Column("details", sa.LargeBinary, nullable=True))
