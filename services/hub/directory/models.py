"""Organisations that announced themselves, and their units: projections, rebuilt by a replay."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase


class Organisation(HubBase):
    """One organisation as it last announced itself."""

    __tablename__ = "organisation"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str] = mapped_column(Text)
    letter: Mapped[str] = mapped_column(Text)
    palette: Mapped[str] = mapped_column(Text)
    person_term: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)
    capabilities: Mapped[list[str]] = mapped_column(JSONB)
    unit_kinds: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    announced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    first_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    heard_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """when it last answered us: without news this alone tells that there are none"""
    newest: Mapped[int | None] = mapped_column(BigInteger)
    """the number of its newest event, as it said then"""
    waiting_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """the time of its first event we did not have then"""


class Unit(HubBase):
    """One unit of an organisation's tree; the newest version wins."""

    __tablename__ = "unit"
    __table_args__ = (Index("ix_unit_path", "org", "path"),)

    org: Mapped[str] = mapped_column(Text, primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    parent_id: Mapped[UUID | None] = mapped_column(Uuid)
    path: Mapped[str] = mapped_column(Text)
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    kind: Mapped[str] = mapped_column(Text)
    kind_title: Mapped[str] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
