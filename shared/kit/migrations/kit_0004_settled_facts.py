"""settled facts."""

import sqlalchemy as sa
from alembic import op

revision = 'kit_0004'
down_revision = 'kit_0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('settled_fact',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_settled_fact'))
    )


def downgrade() -> None:
    """Back."""
    op.drop_table('settled_fact')
