"""Venues of the organisation: halls, their parts and stations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INT4RANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.org.db import OrgBase
from shared.org.units.models import Unit


class Venue(OrgBase):
    """One venue. A hall takes every place (`[0,)`), a part takes one: they exclude each other by overlap."""

    __tablename__ = "venue"
    __table_args__ = (
        Index("ix_venue_hall", "hall_id", "place"),
        Index(
            "uq_venue_name",
            "unit_id",
            "hall_id",
            "name",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_venue_district", "district", "capacity", "id", postgresql_where=text("status = 'active'")),
        Index("ix_venue_capacity", "capacity", "id", postgresql_where=text("status = 'active'")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    hall_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("venue.id", deferrable=True, initially="DEFERRED"))
    place: Mapped[Range[int]] = mapped_column(INT4RANGE)
    parts: Mapped[int] = mapped_column(Integer, default=0)
    """places given to parts so far; a closed part's place is not given again"""
    unit_id: Mapped[UUID] = mapped_column(ForeignKey(Unit.id), index=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text, default="")
    grade: Mapped[str] = mapped_column(Text, default="")
    cluster: Mapped[str] = mapped_column(Text, default="")
    capacity: Mapped[int] = mapped_column(Integer)
    equipment: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    address: Mapped[str] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    services: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    staffing: Mapped[str] = mapped_column(Text, default="")
    lead_org: Mapped[str] = mapped_column(Text, default="")
    tenants: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    haves: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """the last inspection of the seven: code -> {ok, note}, with `at` and `by`"""
    opening: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sharing: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, default="active")
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class VenuePhoto(OrgBase):
    """A picture of a venue, small enough for the database; its hash is its address."""

    __tablename__ = "venue_photo"
    __table_args__ = (Index("ix_venue_photo_venue", "venue_id", "position"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey(Venue.id))
    position: Mapped[int] = mapped_column(Integer)
    alt: Mapped[str] = mapped_column(Text)
    """what can be seen, for those who cannot see it"""
    hash: Mapped[str] = mapped_column(Text)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
