"""Persons by the organisations they have records at: counted from an index alone."""

from alembic import op

revision = "hub_0015"
down_revision = "hub_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_person_orgs", "person", ["active", "past"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_person_orgs", table_name="person")
