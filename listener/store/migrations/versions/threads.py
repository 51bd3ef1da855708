"""What was told of one incident is found without a look at all deliveries."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("outbox_thread", "outbox", ["thread", "position"])
