"""how many are where: people by unit, kind and standing, kept by triggers; indexes of what a desk counts."""

import sqlalchemy as sa
from alembic import op

revision = "org_0013"
down_revision = "org_0012"
branch_labels = None
depends_on = "kit_0005"

ON_ROLL = "standing <> 'left'"
INDEXES = {
    "ix_member_left": (["left_on"], "standing = 'left'"),
    "ix_member_ageing": (["birth", "id"], f"{ON_ROLL} and post is null"),
    "ix_member_no_phone": (["unit_path"], f"{ON_ROLL} and phone_token is null"),
    "ix_member_no_identity": (["unit_path"], f"{ON_ROLL} and identity_token is null"),
    "ix_member_unasked": (["kind", "unit_path"], f"{ON_ROLL} and consent is null"),
}
CAME = "select unit_path, kind, standing, 1 as n from came"
WENT = "select unit_path, kind, standing, -1 as n from went"
TRIGGERS = {
    "insert": ("referencing new table as came", CAME),
    "update": ("referencing new table as came old table as went", f"{CAME} union all {WENT}"),
    "delete": ("referencing old table as went", WENT),
}


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "member_tally",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("unit_path", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("people", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_member_tally_unit_path", "member_tally", ["unit_path"])
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "member", columns, postgresql_where=sa.text(where))
    for what, (tables, rows) in TRIGGERS.items():
        op.execute(
            f"create function member_tally_{what}() returns trigger language plpgsql as $$ begin"
            " insert into public.member_tally (unit_path, kind, standing, people)"
            f" select unit_path, kind, standing, sum(n) from ({rows}) r"
            " group by unit_path, kind, standing having sum(n) <> 0; return null; end $$"
        )
        op.execute(
            f"create trigger member_tally_{what} after {what} on member {tables}"
            f" for each statement execute function member_tally_{what}()"
        )
    op.execute(
        "create function member_tally_truncate() returns trigger language plpgsql as $$ begin"
        " delete from public.member_tally; return null; end $$"
    )
    op.execute(
        "create trigger member_tally_truncate after truncate on member"
        " for each statement execute function member_tally_truncate()"
    )
    op.execute(
        "insert into member_tally (unit_path, kind, standing, people)"
        " select unit_path, kind, standing, count(*) from member group by unit_path, kind, standing"
    )


def downgrade() -> None:
    """Back."""
    for what in (*TRIGGERS, "truncate"):
        op.execute(f"drop trigger member_tally_{what} on member")
        op.execute(f"drop function member_tally_{what}()")
    for name in INDEXES:
        op.drop_index(name, table_name="member")
    op.drop_table("member_tally")
