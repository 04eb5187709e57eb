"""The certificate's table."""

import sqlalchemy as sa
from alembic import op

revision = "disabled_0001"
down_revision = None
branch_labels = ("disabled",)
depends_on = ("org_0001",)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "certificate",
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("category", sa.Text()),
        sa.Column("level", sa.Text()),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("certificate")
