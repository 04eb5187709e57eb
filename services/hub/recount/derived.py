"""What the hub derives itself, recomputed and compared: who is one person, the rows people are found by."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import bulk, linking, people, store
from services.hub.persons.bulk import Component
from services.hub.recount.mending import Found
from shared.kit.db import Database

CHUNK = 200
PEOPLE = 1000
_EDGES = text(
    "select a, b, rule, state from edge where revoked_at is null and (a = any(:ids) or b = any(:ids))"
)
_BELONGING = text("select affiliation_id, person_id from belonging where affiliation_id = any(:ids)")
_ALONE = text(
    "select f.id from affiliation f left join belonging b on b.affiliation_id = f.id where"
    " b.person_id is distinct from (case when f.withdrawn then null else b.home end) and not exists"
    " (select 1 from component c join numbered m on m.n = c.n where m.id = f.id)"
    " union select x.id from edge e cross join lateral (values (e.a), (e.b)) x(id) where e.revoked_at is null"
    " and not exists (select 1 from component c join numbered m on m.n = c.n where m.id = x.id)"
    " union select affiliation_id from belonging b where person_id is not null"
    " and not exists (select 1 from affiliation f where f.id = b.affiliation_id)"
)


async def links(database: Database) -> AsyncIterator[list[Found]]:
    """Judge everybody again in a stream; whoever is linked otherwise is put right and told."""
    suspects: set[UUID] = set()
    async with database.engine.connect() as connection, connection.begin():
        async for batch in bulk.components(connection):
            ids = [row.id for component in batch for row in component.rows]
            edges: dict[UUID, set[Any]] = {}
            for edge in await connection.execute(_EDGES, {"ids": ids}):
                edges.setdefault(edge.a, set()).add(tuple(edge))
            for component in batch:
                if not _as_judged(component, edges):
                    suspects |= {row.id for row in component.rows}
        suspects |= set((await connection.execute(_ALONE)).scalars())
    waiting = sorted(suspects)
    for start in range(0, len(waiting), CHUNK):
        async with database.transaction() as session:
            yield await _relink(session, waiting[start : start + CHUNK])


def _as_judged(component: Component, edges: Mapping[UUID, set[Any]]) -> bool:
    if any(row.home is None for row in component.rows):
        return False
    persons = component.persons()
    stored = {e for row in component.rows for e in edges.get(row.id, ())}
    judged = {(*link.pair, link.rule, link.state) for link in component.linking.edges}
    return stored == judged and all(row.person_id == persons[row.id] for row in component.rows)


async def _relink(session: AsyncSession, ids: Sequence[UUID]) -> list[Found]:
    """What the projector would do now; the records whose person or evidence that changed."""
    await store.lock(session)
    before = await _linked(session, ids)
    await linking.relink(session, ids)
    await session.execute(
        text("update belonging b set person_id = null where affiliation_id = any(:ids)"
             " and person_id is not null"
             " and not exists (select 1 from affiliation f where f.id = b.affiliation_id)"),
        {"ids": list(ids)},
    )  # fmt: skip
    after = await _linked(session, ids)
    return [Found(id_, "links", "link") for id_ in ids if before.get(id_) != after.get(id_)]


async def _linked(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, set[Any]]:
    out: dict[UUID, set[Any]] = {}
    for row in await session.execute(_BELONGING, {"ids": list(ids)}):
        out.setdefault(row.affiliation_id, set()).add(row.person_id)
    for edge in await session.execute(_EDGES, {"ids": list(ids)}):
        out.setdefault(edge.a, set()).add(tuple(edge))
        out.setdefault(edge.b, set()).add(tuple(edge))
    return out


# --- search rows ------------------------------------------------------------------------

_UPTO = text(
    "select (array_agg(id order by id desc))[1] upto, count(*) n from"
    " (select distinct person_id id from belonging where person_id > :after order by 1 limit :limit) x"
)
_TABLES = {"person": "id", "person_name": "person_id", "person_tail": "person_id"}
_LAST = UUID(int=2**128 - 1)


async def search_rows(database: Database) -> AsyncIterator[tuple[int, list[Found]]]:
    """Describe everybody again; rows that say otherwise, or of nobody, are put right. People done, found."""
    after, last = UUID(int=0), False
    while not last:
        async with database.transaction() as session:
            reached = (await session.execute(_UPTO, {"after": after, "limit": PEOPLE})).one()
            last = reached.n < PEOPLE
            upto = _LAST if last else reached.upto
            wrong = await _wrong(session, after, upto)
            found = await _put_right(session, wrong) if wrong else []
        after = upto
        yield reached.n, found


async def _wrong(session: AsyncSession, after: UUID, upto: UUID) -> list[UUID]:
    span = {"after": after, "upto": upto}
    ids = await session.scalars(
        text("select distinct person_id from belonging where person_id > :after and person_id <= :upto"), span
    )
    wanted = await _described(session, list(ids))
    stored: dict[UUID, set[Any]] = {}
    for table, key in _TABLES.items():
        rows = await session.execute(
            text(f"select * from {table} where {key} > :after and {key} <= :upto"), span
        )
        for row in rows.mappings():
            stored.setdefault(row[key], set()).add(_frozen(table, dict(row)))
    return [id_ for id_ in {*wanted, *stored} if wanted.get(id_) != stored.get(id_)]


async def _described(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, set[Any]]:
    """What describing gives: the rows of each person, frozen for comparison."""
    contents: dict[UUID, list[dict[str, Any]]] = {}
    for row in await store.records_of(session, ids):
        contents.setdefault(row.person_id, []).append(store.content(row))
    bits = await store.org_bits(session, {a["org"] for group in contents.values() for a in group})
    out: dict[UUID, set[Any]] = {}
    for id_, group in contents.items():
        derived = people.describe(id_, group, bits)
        rows = [("person", derived.person), *(("person_name", n) for n in derived.names)]
        out[id_] = {
            _frozen(table, row) for table, row in [*rows, *(("person_tail", t) for t in derived.tails)]
        }
    return out


def _frozen(table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (table, *sorted((k, v) for k, v in row.items()))


async def _put_right(session: AsyncSession, suspects: Iterable[UUID]) -> list[Found]:
    """Under the lock, as it is now: whoever still differs is written anew from nothing."""
    await store.lock(session)
    wrong = [i for id_ in suspects for i in await _wrong_one(session, id_)]
    for table, key in _TABLES.items():
        await session.execute(text(f"delete from {table} where {key} = any(:ids)"), {"ids": wrong})
    await linking.describe_again(session, wrong)
    return [Found(id_, "search", "search") for id_ in wrong]


async def _wrong_one(session: AsyncSession, id_: UUID) -> list[UUID]:
    return await _wrong(session, UUID(int=id_.int - 1), id_) if id_.int else [id_]
