"""the few lines staff look for in an import of a million."""

from alembic import op

revision = 'org_0005'
down_revision = 'org_0004'
branch_labels = None
depends_on = 'kit_0001'


def upgrade() -> None:
    """Forward."""
    op.create_index(
        'ix_import_row_special', 'import_row', ['batch_id', 'line'],
        postgresql_where="wants_look or doubted or state = 'failed' or state = 'kept'",
    )


def downgrade() -> None:
    """Back."""
    op.drop_index('ix_import_row_special', 'import_row')
