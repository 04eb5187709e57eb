"""Search rows know the units above a person, as bits; a sixteenth of them is indexed apart for estimates."""

import sqlalchemy as sa
from alembic import op

revision = "hub_0003_scopes"
down_revision = "hub_0002"
branch_labels = None
depends_on = None

OLD = ["active", "past", "district", "standing"]
NEW = [*OLD, "scopes"]
SAMPLED = "(get_byte(uuid_send(person_id), 15) & 15) = 0"
NAMES = (
    ("name", ["name_key", "person_id"], "plain"),
    ("given", ["given", "name_key", "person_id"], "plain and given <> ''"),
    ("pinyin", ["pinyin", "name_key", "person_id"], ""),
    ("initials", ["initials", "pinyin", "name_key", "person_id"], ""),
)
# the same bits as services/hub/persons/scopes.py: a test compares them
BITS = """
create temp table placed on commit drop as
select b.person_id, bit_or(1::bigint << ((crc32(convert_to(f.org || '/' || l.label, 'UTF8')) >> 8 * part & 255) % 63)::int) scopes
from affiliation f join belonging b on b.affiliation_id = f.id
left join unit u on u.org = f.org and u.unit_id = f.unit_id
cross join lateral (select label, n from unnest(string_to_array(coalesce(u.path, f.shown->>'unit_path'), '/'))
  with ordinality x(label, n)) l cross join generate_series(0, 3) part
where l.n > 1 and not f.withdrawn group by b.person_id
"""


def upgrade() -> None:
    """Forward."""
    _drop()
    for table in ("person", "person_name", "person_tail"):
        op.add_column(table, sa.Column("scopes", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(BITS)
    for table, key in (("person", "id"), ("person_name", "person_id"), ("person_tail", "person_id")):
        op.execute(f"update {table} t set scopes = p.scopes from placed p where p.person_id = t.{key}")
    _create(NEW)
    for name, columns, where in NAMES:
        sampled = sa.text(f"{where} and {SAMPLED}" if where else SAMPLED)
        op.create_index(f"ix_person_name_{name}_sampled", "person_name", columns,
                        postgresql_include=[*NEW, "several"], postgresql_where=sampled)


def downgrade() -> None:
    """Back."""
    for name, _, _ in NAMES:
        op.drop_index(f"ix_person_name_{name}_sampled", table_name="person_name")
    _drop()
    for table in ("person", "person_name", "person_tail"):
        op.drop_column(table, "scopes")
    _create(OLD)


def _drop() -> None:
    for name, _, _ in NAMES:
        op.drop_index(f"ix_person_name_{name}", table_name="person_name")
    op.drop_index("ix_person_tail_tail", table_name="person_tail")


def _create(filters: list[str]) -> None:
    for name, columns, where in NAMES:
        op.create_index(f"ix_person_name_{name}", "person_name", columns, postgresql_include=[*filters, "several"],
                        postgresql_where=sa.text(where) if where else None)
    op.create_index("ix_person_tail_tail", "person_tail", ["tail", "name_key", "person_id"],
                    postgresql_include=filters)
