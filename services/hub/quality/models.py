"""Samples of automatic links, drawn by chance and judged by stewards."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase


class Sample(HubBase):
    """One drawing: of all links in force then, or of one rule, or of a period."""

    __tablename__ = "link_sample"
    __table_args__ = (Index("ix_link_sample_drawn_at", "drawn_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    rule: Mapped[str | None] = mapped_column(Text)
    since: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    """the first and the last day on which the links were made"""
    drawn_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    by_id: Mapped[UUID] = mapped_column(Uuid)
    by_name: Mapped[str] = mapped_column(Text)


class Sampled(HubBase):
    """One link of a sample and what a steward found; the link may be gone since."""

    __tablename__ = "link_sampled"
    __table_args__ = (CheckConstraint("found in ('right', 'wrong', 'unsure')", name="found"),)

    sample_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey(Sample.id), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    a: Mapped[UUID] = mapped_column(Uuid)
    b: Mapped[UUID] = mapped_column(Uuid)
    rule: Mapped[str] = mapped_column(Text)
    linked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    found: Mapped[str | None] = mapped_column(Text)
    found_by: Mapped[str | None] = mapped_column(Text)
    found_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
