"""What a channel names what it sent, so that a later message can be put beside it or in its place."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("receipt", sa.Text, nullable=False, server_default=""))
