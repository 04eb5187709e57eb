"""Tables every service has in its own database, whatever it is for."""

from sqlalchemy.orm import DeclarativeBase

from shared.kit.db import new_metadata


class KitBase(DeclarativeBase):
    """Base of the kit's tables; migrated by the Alembic branch `kit`."""

    metadata = new_metadata()
