"""Venues and bookings as their owners told them (rebuilt by a replay), and the requests this hub makes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Float, ForeignKey, Index, Integer, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import INT4RANGE, JSONB, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase


class Venue(HubBase):
    """One venue of an organisation; the newest version wins."""

    __tablename__ = "venue"
    __table_args__ = (
        Index("ix_venue_capacity", "capacity", "venue_id", postgresql_where=text("status = 'active'")),
        Index(
            "ix_venue_district",
            "district",
            "capacity",
            "venue_id",
            postgresql_where=text("status = 'active'"),
        ),
    )

    venue_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    org: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    hall_id: Mapped[UUID] = mapped_column(Uuid)
    place: Mapped[Range[int]] = mapped_column(INT4RANGE)
    name: Mapped[str] = mapped_column(Text)
    kind_title: Mapped[str] = mapped_column(Text)
    capacity: Mapped[int] = mapped_column(Integer)
    equipment: Mapped[list[str]] = mapped_column(ARRAY(Text))
    address: Mapped[str] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    opening: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sharing: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text)
    lead_org: Mapped[str] = mapped_column(Text, server_default="")
    tenants: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")


class Booking(HubBase):
    """One booking as its owner decided it; the newest version wins."""

    __tablename__ = "booking"
    __table_args__ = (
        Index(
            "ix_booking_standing",
            "hall_id",
            "busy",
            postgresql_using="gist",
            postgresql_where=text("status IN ('held', 'waiting', 'confirmed')"),
        ),
    )

    booking_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    venue_id: Mapped[UUID] = mapped_column(Uuid)
    hall_id: Mapped[UUID] = mapped_column(Uuid)
    place: Mapped[Range[int]] = mapped_column(INT4RANGE)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    busy: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    org: Mapped[str] = mapped_column(Text)
    office: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(Integer)
    request_id: Mapped[UUID | None] = mapped_column(Uuid)
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)


class BookingRequest(HubBase):
    """Several venues of several owners at once: all of them or none."""

    __tablename__ = "booking_request"
    __table_args__ = (
        Index(
            "ix_booking_request_open",
            "next_try_at",
            postgresql_where=text("status IN ('asking', 'confirming', 'releasing')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    attempt: Mapped[UUID] = mapped_column(Uuid)
    """what owners know it by; another for each attempt: an old hold is never taken for a new one"""
    status: Mapped[str] = mapped_column(Text, index=True)
    """asking, confirming, releasing: under way; waiting, confirmed, refused, cancelled: how it stands"""
    title: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(Integer)
    org: Mapped[str] = mapped_column(Text)
    office: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    staff_name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    ends_as: Mapped[str] = mapped_column(Text, default="refused")
    """what it is when everything is released: refused or cancelled"""
    troubles: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    give_up_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RequestItem(HubBase):
    """One venue of a request. `status`: asking, away, held, waiting, confirmed, refused, released."""

    __tablename__ = "booking_request_item"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey(BookingRequest.id), index=True)
    booking_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    owner: Mapped[str] = mapped_column(Text)
    venue_id: Mapped[UUID] = mapped_column(Uuid)
    venue_name: Mapped[str] = mapped_column(Text)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
