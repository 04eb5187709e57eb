"""How near the hub's automatic links come to the truth, by its own rules and by its own projection."""

from uuid import UUID

import pytest
from sqlalchemy import text

from deploy.bench.identity import as_told
from deploy.demo.city import City, Plan, build_city
from deploy.demo.places import Organisation
from services.hub.persons import rules
from shared.contracts.event import CATALOGUE
from shared.kit import clock
from shared.kit.db import Database
from shared.kit.settings import Settings
from shared.org.kit import OrgKit
from tests.demo.conftest import SMALL, Environments
from tests.fixtures.databases import FreshDatabases
from tests.hub.conftest import Hub, open_hub


@pytest.mark.timeout(120)
def test_automatic_links_reach_the_goals(computing: dict[Organisation, OrgKit], large_city: City) -> None:
    truth = large_city.truth
    told = as_told(large_city, computing)
    linking = rules.link(told, [], [])
    group_of = {member: number for number, group in enumerate(linking.groups) for member in group}
    score = truth.score(group_of)
    assert score.true > 2000
    assert score.precision >= 0.9999
    assert score.recall >= 0.93
    identity = {r.id: r.identity for r in told}
    assert not [g for g in linking.groups if len({identity[m] for m in g} - {None}) > 1]
    asked = {edge.pair for edge in linking.edges if edge.state == "candidate"}
    found = sum(truth.person_of[a] == truth.person_of[b] for a, b in asked)
    assert (score.right + found) / score.true >= 0.99


async def events_of(environments: Environments, code: str) -> list[object]:
    database = Database(Settings(service=code, database_url=environments[code]["QUNTUAN_DATABASE_URL"]))
    async with database.transaction() as session:
        rows = (
            await session.execute(
                text("select type, data from outbox where type like 'member.%' order by id")
            )
        ).all()
    await database.close()
    return [CATALOGUE[type_].model_validate(data) for type_, data in rows]


async def persons_at(hub: Hub) -> dict[UUID, UUID]:
    async with hub.database.transaction() as session:
        rows = await session.execute(
            text(
                "select a.member_id, b.person_id from affiliation a join belonging b on b.affiliation_id = a.id"
            )
        )
        return {r.member_id: r.person_id for r in rows}


@pytest.mark.timeout(180)
async def test_the_hub_links_the_loaded_city(small_city: Environments, databases: FreshDatabases) -> None:
    """Through the organisations' front doors, their events and the hub's projection."""
    truth = build_city(Plan(SMALL, clock.today())).truth
    async with open_hub(databases) as hub:
        for code in ("union", "league", "womens"):
            await hub.tell(code, *await events_of(small_city, code))  # type: ignore[arg-type]
        persons = await persons_at(hub)
    assert set(persons) == truth.shared
    score = truth.score(persons)
    assert score.true > 70
    assert score.precision == 1.0
    assert score.recall > 0.85
