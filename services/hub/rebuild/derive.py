"""Links and search rows of the shadow, for everybody at once."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.hub.persons import bulk, people, store
from services.hub.rebuild.shadow import DESCRIBED, LINKED, SHADOW, look_here, make
from shared.kit.db import Database

HOMES = 20_000
PEOPLE = 5000
_ROOM = text("set local work_mem = '128MB'")
"""Everybody is sorted once: on the disc in few runs."""
Say = Callable[[int], None]

_NEW_HOMES = text(
    f"with part as (select id from {SHADOW}.affiliation where id > :after order by id limit :limit),"
    " made as (insert into public.belonging (affiliation_id) select id from part on conflict do nothing)"
    " select id from part order by id desc limit 1"
)
_BELONGING = text(
    f"insert into {SHADOW}.belonging (affiliation_id, home, person_id) select b.affiliation_id, b.home,"
    " case when f.id is not null and not f.withdrawn then coalesce(m.person_id, b.home) end"
    f" from public.belonging b left join {SHADOW}.affiliation f on f.id = b.affiliation_id"
    " left join moved m on m.id = b.affiliation_id"
)
_EDGES = text(
    f"insert into {SHADOW}.edge (a, b, rule, state, since) select n.a, n.b, n.rule, n.state,"
    " coalesce(case when o.revoked_at is null then o.since end, now())"
    " from found n left join public.edge o on (o.a, o.b, o.rule) = (n.a, n.b, n.rule)"
)
_REVOKED = text(
    f"insert into {SHADOW}.edge (a, b, rule, state, since, revoked_at)"
    " select a, b, rule, state, since, coalesce(revoked_at, now()) from public.edge o"
    " where not exists (select 1 from found n where (o.a, o.b, o.rule) = (n.a, n.b, n.rule))"
)
_SORTED = {"person": "name_key, id", "person_name": "name_key, person_id", "person_tail": "tail, name_key"}
"""People of one name lie together, as they are read."""


async def homes(database: Database) -> None:
    """A person id for every affiliation that never had one, given where the hub gives them: kept for good."""
    after: Any = "00000000-0000-0000-0000-000000000000"
    while after is not None:
        async with database.transaction() as session:
            await store.lock(session)
            after = await session.scalar(_NEW_HOMES, {"after": after, "limit": HOMES})


async def link(session: AsyncSession, say: Say) -> None:
    """Who is one person, and the evidence: judged from the records and the verdicts of staff alone."""
    await look_here(session)
    await session.execute(_ROOM)
    await session.execute(text(f"drop table if exists {', '.join(f'{SHADOW}.{t}' for t in LINKED)}"))
    connection = await session.connection()
    await session.execute(text("create temp table moved (id uuid, person_id uuid) on commit drop"))
    await session.execute(
        text("create temp table found (a uuid, b uuid, rule text, state text) on commit drop")
    )
    done = 0
    async for batch in bulk.components(connection):
        moved = [pair for component in batch for pair in component.persons().items()]
        edges = [(*e.pair, e.rule, e.state) for component in batch for e in component.linking.edges]
        await copy(connection, "moved", ("id", "person_id"), moved)
        await copy(connection, "found", ("a", "b", "rule", "state"), edges)
        done += len(moved)
        say(done)
    await make(session, LINKED)
    for statement in (text("analyze moved"), text("analyze found"), _BELONGING, _EDGES, _REVOKED):
        await session.execute(statement)


async def describe(session: AsyncSession, say: Say) -> None:
    """The rows people are found by."""
    await look_here(session)
    await session.execute(_ROOM)
    connection = await session.connection()
    for table in DESCRIBED:
        await session.execute(text(f"truncate {SHADOW}.{table}"))
        await session.execute(text(f"create temp table raw_{table} (like {SHADOW}.{table}) on commit drop"))
    known = await session.scalars(text("select distinct org from affiliation"))
    bits = await store.org_bits(session, list(known))
    done = 0
    async for group in _people(connection):
        derived = [
            people.describe(rows[0].person_id, [store.content(r) for r in rows], bits) for rows in group
        ]
        written = (
            [d.person for d in derived],
            [n for d in derived for n in d.names],
            [t for d in derived for t in d.tails],
        )
        for table, rows in zip(DESCRIBED, written, strict=True):
            if rows:
                columns = list(rows[0])
                await copy(connection, f"raw_{table}", columns, ([r[c] for c in columns] for r in rows))
        done += len(derived)
        say(done)
    for table, order in _SORTED.items():
        await session.execute(
            text(f"insert into {SHADOW}.{table} select * from raw_{table} order by {order}")
        )


async def _people(connection: AsyncConnection) -> AsyncIterator[list[Sequence[Any]]]:
    """Persons by some thousands, each with the rows describing needs."""
    found = await connection.stream(text(store.EVERYBODY), execution_options={"yield_per": PEOPLE})
    held: list[Sequence[Any]] = []
    async for part in found.partitions(PEOPLE):
        for person, rows in groupby(part, key=attrgetter("person_id")):
            if held and held[-1][0].person_id == person:
                held[-1] = [*held[-1], *rows]
            else:
                held.append(list(rows))
        if len(held) > PEOPLE:
            yield held[:-1]
            held = held[-1:]
    if held:
        yield held


async def copy(connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
    """COPY into a table, in the transaction of this connection."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    await driver.copy_records_to_table(table, records=iter(rows), columns=list(columns))
