"""Which organisations a venue holds, and who leads them; known of venues told from now on or rebuilt."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "hub_0018"
down_revision = "hub_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("venue", sa.Column("lead_org", sa.Text(), nullable=False, server_default=""))
    op.add_column("venue", sa.Column("tenants", ARRAY(sa.Text()), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Back."""
    op.drop_column("venue", "tenants")
    op.drop_column("venue", "lead_org")
