"""receipts of events."""

import sqlalchemy as sa
from alembic import op

revision = 'kit_0005'
down_revision = 'kit_0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('event_receipt',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('event_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('source', 'channel', 'seq', name=op.f('pk_event_receipt'))
    )
    op.create_index('ix_event_receipt_type', 'event_receipt', ['source', 'type', 'event_at', 'seq'])
    op.create_index('ix_event_receipt_key', 'event_receipt', ['key'])
    op.create_index('ix_event_receipt_at', 'event_receipt', ['event_at'], postgresql_using='brin')
    op.create_index('ix_event_receipt_trouble', 'event_receipt', ['event_at', 'seq'],
                    postgresql_where=sa.text("state <> 'applied'"))
    op.create_index('ix_event_log_type', 'event_log', ['type', 'at', 'seq'])
    op.create_index('ix_event_log_key', 'event_log', ['key'])


def downgrade() -> None:
    """Back."""
    op.drop_index('ix_event_log_key', 'event_log')
    op.drop_index('ix_event_log_type', 'event_log')
    op.drop_table('event_receipt')
