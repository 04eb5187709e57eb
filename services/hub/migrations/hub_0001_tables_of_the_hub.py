"""Tables of the hub."""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = 'hub_0001'
down_revision = None
branch_labels = ('hub',)
depends_on = None


SOURCE = "个人信息保护法第六条（目的明确、与目的直接相关）、第二十三条；用途清单由联席办公室确定"
PURPOSES = (
    ("joint_activity", "联合活动人员核对", "Checking people for a joint activity", False),
    ("service_order", "服务订单办理", "Handling a service order", False),
    ("visit", "走访慰问", "Visiting people", False),
    ("transfer", "组织关系转接核对", "Checking a transfer", False),
    ("statistics", "统计数据核对", "Checking statistics", False),
    ("other", "其他（须写明事由）", "Other (say why)", True),
)


def upgrade() -> None:
    """Forward."""
    op.create_table('affiliation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('org', sa.Text(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('withdrawn', sa.Boolean(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('former_names', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('standing', sa.Text(), nullable=True),
    sa.Column('sex', sa.Text(), nullable=True),
    sa.Column('birth_year', sa.SmallInteger(), nullable=True),
    sa.Column('district', sa.Text(), nullable=True),
    sa.Column('identity', sa.Uuid(), nullable=True),
    sa.Column('phone', sa.Uuid(), nullable=True),
    sa.Column('card', sa.Uuid(), nullable=True),
    sa.Column('name_birth_phone', sa.Uuid(), nullable=True),
    sa.Column('birth_phone_sex', sa.Uuid(), nullable=True),
    sa.Column('name_birth_sex', sa.Uuid(), nullable=True),
    sa.Column('unit_id', sa.Uuid(), nullable=True),
    sa.Column('shown', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_affiliation'))
    )
    op.create_index('ix_affiliation_birth_phone_sex', 'affiliation', ['birth_phone_sex'], unique=False, postgresql_where=sa.text('birth_phone_sex is not null'))
    op.create_index('ix_affiliation_card', 'affiliation', ['card'], unique=False, postgresql_where=sa.text('card is not null'))
    op.create_index('ix_affiliation_identity', 'affiliation', ['identity'], unique=False, postgresql_where=sa.text('identity is not null'))
    op.create_index('ix_affiliation_name_birth_phone', 'affiliation', ['name_birth_phone'], unique=False, postgresql_where=sa.text('name_birth_phone is not null'))
    op.create_index('ix_affiliation_name_birth_sex', 'affiliation', ['name_birth_sex'], unique=False, postgresql_where=sa.text('name_birth_sex is not null'))
    op.create_index('ix_affiliation_phone', 'affiliation', ['phone'], unique=False, postgresql_where=sa.text('phone is not null'))
    op.create_index('uq_affiliation_member', 'affiliation', ['org', 'member_id'], unique=True)
    op.create_table('belonging',
    sa.Column('affiliation_id', sa.Uuid(), nullable=False),
    sa.Column('home', sa.Uuid(), server_default=sa.text('uuidv7()'), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('affiliation_id', name=op.f('pk_belonging')),
    sa.UniqueConstraint('home', name=op.f('uq_belonging_home'))
    )
    op.create_index('ix_belonging_person', 'belonging', ['person_id'], unique=False)
    op.create_table('edge',
    sa.Column('a', sa.Uuid(), nullable=False),
    sa.Column('b', sa.Uuid(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('a < b', name=op.f('ck_edge_ordered')),
    sa.PrimaryKeyConstraint('a', 'b', 'rule', name=op.f('pk_edge'))
    )
    op.create_index('ix_edge_b', 'edge', ['b'], unique=False)
    op.create_index('ix_edge_waiting', 'edge', ['since', 'a', 'b', 'rule'], unique=False, postgresql_where=sa.text("revoked_at is null and state = 'candidate'"))
    op.create_table('lookup_purpose',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('title_en', sa.Text(), nullable=False),
    sa.Column('needs_reason', sa.Boolean(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('code', 'valid_from', name=op.f('pk_lookup_purpose'))
    )
    op.create_table('lookup_record',
    sa.Column('id', sa.Uuid(), server_default=sa.text('uuidv7()'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('staff_name', sa.Text(), nullable=False),
    sa.Column('staff_office', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('purpose_title', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('capped', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lookup_record'))
    )
    op.create_index('ix_lookup_record_at', 'lookup_record', ['at'], unique=False, postgresql_using='brin')
    op.create_index('ix_lookup_record_staff', 'lookup_record', ['staff_id', 'at', 'id'], unique=False)
    op.create_table('org_bit',
    sa.Column('org', sa.Text(), nullable=False),
    sa.Column('bit', sa.SmallInteger(), nullable=False),
    sa.PrimaryKeyConstraint('org', name=op.f('pk_org_bit')),
    sa.UniqueConstraint('bit', name=op.f('uq_org_bit_bit'))
    )
    op.create_table('organisation',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('short_name', sa.Text(), nullable=False),
    sa.Column('letter', sa.Text(), nullable=False),
    sa.Column('palette', sa.Text(), nullable=False),
    sa.Column('person_term', sa.Text(), nullable=False),
    sa.Column('base_url', sa.Text(), nullable=False),
    sa.Column('capabilities', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('unit_kinds', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_organisation'))
    )
    op.create_table('person',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=False),
    sa.Column('spoken', sa.Text(), nullable=False),
    sa.Column('active', sa.Integer(), nullable=False),
    sa.Column('past', sa.Integer(), nullable=False),
    sa.Column('district', sa.Text(), nullable=True),
    sa.Column('standing', sa.Text(), nullable=False),
    sa.Column('standing_title', sa.Text(), nullable=False),
    sa.Column('sex', sa.Text(), nullable=True),
    sa.Column('birth_year', sa.SmallInteger(), nullable=True),
    sa.Column('phone_mask', sa.Text(), nullable=True),
    sa.Column('identity_mask', sa.Text(), nullable=True),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('size', sa.SmallInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person'))
    )
    op.create_table('person_name',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=False),
    sa.Column('pinyin', sa.Text(), nullable=False),
    sa.Column('initials', sa.Text(), nullable=False),
    sa.Column('plain', sa.Boolean(), nullable=False),
    sa.Column('several', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Integer(), nullable=False),
    sa.Column('past', sa.Integer(), nullable=False),
    sa.Column('district', sa.Text(), nullable=True),
    sa.Column('standing', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('person_id', 'name_key', 'pinyin', name=op.f('pk_person_name'))
    )
    op.create_index('ix_person_name_initials', 'person_name', ['initials', 'pinyin', 'name_key', 'person_id'], unique=False, postgresql_include=['active', 'past', 'district', 'standing', 'several'])
    op.create_index('ix_person_name_name', 'person_name', ['name_key', 'person_id'], unique=False, postgresql_include=['active', 'past', 'district', 'standing', 'several'], postgresql_where=sa.text('plain'))
    op.create_index('ix_person_name_pinyin', 'person_name', ['pinyin', 'name_key', 'person_id'], unique=False, postgresql_include=['active', 'past', 'district', 'standing', 'several'])
    op.create_table('person_tail',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('tail', sa.Text(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=False),
    sa.Column('active', sa.Integer(), nullable=False),
    sa.Column('past', sa.Integer(), nullable=False),
    sa.Column('district', sa.Text(), nullable=True),
    sa.Column('standing', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('person_id', 'tail', name=op.f('pk_person_tail'))
    )
    op.create_index('ix_person_tail_tail', 'person_tail', ['tail', 'name_key', 'person_id'], unique=False, postgresql_include=['active', 'past', 'district', 'standing'])
    op.create_table('unit',
    sa.Column('org', sa.Text(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('names', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('kind_title', sa.Text(), nullable=False),
    sa.Column('district', sa.Text(), nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('org', 'unit_id', name=op.f('pk_unit'))
    )
    op.create_index('ix_unit_path', 'unit', ['org', 'path'], unique=False)
    op.create_table('verdict',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('a', sa.Uuid(), nullable=False),
    sa.Column('b', sa.Uuid(), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_id', sa.Uuid(), nullable=False),
    sa.Column('by_name', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Text(), nullable=True),
    sa.Column('undone_reason', sa.Text(), nullable=True),
    sa.CheckConstraint("says in ('same', 'never')", name=op.f('ck_verdict_says')),
    sa.CheckConstraint('a < b', name=op.f('ck_verdict_ordered')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verdict'))
    )
    op.create_index('ix_verdict_b', 'verdict', ['b'], unique=False, postgresql_where=sa.text('undone_at is null'))
    op.create_index('uq_verdict_standing', 'verdict', ['a', 'b'], unique=True, postgresql_where=sa.text('undone_at is null'))
    op.create_table('lookup_opened',
    sa.Column('lookup_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['lookup_id'], ['lookup_record.id'], name=op.f('fk_lookup_opened_lookup_id_lookup_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('lookup_id', 'person_id', name=op.f('pk_lookup_opened'))
    )
    op.create_table('lookup_session',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('query', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['lookup_record.id'], name=op.f('fk_lookup_session_id_lookup_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lookup_session'))
    )
    op.create_index(op.f('ix_lookup_session_expires_at'), 'lookup_session', ['expires_at'], unique=False)
    purposes = sa.table(
        "lookup_purpose", *map(sa.column, ("code", "valid_from", "title", "title_en", "needs_reason", "position", "source"))
    )
    rows = [
        {"code": code, "valid_from": date(2026, 1, 1), "title": title, "title_en": english, "needs_reason": reason,
         "position": position, "source": SOURCE}
        for position, (code, title, english, reason) in enumerate(PURPOSES)
    ]
    op.bulk_insert(purposes, rows)


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f('ix_lookup_session_expires_at'), table_name='lookup_session')
    op.drop_table('lookup_session')
    op.drop_table('lookup_opened')
    op.drop_index('uq_verdict_standing', table_name='verdict', postgresql_where=sa.text('undone_at is null'))
    op.drop_index('ix_verdict_b', table_name='verdict', postgresql_where=sa.text('undone_at is null'))
    op.drop_table('verdict')
    op.drop_index('ix_unit_path', table_name='unit')
    op.drop_table('unit')
    op.drop_index('ix_person_tail_tail', table_name='person_tail', postgresql_include=['active', 'past', 'district', 'standing'])
    op.drop_table('person_tail')
    op.drop_index('ix_person_name_pinyin', table_name='person_name', postgresql_include=['active', 'past', 'district', 'standing', 'several'])
    op.drop_index('ix_person_name_name', table_name='person_name', postgresql_include=['active', 'past', 'district', 'standing', 'several'], postgresql_where=sa.text('plain'))
    op.drop_index('ix_person_name_initials', table_name='person_name', postgresql_include=['active', 'past', 'district', 'standing', 'several'])
    op.drop_table('person_name')
    op.drop_table('person')
    op.drop_table('organisation')
    op.drop_table('org_bit')
    op.drop_index('ix_lookup_record_staff', table_name='lookup_record')
    op.drop_index('ix_lookup_record_at', table_name='lookup_record', postgresql_using='brin')
    op.drop_table('lookup_record')
    op.drop_table('lookup_purpose')
    op.drop_index('ix_edge_waiting', table_name='edge', postgresql_where=sa.text("revoked_at is null and state = 'candidate'"))
    op.drop_index('ix_edge_b', table_name='edge')
    op.drop_table('edge')
    op.drop_index('ix_belonging_person', table_name='belonging')
    op.drop_table('belonging')
    op.drop_index('uq_affiliation_member', table_name='affiliation')
    op.drop_index('ix_affiliation_phone', table_name='affiliation', postgresql_where=sa.text('phone is not null'))
    op.drop_index('ix_affiliation_name_birth_sex', table_name='affiliation', postgresql_where=sa.text('name_birth_sex is not null'))
    op.drop_index('ix_affiliation_name_birth_phone', table_name='affiliation', postgresql_where=sa.text('name_birth_phone is not null'))
    op.drop_index('ix_affiliation_identity', table_name='affiliation', postgresql_where=sa.text('identity is not null'))
    op.drop_index('ix_affiliation_card', table_name='affiliation', postgresql_where=sa.text('card is not null'))
    op.drop_index('ix_affiliation_birth_phone_sex', table_name='affiliation', postgresql_where=sa.text('birth_phone_sex is not null'))
    op.drop_table('affiliation')
