"""given names of people who were there before, as the roll reads them now: minorities, compound surnames, former names.

org_0006 cut every name after its first and second character. Which key a name has is the roll's own word, so it is asked.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.kit.pii import name_keys
from shared.org.members.filling import searched_by

revision = "org_0010"
down_revision = "org_0009"
branch_labels = None
depends_on = "kit_0004"

BATCH = 5_000
_NEXT = sa.text("SELECT id, name, former_names FROM member WHERE id > :after ORDER BY id LIMIT :batch")
_WRONG = sa.text(
    "DELETE FROM member_key WHERE kind = 'g' AND member_id = ANY(:people) AND (member_id, key) NOT IN"
    " (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])))"
)
_MISSING = sa.text(
    "INSERT INTO member_key (member_id, kind, key) SELECT id, 'g', key"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])) AS t(id, key) ON CONFLICT DO NOTHING"
)


def upgrade() -> None:
    """Forward."""
    bind, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    while people := bind.execute(_NEXT, {"after": after, "batch": BATCH}).all():
        pairs = list(_given(people))
        ids, keys = [str(id_) for id_, _ in pairs], [key for _, key in pairs]
        bind.execute(_WRONG, {"people": [p.id for p in people], "ids": ids, "keys": keys})
        bind.execute(_MISSING, {"ids": ids, "keys": keys})
        after = str(people[-1].id)


def _given(people: Any) -> Iterator[tuple[object, str]]:
    for person in people:
        names = (name_keys(name) for name in (person.name, *(person.former_names or ())))
        yield from ((person.id, key) for kind, key in searched_by(names) if kind == "g")


def downgrade() -> None:
    """Back: what is right stays."""
