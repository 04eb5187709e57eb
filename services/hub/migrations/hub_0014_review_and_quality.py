"""Pairs put before stewards, samples of links, an index of contradictions."""

import sqlalchemy as sa
from alembic import op

revision = "hub_0014"
down_revision = "hub_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "raised",
        sa.Column("a", sa.Uuid(), nullable=False),
        sa.Column("b", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("search", sa.Uuid()),
        sa.Column("later_until", sa.Date()),
        sa.Column("later_by", sa.Text()),
        sa.CheckConstraint("a < b", name=op.f("ck_raised_ordered")),
        sa.CheckConstraint(
            "because in ('lookup', 'asked', 'search', 'undone')", name=op.f("ck_raised_because")
        ),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_raised")),
    )
    op.create_index("ix_raised_at", "raised", ["raised_at", "a", "b"])
    op.create_index("ix_raised_search", "raised", ["search"], postgresql_where=sa.text("search is not null"))
    op.create_table(
        "link_sample",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("since", sa.Date()),
        sa.Column("until", sa.Date()),
        sa.Column("drawn_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_sample")),
    )
    op.create_index("ix_link_sample_drawn_at", "link_sample", ["drawn_at"])
    op.create_table(
        "link_sampled",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("a", sa.Uuid(), nullable=False),
        sa.Column("b", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found", sa.Text()),
        sa.Column("found_by", sa.Text()),
        sa.Column("found_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("found in ('right', 'wrong', 'unsure')", name=op.f("ck_link_sampled_found")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["link_sample.id"], name=op.f("fk_link_sampled_sample_id_link_sample")
        ),
        sa.PrimaryKeyConstraint("sample_id", "number", name=op.f("pk_link_sampled")),
    )
    op.create_index("ix_edge_held", "edge", ["since", "a", "b", "rule"],
                    postgresql_where=sa.text("revoked_at is null and state = 'held'"))  # fmt: skip


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_edge_held", table_name="edge")
    for table in ("link_sampled", "link_sample", "raised"):
        op.drop_table(table)
