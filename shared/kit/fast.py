"""Statements of the busiest path, sent by the driver itself within the session's own transaction.

SQLAlchemy costs three to four times what the driver does for a small query. Only for plain reads and inserts
whose SQL is written out; the session still begins, commits and rolls back.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

_NAME = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


async def fetch(session: AsyncSession, statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement with `:name` parameters, read by place, by name or as `dict(row)`."""
    driver = await _driver(session)
    numbered, names = _numbered(statement)
    rows: Sequence[Any] = await driver.fetch(numbered, *(values[name] for name in names))
    return rows


class Ready:
    """A statement compiled once for all requests; its values and rows are the driver's own, not converted.

    Sent by SQLAlchemy's connection, so that beginning and errors are the session's: only the compiling, the
    cache key and the entities are left out, which are half of what a small statement costs.
    """

    def __init__(self, statement: ClauseElement | str) -> None:
        if isinstance(statement, str):
            self._sql, self._names = _numbered(statement)
            return
        compiled = statement.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
        assert isinstance(compiled, SQLCompiler)
        self._sql, self._names = str(compiled), tuple(compiled.positiontup or ())

    async def rows(self, session: AsyncSession, **values: Any) -> Sequence[Any]:
        """What it returns; only for statements that return rows."""
        return await session.run_sync(self.rows_now, values)

    async def glance(self, session: AsyncSession, **values: Any) -> Any:
        """The first row of a plain read, or None. Begins no transaction: what follows does, if anything.

        A request that only finds out who asks, and waits for others to write, so costs one round trip.
        """
        connection = await (await session.connection()).get_raw_connection()
        try:
            rows = await cast("Any", connection.driver_connection).fetch(self._sql, *self._given(values))
        except Exception:  # noqa: BLE001 - asked once more as all others are, it is told as theirs
            rows = [row._mapping for row in await self.rows(session, **values)]  # noqa: SLF001 - public
        return SimpleNamespace(**rows[0]) if rows else None

    async def run(self, session: AsyncSession, **values: Any) -> None:
        """For statements that return nothing."""
        await session.run_sync(self.run_now, values)

    def rows_now(self, session: Session, values: Mapping[str, Any]) -> Sequence[Any]:
        """`rows` for listeners of the session, who have no loop of their own."""
        return session.connection().exec_driver_sql(self._sql, self._given(values)).all()

    def run_now(self, session: Session, values: Mapping[str, Any]) -> None:
        """`run` for listeners of the session."""
        session.connection().exec_driver_sql(self._sql, self._given(values))

    def _given(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[name] for name in self._names)


async def _driver(session: AsyncSession) -> Any:
    """The connection of the session's present transaction; after its end it is somebody else's."""
    driver: Any
    within, driver = session.info.get("driver", (None, None))
    if within is None or within is not session.sync_session.get_transaction():
        connection = await (await session.connection()).get_raw_connection()
        driver = connection.driver_connection
        if (
            not driver.is_in_transaction()
        ):  # SQLAlchemy begins with its first statement only: it is none of it
            await cast("Any", connection.dbapi_connection)._start_transaction()  # noqa: SLF001
        session.info["driver"] = session.sync_session.get_transaction(), driver
    return driver


@lru_cache(maxsize=2000)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The driver's form, $1 and so on, and whose values these are."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return _NAME.sub(number, statement), tuple(names)
