"""Base of the women's federation's own tables (Alembic branch `womens`)."""

from sqlalchemy.orm import DeclarativeBase

from shared.kit.db import new_metadata


class WomensBase(DeclarativeBase):
    """Tables only the women's federation has."""

    metadata = new_metadata()
