"""Lookups: the purpose list, the query in progress (encrypted, short-lived), the record kept three years."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase


class Purpose(HubBase):
    """A purpose staff may look people up for: a dated list, changed by data and not by code."""

    __tablename__ = "lookup_purpose"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    valid_to: Mapped[date | None] = mapped_column(Date)
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    needs_reason: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)


class LookupRecord(HubBase):
    """Who looked, for what, with which kind of query and how many answers; never the query's text."""

    __tablename__ = "lookup_record"
    __table_args__ = (
        Index("ix_lookup_record_staff", "staff_id", "at", "id"),
        Index("ix_lookup_record_at", "at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    staff_name: Mapped[str] = mapped_column(Text)
    staff_office: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    purpose_title: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    found: Mapped[int] = mapped_column(Integer)
    capped: Mapped[bool] = mapped_column(Boolean)


class LookupOpened(HubBase):
    """A person whose details were opened in a lookup."""

    __tablename__ = "lookup_opened"

    lookup_id: Mapped[UUID] = mapped_column(ForeignKey(LookupRecord.id, ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class LookupSession(HubBase):
    """The query behind an opaque address: readable by its owner only, encrypted, gone after hours."""

    __tablename__ = "lookup_session"

    id: Mapped[UUID] = mapped_column(ForeignKey(LookupRecord.id, ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    query: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
