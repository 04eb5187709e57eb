"""Base of the trade union's own tables (Alembic branch `union`)."""

from sqlalchemy.orm import DeclarativeBase

from shared.kit.db import new_metadata


class UnionBase(DeclarativeBase):
    """Tables only the trade union has."""

    metadata = new_metadata()
