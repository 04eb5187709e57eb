"""Shadow tables: the same names in a schema of their own, indexes afterwards, exchanged at once."""

import asyncio
from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from shared.kit.together import together

SHADOW, RETIRED = "rebuild", "retired"
FETCHED = ("unit", "affiliation")
LINKED = ("belonging", "edge")
DESCRIBED = ("person", "person_name", "person_tail")
TABLES = (*FETCHED, *LINKED, *DESCRIBED)
AT_ONCE = 2
"""Indexes built at the same time."""

TRIES, PATIENCE, PAUSE = 200, "200ms", 0.1
_LOCK_NOT_AVAILABLE = "55P03"

_LIKE = "including defaults including constraints including generated including identity including comments"
_REFERRED = text(
    "select conrelid::regclass::text from pg_constraint where contype = 'f' and"
    " (conrelid = any(cast(:tables as regclass[])) or confrelid = any(cast(:tables as regclass[])))"
)
_CONSTRAINTS = text(
    "select conname name, pg_get_constraintdef(oid) definition from pg_constraint"
    " where conrelid = cast(:table as regclass) and contype in ('p', 'u')"
)
_INDEXES = text(
    "select c.relname name, pg_get_indexdef(c.oid) definition from pg_index i"
    " join pg_class c on c.oid = i.indexrelid where i.indrelid = cast(:table as regclass)"
    " and not exists (select 1 from pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u'))"
)
_GRANTS = text(
    "select a.privilege_type what, r.rolname who from pg_class c, aclexplode(c.relacl) a join pg_roles r"
    " on r.oid = a.grantee where c.oid = cast(:table as regclass) and r.rolname <> current_user"
)
_BUILT = text(
    "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = :schema and c.relname = :name"
)


async def look_here(session: AsyncSession) -> None:
    """In this transaction the tables' names mean the shadow's; everything else is the hub's own."""
    await session.execute(text(f"set local search_path to {SHADOW}, public"))


async def prepare(session: AsyncSession) -> None:
    """An empty schema; refused when a table refers to the projection: it would go on to the retired one."""
    await session.execute(text(f"drop schema if exists {RETIRED} cascade"))
    await session.execute(text(f"drop schema if exists {SHADOW} cascade"))
    referred = list(await session.scalars(_REFERRED, {"tables": [f"public.{t}" for t in TABLES]}))
    if referred:
        raise RuntimeError(f"foreign keys from or to the projection: {referred}")
    await session.execute(text(f"create schema {SHADOW}"))
    await make(session, (*FETCHED, *DESCRIBED))


async def make(session: AsyncSession, tables: Iterable[str]) -> None:
    """New and empty, as the table in use, without its indexes."""
    for table in tables:
        await session.execute(text(f"drop table if exists {SHADOW}.{table}"))
        await session.execute(text(f"create table {SHADOW}.{table} (like public.{table} {_LIKE})"))


async def key_affiliations(session: AsyncSession) -> None:
    """The key of what was fetched, before anything else: homes are given in its order."""
    await session.execute(
        text(f"alter table {SHADOW}.affiliation add constraint pk_affiliation primary key (id)")
    )


async def index(engine: AsyncEngine) -> None:
    """Every key and index the tables in use have; what is there already (a killed run) stays."""
    async with engine.connect() as connection:
        wanted = [
            (name, statement) for table in TABLES for name, statement in await _definitions(connection, table)
        ]
    waiting = iter(wanted)

    async def build() -> None:
        async with engine.connect() as connection:
            for name, statement in waiting:
                async with connection.begin():
                    if not await connection.scalar(_BUILT, {"schema": SHADOW, "name": name}):
                        await connection.execute(text("set local maintenance_work_mem = '512MB'"))
                        await connection.exec_driver_sql(statement)

    await together(*(build() for _ in range(AT_ONCE)))
    async with engine.connect() as connection:
        # without it the first lookups would have to look at every row that the indexes alone could tell
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in TABLES:
            await connection.execute(text(f"vacuum (analyze) {SHADOW}.{table}"))


async def _definitions(connection: AsyncConnection, table: str) -> list[tuple[str, str]]:
    of = {"table": f"public.{table}"}
    keys = (await connection.execute(_CONSTRAINTS, of)).all()
    indexes = (await connection.execute(_INDEXES, of)).all()
    return [
        *((k.name, f"alter table {SHADOW}.{table} add constraint {k.name} {k.definition}") for k in keys),
        *(
            (i.name, i.definition.replace(f" ON public.{table} ", f" ON {SHADOW}.{table} ", 1))
            for i in indexes
        ),
    ]


async def hold(session: AsyncSession) -> None:
    """All tables in use for us alone; whenever that takes longer than a moment they are let go again.

    A lookup may have one of them and wait for another that we have: we must be the one to give way, long
    before the server looks for a deadlock and ends one of the two.
    """
    names = ", ".join(f"public.{table}" for table in TABLES)
    for left in reversed(range(TRIES)):
        try:
            async with session.begin_nested():
                await session.execute(text(f"set local lock_timeout = '{PATIENCE}'"))
                await session.execute(text(f"lock table {names} in access exclusive mode"))
            return
        except DBAPIError as error:
            if not left or getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
        await asyncio.sleep(PAUSE)


async def exchange(session: AsyncSession) -> None:
    """The shadow takes the place of the tables in use, which wait for the end of running lookups at most."""
    await session.execute(text("set local search_path to public"))
    await session.execute(text(f"create schema {RETIRED}"))
    for table in TABLES:
        for grant in await session.execute(_GRANTS, {"table": f"public.{table}"}):
            await session.execute(text(f"grant {grant.what} on {SHADOW}.{table} to {grant.who}"))
    for table in TABLES:
        await session.execute(text(f"alter table public.{table} set schema {RETIRED}"))
        await session.execute(text(f"alter table {SHADOW}.{table} set schema public"))
    await session.execute(text(f"drop schema {SHADOW}"))


async def tidy(session: AsyncSession) -> None:
    """What was in use before goes."""
    await session.execute(text(f"drop schema if exists {RETIRED} cascade"))
