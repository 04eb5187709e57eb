"""What the bench says of everybody's links is what the truth says of them, and a wrong link shows."""

import asyncio

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from deploy.bench import everybody
from deploy.demo.city import Plan, build_city
from services.hub.rebuild import shadow
from shared.kit import clock
from tests.fixtures.databases import FreshDatabases

PEOPLE = 1500
_TOGETHER = text(
    "update belonging set person_id = (select min(person_id::text)::uuid from belonging)"
    " where person_id = (select max(person_id::text)::uuid from belonging)"
)


@pytest.mark.slow
async def test_score_of_everybody_is_the_truths(databases: FreshDatabases) -> None:
    urls = await databases.fresh("hub")
    await asyncio.to_thread(everybody.write, urls.owner, PEOPLE)
    said = await everybody.resolve(urls.owner)
    engine = create_async_engine(urls.owner, poolclass=NullPool)
    try:
        async with AsyncSession(engine) as session:
            await shadow.look_here(session)
            groups = await session.execute(text("select affiliation_id, person_id from belonging"))
            truth = build_city(Plan(PEOPLE, clock.today())).truth
            score = truth.score({row.affiliation_id: row.person_id for row in groups})
            assert (said.score.true, said.score.linked, said.score.rightly) == (
                score.true, score.linked, score.right
            )  # fmt: skip
            assert said.score.records == len(truth.shared)
            assert score.right > 0
            assert said.two_numbers == 0
            await session.execute(_TOGETHER)
            wrong, two_numbers = await everybody.scored(session)
            assert wrong.linked > score.linked
            assert wrong.rightly == score.right
            assert two_numbers == 1
    finally:
        await engine.dispose()
        await databases.drop(urls)
