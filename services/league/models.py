"""What only the youth league stores about its members."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.league.db import LeagueBase
from shared.org.members.models import Member


class LeagueFile(LeagueBase):
    """A league member's file: the development number (since 2017) and where the member studies or works."""

    __tablename__ = "league_file"

    member_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey(Member.__table__.c.id, ondelete="CASCADE"), primary_key=True
    )
    development_no: Mapped[str | None] = mapped_column(Text)
    workplace: Mapped[str | None] = mapped_column(Text)
    party: Mapped[str | None] = mapped_column(Text)
    post_since: Mapped[date | None]
