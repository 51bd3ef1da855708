"""Who writes, by number, and until when: several machines may wait for one PostgreSQL database."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("renewed", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
    )
    with op.batch_alter_table("meta") as meta:
        meta.add_column(sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"))
        meta.drop_column("writer")
