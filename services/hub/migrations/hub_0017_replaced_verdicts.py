"""A decision knows which one it took the place of: undone, it gives that one back."""

import sqlalchemy as sa
from alembic import op

revision = "hub_0017"
down_revision = "hub_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("verdict", sa.Column("replaced", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("verdict", "replaced")
