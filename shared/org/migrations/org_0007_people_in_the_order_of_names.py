"""people of one pinyin are told apart by name in the list's order; scopes are called as their units are."""

from alembic import op

revision = "org_0007"
down_revision = "org_0006"
branch_labels = None
depends_on = "kit_0001"

NAMES = """
    UPDATE staff_account SET scope_name = unit.name FROM unit
    WHERE unit.id = staff_account.scope_unit AND staff_account.scope_name <> unit.name
"""


def upgrade() -> None:
    """Forward."""
    _index("name_py", "name", "id")
    op.execute(NAMES)


def downgrade() -> None:
    """Back."""
    _index("name_py", "id")


def _index(*columns: str) -> None:
    op.drop_index("ix_member_name", table_name="member")
    op.create_index("ix_member_name", "member", list(columns))
