"""why a round was cancelled, beside its note; until now it stood in place of the note."""

import sqlalchemy as sa
from alembic import op

revision = "org_0011"
down_revision = "org_0010"
branch_labels = None
depends_on = "kit_0004"

_APART = "UPDATE season_round SET cancelled = note, note = '' WHERE status = 'cancelled'"
_TOGETHER = "UPDATE season_round SET note = cancelled WHERE status = 'cancelled'"


def upgrade() -> None:
    """Forward: what the note of a cancelled round says is its reason."""
    op.add_column("season_round", sa.Column("cancelled", sa.Text(), server_default="", nullable=False))
    op.execute(_APART)


def downgrade() -> None:
    """Back: it stands in place of the note again."""
    op.execute(_TOGETHER)
    op.drop_column("season_round", "cancelled")
