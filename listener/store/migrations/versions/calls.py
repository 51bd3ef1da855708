"""For whom a delivery is, and whether somebody is reminded by it or it is passed on to them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("call", sa.LargeBinary))
