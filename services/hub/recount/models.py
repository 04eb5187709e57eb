"""The history of recounts and rebuilds, and the differences found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.hub.db import HubBase


class RecountRun(HubBase):
    """One recount; `state`: wanted, running, equal, mended, left (not all could be mended), failed."""

    __tablename__ = "recount_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    asked_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text, default="", server_default="")
    """what it is at, in words"""
    done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class RecountPart(HubBase):
    """One line of a recount: an organisation's district (or its units, or search rows), both sides."""

    __tablename__ = "recount_part"

    run_id: Mapped[int] = mapped_column(ForeignKey(RecountRun.id, ondelete="CASCADE"), primary_key=True)
    org: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    """members, units, links, search, unknown"""
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    there: Mapped[int | None] = mapped_column(BigInteger)
    """how many the owner has; null when it could not be asked"""
    here: Mapped[int] = mapped_column(BigInteger)
    differ: Mapped[int] = mapped_column(BigInteger)
    mended: Mapped[int] = mapped_column(BigInteger)
    problem: Mapped[str | None] = mapped_column(Text)


class RecountDifference(HubBase):
    """One row that was not as its owner told it; names of fields, never values."""

    __tablename__ = "recount_difference"
    __table_args__ = (Index("ix_recount_difference_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey(RecountRun.id, ondelete="CASCADE"))
    org: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[UUID] = mapped_column(Uuid)
    """the affiliation, unit or person"""
    what: Mapped[str] = mapped_column(Text)
    """differs, missing, surplus, search, link"""
    fields: Mapped[list[str]] = mapped_column(JSONB)
    mended: Mapped[bool]
    problem: Mapped[str | None] = mapped_column(Text)


class RebuildRun(HubBase):
    """One rebuild and how far it came; a killed one goes on from here."""

    __tablename__ = "rebuild_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    moved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    phase: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    cursors: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """by organisation: what was read of its units and members, and the number its events go on from"""
    problem: Mapped[str | None] = mapped_column(Text)
