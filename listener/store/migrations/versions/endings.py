"""What an incident was, by whom it was said so, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("ending", "judged_by", "judged_because"):
        op.add_column("incidents", sa.Column(name, sa.Text, nullable=True))
