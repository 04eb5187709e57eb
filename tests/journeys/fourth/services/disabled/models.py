"""The disability certificate, known to this organisation alone."""

from uuid import UUID

from sqlalchemy import ForeignKey, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.db import new_metadata
from shared.org.members.models import Member


class DisabledBase(DeclarativeBase):
    """Tables only this organisation has."""

    metadata = new_metadata()


class Certificate(DisabledBase):
    """One person's certificate."""

    __tablename__ = "certificate"

    member_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey(Member.__table__.c.id, ondelete="CASCADE"), primary_key=True
    )
    category: Mapped[str | None] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(Text)
