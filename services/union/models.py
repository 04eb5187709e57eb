"""What only the trade union stores about its members."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.union.db import UnionBase
from shared.org.members.models import Member


class Employment(UnionBase):
    """Where and how a member works."""

    __tablename__ = "employment"

    member_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey(Member.__table__.c.id, ondelete="CASCADE"), primary_key=True
    )
    employer: Mapped[str | None] = mapped_column(Text)
    job: Mapped[str | None] = mapped_column(Text)
    contract: Mapped[str | None] = mapped_column(Text)
    employed_on: Mapped[date | None]
    new_form: Mapped[bool | None]
