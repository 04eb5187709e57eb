"""people on the roll are counted by kind without reading their rows."""

from alembic import op

revision = 'org_0006'
down_revision = 'org_0005'
branch_labels = None
depends_on = 'kit_0001'


def upgrade() -> None:
    """Forward."""
    _index_anew(include=['kind'])


def downgrade() -> None:
    """Back."""
    _index_anew(include=[])


def _index_anew(include: list[str]) -> None:
    op.drop_index('ix_member_on_roll', 'member')
    op.create_index(
        'ix_member_on_roll', 'member', ['unit_path'],
        postgresql_where="standing <> 'left'", postgresql_include=include,
    )
