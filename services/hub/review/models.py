"""Pairs that were put before stewards."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, Index, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase


class Raised(HubBase):
    """A pair that waits for a steward since somebody met it; evidence alone raises nothing.

    It stands in the queue while a candidate edge is in force, and is taken off with the decision. Put off,
    it comes back on `later_until`.
    """

    __tablename__ = "raised"
    __table_args__ = (
        CheckConstraint("a < b", name="ordered"),
        CheckConstraint("because in ('lookup', 'asked', 'search', 'undone')", name="because"),
        Index("ix_raised_at", "raised_at", "a", "b"),
        Index("ix_raised_search", "search", postgresql_where=text("search is not null")),
    )

    a: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    b: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    because: Mapped[str] = mapped_column(Text)
    search: Mapped[UUID | None] = mapped_column(Uuid)
    """the search that found it last"""
    later_until: Mapped[date | None] = mapped_column(Date)
    later_by: Mapped[str | None] = mapped_column(Text)
