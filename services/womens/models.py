"""What only the women's federation stores about the people it is in touch with."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.womens.db import WomensBase
from shared.org.members.models import Member


class Relation(WomensBase):
    """The relation's particulars: which term or congress it belongs to, how long, a guardian's agreement."""

    __tablename__ = "relation"

    member_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey(Member.__table__.c.id, ondelete="CASCADE"), primary_key=True
    )
    term: Mapped[str | None] = mapped_column(Text)
    until: Mapped[date | None]
    workplace: Mapped[str | None] = mapped_column(Text)
    guardian_agreed: Mapped[bool | None]
