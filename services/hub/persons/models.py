"""Affiliations as the organisations tell them, and the links that say which belong to one person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase

_FILTERS = ("active", "past", "district", "standing", "scopes")
SAMPLED = "(get_byte(uuid_send(person_id), 15) & 15) = 0"
"""Every sixteenth person: what matches more than a page can count is estimated from these (ADR 0011)."""


def _search(key: str, *order: str, where: str = "") -> tuple[Index, Index]:
    """The index of one search key in the order of its results, and the same over the sample."""
    columns, included = (key, *order, "person_id"), [*_FILTERS, "several"]
    sampled = f"{where} and {SAMPLED}" if where else SAMPLED
    name = f"ix_person_name_{key.removesuffix('_key')}"
    return (
        Index(name, *columns, postgresql_include=included, postgresql_where=text(where) if where else None),
        Index(f"{name}_sampled", *columns, postgresql_include=included, postgresql_where=text(sampled)),
    )


def _token(column: str) -> Index:
    return Index(f"ix_affiliation_{column}", column, postgresql_where=text(f"{column} is not null"))


class Affiliation(HubBase):
    """One organisation's newest word about one person. `id` is made from organisation and member, so a
    rebuild gives the same; a withdrawn one keeps only ids and version (the tombstone).
    """

    __tablename__ = "affiliation"
    __table_args__ = (
        Index("uq_affiliation_member", "org", "member_id", unique=True),
        *(
            _token(c)
            for c in ("identity", "phone", "card", "name_birth_phone", "birth_phone_sex", "name_birth_sex")
        ),
        Index("ix_affiliation_unit", "org", "unit_id", "id", postgresql_where=text("unit_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    org: Mapped[str] = mapped_column(Text)
    member_id: Mapped[UUID] = mapped_column(Uuid)
    version: Mapped[int] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str | None] = mapped_column(Text)
    former_names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    standing: Mapped[str | None] = mapped_column(Text)
    sex: Mapped[str | None] = mapped_column(Text)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    district: Mapped[str | None] = mapped_column(Text)
    identity: Mapped[UUID | None] = mapped_column(Uuid)
    phone: Mapped[UUID | None] = mapped_column(Uuid)
    card: Mapped[UUID | None] = mapped_column(Uuid)
    name_birth_phone: Mapped[UUID | None] = mapped_column(Uuid)
    birth_phone_sex: Mapped[UUID | None] = mapped_column(Uuid)
    name_birth_sex: Mapped[UUID | None] = mapped_column(Uuid)
    unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    shown: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """what pages show and nothing searches: titles, unit names, masks, dates"""
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Belonging(HubBase):
    """Which person an affiliation belongs to now.

    `home` is the person id the affiliation got when first seen, never changed and kept through rebuilds.
    A person's id is the oldest home of its affiliations: a merge keeps the older id, every other home is
    an old address that still finds the person, and a split gives each part its own id back.
    """

    __tablename__ = "belonging"
    __table_args__ = (Index("ix_belonging_person", "person_id"),)

    affiliation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    home: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("uuidv7()"))
    person_id: Mapped[UUID | None] = mapped_column(Uuid)
    """null while the affiliation is withdrawn"""


class Edge(HubBase):
    """Evidence that two affiliations are one person, by rule; revoked when it no longer holds, never deleted.

    `state`: `linked` joins them; `candidate` waits for staff; `held` cannot join them, because the persons
    they belong to have different identity numbers or are kept apart by staff.
    """

    __tablename__ = "edge"
    __table_args__ = (
        CheckConstraint("a < b", name="ordered"),
        Index("ix_edge_b", "b"),
        Index("ix_edge_waiting", "since", "a", "b", "rule",
              postgresql_where=text("revoked_at is null and state = 'candidate'")),
        Index("ix_edge_held", "since", "a", "b", "rule",
              postgresql_where=text("revoked_at is null and state = 'held'")),
    )  # fmt: skip

    a: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    b: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Verdict(HubBase):
    """What staff decided of a pair, with the reason; undone by `undone_at`, kept for good, above any rule.

    Verdicts of one `decision` (a record taken out is kept apart from each of the others) are undone together;
    then the verdict that one of them `replaced` is given anew.
    """

    __tablename__ = "verdict"
    __table_args__ = (
        CheckConstraint("a < b", name="ordered"),
        CheckConstraint("says in ('same', 'never')", name="says"),
        Index("uq_verdict_standing", "a", "b", unique=True, postgresql_where=text("undone_at is null")),
        Index("ix_verdict_b", "b", postgresql_where=text("undone_at is null")),
        Index("ix_verdict_decision", "decision"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    a: Mapped[UUID] = mapped_column(Uuid)
    b: Mapped[UUID] = mapped_column(Uuid)
    decision: Mapped[UUID] = mapped_column(Uuid, server_default=text("uuidv7()"))
    replaced: Mapped[int | None] = mapped_column(BigInteger)
    says: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID] = mapped_column(Uuid)
    by_name: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_by: Mapped[str | None] = mapped_column(Text)
    undone_reason: Mapped[str | None] = mapped_column(Text)


class StaleUnit(HubBase):
    """A unit that was renamed or moved: rows of its people are described again, in the order of records.

    `after` is the last record done.
    """

    __tablename__ = "stale_unit"

    org: Mapped[str] = mapped_column(Text, primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    after: Mapped[UUID] = mapped_column(Uuid)


class OrgBit(HubBase):
    """The bit of an organisation in a person's masks, given when its first affiliation arrives."""

    __tablename__ = "org_bit"

    org: Mapped[str] = mapped_column(Text, primary_key=True)
    bit: Mapped[int] = mapped_column(SmallInteger, unique=True)


