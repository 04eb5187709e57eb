"""Verdicts given at once are one decision, undone as one."""

import sqlalchemy as sa
from alembic import op

revision = "hub_0016"
down_revision = "hub_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "verdict", sa.Column("decision", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)
    )
    # those of one split were written in one transaction, whose time they carry
    op.execute(
        "update verdict v set decision = one.decision from (select distinct on (by_id, at) by_id, at, decision"
        " from verdict order by by_id, at, id) one where v.by_id = one.by_id and v.at = one.at"
    )
    op.create_index("ix_verdict_decision", "verdict", ["decision"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_verdict_decision", table_name="verdict")
    op.drop_column("verdict", "decision")
