"""kept ends of audit logs."""

import sqlalchemy as sa
from alembic import op

revision = 'kit_0003'
down_revision = 'kit_0002'
branch_labels = None
depends_on = None

KEPT_FOR_GOOD = """
DO $$ DECLARE grantee name; BEGIN
  FOR grantee IN SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
    WHERE g.table_schema = 'public' AND g.table_name = 'kept_audit_end' AND g.grantee <> current_user
  LOOP EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON kept_audit_end FROM %I', grantee); END LOOP;
END $$
"""


def upgrade() -> None:
    """Forward."""
    op.create_table('kept_audit_end',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('source', 'seq', 'hash', name=op.f('pk_kept_audit_end'))
    )
    op.execute(KEPT_FOR_GOOD)


def downgrade() -> None:
    """Back."""
    op.drop_table('kept_audit_end')