class Person(HubBase):
    """The row a result page shows: derived from the person's affiliations in the same transaction."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_orgs", "active", "past"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)
    spoken: Mapped[str] = mapped_column(Text)
    active: Mapped[int] = mapped_column(Integer)
    past: Mapped[int] = mapped_column(Integer)
    district: Mapped[str | None] = mapped_column(Text)
    standing: Mapped[str] = mapped_column(Text)
    scopes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """units the person stands below, as bits (`scopes.py`)"""
    standing_title: Mapped[str] = mapped_column(Text)
    sex: Mapped[str | None] = mapped_column(Text)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    phone_mask: Mapped[str | None] = mapped_column(Text)
    identity_mask: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(SmallInteger)


class PersonName(HubBase):
    """One way to find a person by name: each name and former name in each reading; filters ride along.

    The order of each index is the order of its results. `plain` is the row of a name's usual reading (a
    search by characters must not see a name once per reading); `several`: the person has other rows. `given`
    (of plain rows) is the name key behind the surname, or behind the first interpunct.
    """

    __tablename__ = "person_name"
    __table_args__ = (
        *_search("name_key", where="plain"),
        *_search("given", "name_key", where="plain and given <> ''"),
        *_search("pinyin", "name_key"),
        *_search("initials", "pinyin", "name_key"),
    )

    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name_key: Mapped[str] = mapped_column(Text, primary_key=True)
    pinyin: Mapped[str] = mapped_column(Text, primary_key=True)
    initials: Mapped[str] = mapped_column(Text)
    plain: Mapped[bool] = mapped_column(Boolean)
    several: Mapped[bool] = mapped_column(Boolean)
    given: Mapped[str] = mapped_column(Text, server_default="")
    active: Mapped[int] = mapped_column(Integer)
    past: Mapped[int] = mapped_column(Integer)
    district: Mapped[str | None] = mapped_column(Text)
    standing: Mapped[str] = mapped_column(Text)
    scopes: Mapped[int] = mapped_column(BigInteger, server_default="0")


class PersonTail(HubBase):
    """Last four characters of a person's phones and identity numbers, in the order of names."""

    __tablename__ = "person_tail"
    __table_args__ = (
        Index("ix_person_tail_tail", "tail", "name_key", "person_id", postgresql_include=list(_FILTERS)),
    )

    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tail: Mapped[str] = mapped_column(Text, primary_key=True)
    name_key: Mapped[str] = mapped_column(Text)
    active: Mapped[int] = mapped_column(Integer)
    past: Mapped[int] = mapped_column(Integer)
    district: Mapped[str | None] = mapped_column(Text)
    standing: Mapped[str] = mapped_column(Text)
    scopes: Mapped[int] = mapped_column(BigInteger, server_default="0")
