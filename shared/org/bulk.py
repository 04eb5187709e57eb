"""Many rows at once without stopping the event loop: columns as arrays, work in short breaths."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, FromClause, Text, bindparam, cast, column, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from shared.kit.breath import breathing

__all__ = ["among", "breathing", "insert_columns", "insertion", "update_columns"]


def insertion(table: FromClause, columns: Mapping[str, Sequence[Any]]) -> Insert:
    """`INSERT ... SELECT FROM unnest(...)`: one statement and one array per column, however many rows."""
    rows = _given(table, columns)
    chosen = [_received(rows.c[name], table.c[name].type) for name in columns]
    return insert(table).from_select(list(columns), select(*chosen))  # type: ignore[arg-type]


async def update_columns(
    session: AsyncSession,
    table: FromClause,
    key: str,
    columns: Mapping[str, Sequence[Any]],
    *where: ColumnElement[bool],
) -> None:
    """Write the columns into the rows found by `key` (one of them); ORM objects stay as they are."""
    if not columns[key]:
        return
    rows = _given(table, columns)
    values = {name: _received(rows.c[name], table.c[name].type) for name in columns if name != key}
    statement = update(table).where(table.c[key] == rows.c[key], *where).values(values)  # type: ignore[arg-type]
    await session.execute(statement, execution_options={"synchronize_session": False})


def _given(table: FromClause, columns: Mapping[str, Sequence[Any]]) -> TableValuedAlias:
    types = {name: table.c[name].type for name in columns}
    arrays = [
        bindparam(f"all_{name}", _plain(types[name], columns[name]), ARRAY(_sent(types[name])))
        for name in columns
    ]
    told = (column(name, _sent(types[name])) for name in columns)
    return func.unnest(*arrays).table_valued(*told, name="given").render_derived()


async def insert_columns(
    session: AsyncSession, table: FromClause, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows given column by column; columns that are left out take their defaults."""
    if any(columns.values()):
        await session.execute(insertion(table, columns))


def among(column_: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column = ANY(array)`: one parameter and one plan whatever the number of values (IN has one each)."""
    return column_ == func.any(bindparam(None, list(values), ARRAY(column_.type), unique=True))


def _sent(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """JSON travels as text: an array of JSON arrays would be taken for one array of two dimensions."""
    return Text() if isinstance(kind, JSONB) else kind


def _plain(kind: TypeEngine[Any], values: Sequence[Any]) -> list[Any]:
    return [orjson.dumps(v).decode() for v in values] if isinstance(kind, JSONB) else list(values)


def _received(value: ColumnElement[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    return cast(value, JSONB) if isinstance(kind, JSONB) else value
