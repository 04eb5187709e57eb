"""Statements of the busiest path, sent by the driver itself within the session's own transaction.

SQLAlchemy costs three to four times what the driver does for a small query. Only for plain reads and inserts
whose SQL is written out; the session still begins, commits and rolls back.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_NAME = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_BEGIN = text("select 1")


async def fetch(session: AsyncSession, statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement with `:name` parameters, read by place, by name or as `dict(row)`."""
    driver = await _driver(session)
    numbered, names = _numbered(statement)
    rows: Sequence[Any] = await driver.fetch(numbered, *(values[name] for name in names))
    return rows


async def _driver(session: AsyncSession) -> Any:
    """The connection of the session's present transaction; after its end it is somebody else's."""
    driver: Any
    within, driver = session.info.get("driver", (None, None))
    if within is None or within is not session.sync_session.get_transaction():
        connection = await (await session.connection()).get_raw_connection()
        driver = connection.driver_connection
        if not driver.is_in_transaction():
            await session.execute(_BEGIN)  # SQLAlchemy begins with its first statement only
        session.info["driver"] = session.sync_session.get_transaction(), driver
    return driver


@lru_cache(maxsize=2000)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The driver's form, $1 and so on, and whose values these are."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return _NAME.sub(number, statement), tuple(names)
