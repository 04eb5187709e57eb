"""Base of the youth league's own tables (Alembic branch `league`)."""

from sqlalchemy.orm import DeclarativeBase

from shared.kit.db import new_metadata


class LeagueBase(DeclarativeBase):
    """Tables only the youth league has."""

    metadata = new_metadata()
