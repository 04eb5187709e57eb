"""The unit tree of an organisation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
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
from sqlalchemy.orm import Mapped, mapped_column

from shared.org.db import OrgBase


class Unit(OrgBase):
    """One unit. `path` holds the labels from the top joined by `/`; a subtree is a range of paths.

    `label` is the unit's number in base 36, so that paths stay short and hold [a-z0-9_/] only; `/` sorts
    before `0`, therefore the subtree of p is `path = p or (path > p || '/' and path < p || '0')`.
    """

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("path ~ '^[a-z0-9_]+(/[a-z0-9_]+)*$'", name="path_form"),
        Index("ix_unit_parent_name", "parent_id", "name"),
        Index(
            "uq_unit_sibling_name",
            "parent_id",
            "name",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    path: Mapped[str] = mapped_column(Text, unique=True)
    depth: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """names from the top to this unit"""
    name_py: Mapped[str] = mapped_column(Text)
    name_initials: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="active")
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
