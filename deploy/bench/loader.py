"""The limit of ingest: rows that are ready, by COPY into temporary tables and INSERT ... ON CONFLICT.

A loader written by hand for the tables that events are taken into, their receipts included: no events, no
keys of names, no linking; each person is written once, in the last batch that speaks of them. Its rows are
those the projection came to.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

Batch = dict[str, list[tuple[Any, ...]]]
KEYS = {
    "affiliation": ("id",),
    "belonging": ("affiliation_id",),
    "edge": ("a", "b", "rule"),
    "event_receipt": ("source", "channel", "seq"),
    "person": ("id",),
    "person_name": ("person_id", "name_key", "pinyin"),
    "person_tail": ("person_id", "tail"),
}
"""Tables in the order they are written, each with its primary key."""
_LATEST = "select id from affiliation order by told_at desc, id limit $1"
_ROWS = {
    "affiliation": "select * from affiliation where id = any($1::uuid[])",
    "belonging": "select * from belonging where affiliation_id = any($1::uuid[])",
    "edge": "select * from edge where a = any($1::uuid[]) or b = any($1::uuid[])",
    "event_receipt": "select r.* from event_receipt r join affiliation f on r.key = f.member_id::text"
    " and r.source = f.org where f.id = any($1::uuid[])",
}
_OF_PERSONS = {
    "person": "select * from person where id = any($1::uuid[])",
    "person_name": "select * from person_name where person_id = any($1::uuid[])",
    "person_tail": "select * from person_tail where person_id = any($1::uuid[])",
}


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[Any]:
    """The driver's own connection: what a loader written by hand would use."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.reset_type_codec("jsonb", schema="pg_catalog")  # JSON stays text, there and back
        yield driver
    await engine.dispose()


async def batches(url: str, newest: int, size: int) -> list[Batch]:
    """Rows of the `newest` affiliations and of their persons, in batches in the order they were told."""
    async with raw(url) as connection:
        ids: list[UUID] = [row[0] for row in await connection.fetch(_LATEST, newest)][::-1]
        at = {each: number // size for number, each in enumerate(ids)}
        parts = [ids[start : start + size] for start in range(0, newest, size)]
        belongs = await connection.fetch(
            "select affiliation_id, person_id from belonging where affiliation_id = any($1::uuid[])", ids
        )
        last: dict[UUID, int] = {}
        for affiliation, person in belongs:
            last[person] = max(last.get(person, 0), at[affiliation])
        return [await _batch(connection, number, part, at, last) for number, part in enumerate(parts)]


async def _batch(
    connection: Any, number: int, ids: Sequence[UUID], at: dict[UUID, int], last: dict[UUID, int]
) -> Batch:
    out = {table: [tuple(row) for row in await connection.fetch(sql, ids)] for table, sql in _ROWS.items()}
    out["edge"] = [row for row in out["edge"] if max(at.get(row[0], 0), at.get(row[1], 0)) == number]
    persons = [person for person, when in last.items() if when == number]
    for table, sql in _OF_PERSONS.items():
        out[table] = [tuple(row) for row in await connection.fetch(sql, persons)]
    return out


async def load(url: str, given: Sequence[Batch]) -> float:
    """Seconds for all batches, each one transaction."""
    async with raw(url) as connection:
        statements = {table: await _prepare(connection, table) for table in KEYS}
        began = time.perf_counter()
        for batch in given:
            async with connection.transaction():
                for table, statement in statements.items():
                    await connection.copy_records_to_table(f"new_{table}", records=batch[table])
                    await connection.execute(statement)
        return time.perf_counter() - began


async def _prepare(connection: Any, table: str) -> str:
    await connection.execute(f"create temporary table new_{table} (like {table}) on commit delete rows")
    columns = [
        row[0]
        for row in await connection.fetch(
            "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0"
            " and not attisdropped order by attnum",
            table,
        )
    ]
    keys = KEYS[table]
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in keys)
    newer = "where t.version < excluded.version" if table == "affiliation" else ""
    return (
        f"insert into {table} as t select * from new_{table}"  # noqa: S608 - names of our own tables
        f" on conflict ({', '.join(keys)}) do update set {sets} {newer}"
    )
