"""Base of the tables every organisation has in its own database."""

from sqlalchemy.orm import DeclarativeBase

from shared.kit.db import new_metadata


class OrgBase(DeclarativeBase):
    """Migrated by the Alembic branch `org`."""

    metadata = new_metadata()
