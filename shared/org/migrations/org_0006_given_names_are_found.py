"""people are found by their given name: its key for those who are there already.

Where four characters may be a surname of two, both ends are keys.
"""

from alembic import op

revision = "org_0006"
down_revision = "org_0005"
branch_labels = None
depends_on = "kit_0001"

GIVEN = """
    INSERT INTO member_key (member_id, kind, key)
    SELECT id, 'g', substr(name_key, start) FROM member, generate_series(2, 3) AS start
    WHERE name_key ~ '^[\u3400-\u9fff]{3,4}$' AND length(name_key) > start
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Forward."""
    op.execute(GIVEN)


def downgrade() -> None:
    """Back."""
    op.execute("DELETE FROM member_key WHERE kind = 'g'")
