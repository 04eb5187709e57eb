"""cards are found by the end of their number: an index of the last four signs."""

import sqlalchemy as sa
from alembic import op

revision = "org_0012"
down_revision = "org_0011"
branch_labels = None
depends_on = "kit_0005"

END = sa.text("right(card_no, 4)")
NUMBERED = sa.text("card_no is not null")


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_member_card4", "member", [END], postgresql_where=NUMBERED)


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_member_card4", table_name="member")
