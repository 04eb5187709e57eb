"""The bench's city is what the projection itself would have made of the same records."""

from uuid import UUID

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from deploy.bench import city
from deploy.demo.places import ORGANISATIONS
from services.hub.persons import linking
from tests.fixtures.databases import FreshDatabases

PEOPLE = 1500
SEARCH_ROWS = ("person", "person_name", "person_tail")


@pytest.mark.slow
async def test_deriving_every_person_again_changes_nothing(databases: FreshDatabases) -> None:
    urls = await databases.fresh("hub")
    await city.load(urls.owner, PEOPLE)
    engine = create_async_engine(urls.owner, poolclass=NullPool)
    try:
        async with AsyncSession(engine) as session:
            before = {t: await rows(session, t) for t in SEARCH_ROWS}
            people = list(await session.scalars(text("select id from person")))
            assert len(people) == PEOPLE
            await linking.describe_again(session, people)
            assert {t: await rows(session, t) for t in SEARCH_ROWS} == before
            homes = await session.scalar(text(
                "select count(*) from (select distinct on (person_id) person_id, home from belonging"
                " order by person_id, home) b where home <> person_id"))  # fmt: skip
            records = await session.scalar(text("select count(*) from affiliation"))
            assert (homes, round((records or 0) / PEOPLE, 1)) == (0, 1.6)
            await no_index_is_missing(session, await indexes(session), databases)
    finally:
        await engine.dispose()
        await databases.drop(urls)


async def rows(session: AsyncSession, table: str) -> set[str]:
    """Every row as text, in no order."""
    return set(await session.scalars(text(f"select t::text from {table} t")))


async def indexes(session: AsyncSession) -> set[str]:
    found = await session.scalars(
        text("select indexdef from pg_indexes where tablename = any(:t)"), {"t": list(city.TABLES)}
    )
    return set(found)


async def no_index_is_missing(session: AsyncSession, found: set[str], databases: FreshDatabases) -> None:
    urls = await databases.fresh("hub")
    engine = create_async_engine(urls.owner, poolclass=NullPool)
    async with AsyncSession(engine) as untouched:
        assert found == await indexes(untouched)
    await engine.dispose()
    await databases.drop(urls)


def test_the_same_plan_gives_the_same_names() -> None:
    assert city.draw(3000) == city.draw(3000)
    assert sum(city.draw(3000).values()) == 3000


def test_units_form_a_tree_of_ninety_thousand() -> None:
    found = list(city.units())
    paths = {(org, path) for org, _, _, _, _, path, *_ in found}
    assert 90_000 < len(found) == len(paths)
    above = {(org, path.rpartition("/")[0]) for org, path in paths}
    assert above - paths == {(org, "city") for org in ORGANISATIONS}
    ids: set[UUID] = {row[4] for row in found}
    assert len(ids) == len(found)
