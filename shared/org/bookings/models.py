"""Bookings of this organisation's venues: the one place where it is decided who has a room."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INT4RANGE, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.org.db import OrgBase
from shared.org.venues.models import Venue

ACTIVE = "status IN ('held', 'waiting', 'confirmed')"
"""What excludes others. A hold that is over stands here until somebody wants its time (claims.py)."""


class Series(OrgBase):
    """A rule of repetition; its occurrences are bookings."""

    __tablename__ = "booking_series"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    venue_id: Mapped[UUID] = mapped_column(ForeignKey(Venue.id), index=True)
    rule: Mapped[str] = mapped_column(Text)
    """RRULE of RFC 5545 without its name"""
    holidays: Mapped[str] = mapped_column(Text)
    """keep, skip or shift"""
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    title: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(Integer)
    org: Mapped[str] = mapped_column(Text)
    office: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[UUID | None] = mapped_column(Uuid)
    staff_name: Mapped[str] = mapped_column(Text)
    left_out: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """dates of the rule that were taken out"""
    needed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """when somebody last said that it is still needed"""
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Booking(OrgBase):
    """One venue for one time. `busy` is `during` with the venue's buffers around it."""

    __tablename__ = "booking"
    __table_args__ = (
        ExcludeConstraint(
            ("hall_id", "="),
            ("place", "&&"),
            ("busy", "&&"),
            where=text(ACTIVE),
            using="gist",
            name="booking_no_overlap",
        ),
        CheckConstraint(
            "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during) AND during <@ busy",
            name="during_form",
        ),
        CheckConstraint("(status = 'held') = (hold_until IS NOT NULL)", name="hold_has_end"),
        Index("ix_booking_request", "request_id"),
        Index("ix_booking_staff", "staff_id", "created_at"),
        Index("ix_booking_waiting", "id", postgresql_where=text("status = 'waiting'")),
        Index("ix_booking_hold", "hold_until", postgresql_where=text("status = 'held'")),
        Index("ix_booking_series", "series_id", "series_on"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey(Venue.id), index=True)
    hall_id: Mapped[UUID] = mapped_column(Uuid)
    place: Mapped[Range[int]] = mapped_column(INT4RANGE)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    busy: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    status: Mapped[str] = mapped_column(Text)
    hold_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approval: Mapped[bool] = mapped_column(Boolean, default=False)
    """whether it waits for approval once it is no hold any more"""
    title: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(Integer, default=0)
    org: Mapped[str] = mapped_column(Text)
    mark: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    """name, letter and palette of that organisation, as it said"""
    office: Mapped[str] = mapped_column(Text, default="")
    staff_id: Mapped[UUID | None] = mapped_column(Uuid)
    staff_name: Mapped[str] = mapped_column(Text)
    request_id: Mapped[UUID | None] = mapped_column(Uuid)
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey(Series.id))
    series_on: Mapped[date | None] = mapped_column(Date)
    """the date the series' rule gave, before any holiday moved it"""
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(Text, default="")
    checked_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @property
    def start(self) -> datetime:
        assert self.during.lower is not None
        return self.during.lower

    @property
    def end(self) -> datetime:
        assert self.during.upper is not None
        return self.during.upper


class BookingChange(OrgBase):
    """What happened to a booking, who did it and why."""

    __tablename__ = "booking_change"
    __table_args__ = (Index("ix_booking_change_booking", "booking_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    booking_id: Mapped[UUID] = mapped_column(ForeignKey(Booking.id))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    fact: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class Waiter(OrgBase):
    """Somebody who wants a time that is taken; an offer is a hold of that booking, and ends with it."""

    __tablename__ = "booking_waiter"
    __table_args__ = (
        Index("ix_booking_waiter_queue", "venue_id", "id", postgresql_where=text("status = 'queued'")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    venue_id: Mapped[UUID] = mapped_column(ForeignKey(Venue.id))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    title: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(Integer)
    org: Mapped[str] = mapped_column(Text)
    office: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    staff_name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="queued")
    """queued, offered, taken, lapsed, gone"""
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey(Booking.id))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
