"""What a channel calls a press that it may tell of again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commands", sa.Column("once", sa.Text, nullable=True))
    op.create_index("commands_once", "commands", ["once"])
