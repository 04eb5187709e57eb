"""People on the roll, their search keys and their history."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.org.db import OrgBase
from shared.org.units.models import Unit

_ON_ROLL = "standing <> 'left'"


class Member(OrgBase):
    """One affiliation of one person with one unit: the common core.

    An organisation keeps its own facts in a one-to-one table of its own. Identity number and phone are
    encrypted fields; their tokens serve search and uniqueness. `exclusive_key` is what the policy says may
    stand only once among those on the roll (for example one active union membership per person).
    """

    __tablename__ = "member"
    __table_args__ = (
        Index("uq_member_exclusive", "exclusive_key", unique=True, postgresql_where=text(_ON_ROLL)),
        Index(
            "uq_member_card",
            "card_no",
            unique=True,
            postgresql_where=text(_ON_ROLL + " and card_no is not null"),
        ),
        Index("ix_member_roll", "unit_path", "name_key", "id"),
        Index("ix_member_on_roll", "unit_path", postgresql_where=text(_ON_ROLL)),
        Index("ix_member_changed", "changed_at", "id"),
        Index("ix_member_name", "name_py", "name", "id"),
        Index("ix_member_joined", text("coalesce(joined_on, '0001-01-01'::date)"), "id"),
        Index("ix_member_left", "left_on", postgresql_where=text("standing = 'left'")),
        Index("ix_member_ageing", "birth", "id", postgresql_where=text(_ON_ROLL + " and post is null")),
        Index(
            "ix_member_no_phone", "unit_path", postgresql_where=text(_ON_ROLL + " and phone_token is null")
        ),
        Index(
            "ix_member_no_identity",
            "unit_path",
            postgresql_where=text(_ON_ROLL + " and identity_token is null"),
        ),
        Index(
            "ix_member_unasked", "kind", "unit_path", postgresql_where=text(_ON_ROLL + " and consent is null")
        ),
        Index("ix_member_phone4", "phone_last4"),
        Index("ix_member_identity4", "identity_last4"),
        Index("ix_member_card4", text("right(card_no, 4)"), postgresql_where=text("card_no is not null")),
        Index("ix_member_identity", "identity_token", postgresql_where=text("identity_token is not null")),
        Index("ix_member_phone", "phone_token", postgresql_where=text("phone_token is not null")),
        Index("ix_member_name_birth", "name_key", "birth"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey(Unit.id), index=True)
    unit_path: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    standing: Mapped[str] = mapped_column(Text, default="active")
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)
    name_py: Mapped[str] = mapped_column(Text)
    """the usual reading in pinyin: lists are sorted by it"""
    former_names: Mapped[list[str]] = mapped_column(JSONB, default=list)
    sex: Mapped[str | None] = mapped_column(Text)
    birth: Mapped[date | None]
    identity_kind: Mapped[str | None] = mapped_column(Text)
    identity_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_token: Mapped[UUID | None] = mapped_column(Uuid)
    identity_last4: Mapped[str | None] = mapped_column(Text)
    phone_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_token: Mapped[UUID | None] = mapped_column(Uuid)
    phone_last4: Mapped[str | None] = mapped_column(Text)
    phone_mask: Mapped[str | None] = mapped_column(Text)
    card_no: Mapped[str | None] = mapped_column(Text)
    post: Mapped[str | None] = mapped_column(Text)
    joined_on: Mapped[date | None]
    left_on: Mapped[date | None]
    left_reason: Mapped[str | None] = mapped_column(Text)
    consent: Mapped[bool | None] = mapped_column(Boolean)
    """consent to be shown at the hub: true, false, or not asked"""
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    """whether the hub has been told of this affiliation (then a later refusal needs a tombstone)"""
    exclusive_key: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class MemberTally(OrgBase):
    """How many came into a unit's part of the roll, or went (below zero): the sum is how many are there.

    Written by triggers on `member`, in the transaction of each change; `tally.fold` makes few rows of many.
    """

    __tablename__ = "member_tally"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    unit_path: Mapped[str] = mapped_column(Text, index=True)
    kind: Mapped[str] = mapped_column(Text)
    standing: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(BigInteger)


class MemberKey(OrgBase):
    """Search keys: `n` name key, `g` given name, `p` full pinyin, `i` initials; former names add more."""

    __tablename__ = "member_key"
    __table_args__ = (Index("ix_member_key_search", "kind", "key", "member_id"),)

    member_id: Mapped[UUID] = mapped_column(ForeignKey(Member.id, ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)


class MemberChange(OrgBase):
    """History in plain sentences: what changed (masked old and new values), who, why, from which import."""

    __tablename__ = "member_change"
    __table_args__ = (Index("ix_member_change_member", "member_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey(Member.id, ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    fact: Mapped[str] = mapped_column(Text)
    """admitted, changed, moved, left, restored, retained, resumed, consented, withdrawn, unasked,
    revealed, looked_up"""
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """{"fields": [{"title": words, "old": masked, "new": masked}], ...}"""
    batch_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    event_id: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    """the event that told it (a lookup elsewhere): the same event is noted once"""


class MemberTold(OrgBase):
    """What was last told of a member: version, moment and digest, in the transaction that told it.

    The hub's count is proven against it. It outlives an erased member: a tombstone with nothing but ids.
    """

    __tablename__ = "member_told"

    member_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """the time of the event"""
    withdrawn: Mapped[bool] = mapped_column(Boolean)
    district: Mapped[str] = mapped_column(Text)
    """empty when there is none"""
    digest: Mapped[int] = mapped_column(BigInteger)
    form: Mapped[int] = mapped_column(SmallInteger)


class MemberQuery(OrgBase):
    """What somebody typed into the search box, encrypted: the address of the page holds this id only."""

    __tablename__ = "member_query"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    staff_id: Mapped[UUID | None] = mapped_column(Uuid)
    typed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
