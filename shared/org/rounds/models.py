"""Seasonal rounds of this organisation's venues and the wishes in them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, ForeignKey, Index, Integer, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.org.db import OrgBase
from shared.org.venues.models import Venue


class Round(OrgBase):
    """Wishes for a period: open, drawn (seen by the owner alone), confirming, published or cancelled."""

    __tablename__ = "season_round"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    title: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")
    cancelled: Mapped[str] = mapped_column(Text, default="", server_default="")
    """why; empty while it is not"""
    venues: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    closes_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, default="open")
    seed: Mapped[str] = mapped_column(Text)
    """secret until it is drawn; its hash is shown from the beginning"""
    used: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict)
    """hours of the past year of each organisation with a wish, as the drawing counted them"""
    undone: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """drawings that were undone: seed, at, by, reason; public at once, the seed is not used any more"""
    drawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class SeasonWish(OrgBase):
    """What somebody wants of a round: a venue on a weekday or a date, with a rank."""

    __tablename__ = "season_wish"
    __table_args__ = (Index("ix_season_wish_round", "round_id", "org", "rank"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """the asker's choice, so that asking twice is asking once"""
    round_id: Mapped[UUID] = mapped_column(ForeignKey(Round.id))
    venue_id: Mapped[UUID] = mapped_column(ForeignKey(Venue.id))
    weekday: Mapped[int | None] = mapped_column(Integer)
    """Monday is 0; empty for a single date"""
    on: Mapped[date | None] = mapped_column(Date)
    opens: Mapped[int] = mapped_column(Integer)
    closes: Mapped[int] = mapped_column(Integer)
    """minutes after midnight in China"""
    rank: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    people: Mapped[int] = mapped_column(Integer, default=0)
    booker: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """who asks, with the mark of that organisation, as it said"""
    org: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text, default="")
    """empty until drawn; then given, taken, booked, closed, rule, past"""
    turn: Mapped[int] = mapped_column(Integer, default=0)
    before_id: Mapped[UUID | None] = mapped_column(Uuid)
    """the wish that was given instead"""
    left_out: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    """dates not had: day -> booked (when drawn), meanwhile (when confirmed), closed, rule or past"""
    booked: Mapped[int | None] = mapped_column(Integer)
    """how many dates were booked; empty until confirmed"""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
