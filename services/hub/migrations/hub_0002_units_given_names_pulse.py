"""Unit names from the directory, search by given name, the pulse of organisations."""

import sqlalchemy as sa
from alembic import op

revision = "hub_0002"
down_revision = "hub_0001"
branch_labels = None
depends_on = None

FILTERS = ["active", "past", "district", "standing", "several"]


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "stale_unit",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("org", "unit_id", name=op.f("pk_stale_unit")),
    )
    op.create_index("ix_affiliation_unit", "affiliation", ["org", "unit_id", "id"],
                    postgresql_where=sa.text("unit_id is not null"))
    op.add_column("organisation", sa.Column("heard_at", sa.DateTime(timezone=True)))
    op.add_column("organisation", sa.Column("newest", sa.BigInteger()))
    op.add_column("organisation", sa.Column("waiting_since", sa.DateTime(timezone=True)))
    op.add_column("person_name", sa.Column("given", sa.Text(), nullable=False, server_default=""))
    # compound surnames are put right when the person is described again
    op.execute("update person_name set given = substr(name_key, 2) where plain and name_key ~ '^[㐀-鿿]+$'")
    op.create_index("ix_person_name_given", "person_name", ["given", "name_key", "person_id"],
                    postgresql_include=FILTERS, postgresql_where=sa.text("plain and given <> ''"))


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_person_name_given", table_name="person_name")
    op.drop_column("person_name", "given")
    for column in ("waiting_since", "newest", "heard_at"):
        op.drop_column("organisation", column)
    op.drop_index("ix_affiliation_unit", table_name="affiliation")
    op.drop_table("stale_unit")
