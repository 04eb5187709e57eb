"""Base of the hub's own tables (Alembic branch `hub`) and the one parameter of its set-based statements."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import DeclarativeBase

from shared.kit.db import new_metadata


class HubBase(DeclarativeBase):
    """Every table of the hub's modules."""

    metadata = new_metadata()


def as_json(rows: Iterable[Mapping[str, Any] | orjson.Fragment]) -> str:
    """Rows for `json_to_recordset`: one parameter and one statement for a whole batch.

    As text it is read once, as it comes: measured cheaper for both sides together than jsonb, arrays or COPY.
    """
    return orjson.dumps(list(rows), default=_driver_uuid).decode()


def one_as_json(row: Mapping[str, Any]) -> orjson.Fragment:
    """A row for `as_json`, made beforehand."""
    return orjson.Fragment(orjson.dumps(row, default=_driver_uuid))


def _driver_uuid(value: object) -> str:
    # asyncpg returns a subclass of UUID, which orjson does not know
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")
