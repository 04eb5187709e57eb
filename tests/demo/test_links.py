"""How near the hub's automatic links come to the truth, by its own rules and by its own projection."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from deploy.demo.city import City, Plan, build_city
from deploy.demo.places import Organisation
from deploy.demo.records import Record
from deploy.demo.roll import read
from services.hub.persons import rules
from shared.contracts.event import CATALOGUE
from shared.kit import clock
from shared.kit.db import Database
from shared.kit.pii import Sex, name_keys
from shared.kit.settings import Settings
from shared.org.kit import OrgKit
from tests.demo.conftest import SMALL, Environments
from tests.fixtures.databases import FreshDatabases
from tests.hub.conftest import Hub, open_hub

DAY = date(2026, 11, 23)
SEXES: dict[str, Sex] = {"f": "female", "m": "male"}


def as_told(org: OrgKit, record: Record) -> rules.Record:
    """What the hub would get to know of the record."""
    entry = read(org, record, uuid4(), DAY)
    assert entry is not None
    assert entry.birth is not None
    keys, tokens, sex = name_keys(entry.name), org.tokens, SEXES[entry.sex or ""]
    return rules.Record(
        id=record.id,
        org=record.organisation,
        key=keys.key,
        readings=frozenset(keys.pinyins),
        identity=tokens.identity_token(entry.identity) if entry.identity else None,
        name_birth_phone=tokens.name_birth_phone(entry.name, entry.birth, entry.phone)
        if entry.phone
        else None,
        birth_phone_sex=tokens.birth_phone_sex(entry.birth, entry.phone, sex) if entry.phone else None,
        name_birth_sex=tokens.name_birth_sex(entry.name, entry.birth, sex),
    )


def links_of(computing: dict[Organisation, OrgKit], city: City) -> tuple[list[rules.Record], rules.Linking]:
    """What the hub would be told of the city, and what its rules make of it."""
    shared = city.truth.shared
    told = [
        as_told(computing[code], r)
        for code, records in city.records.items()
        for r in records
        if r.id in shared
    ]
    return told, rules.link(told, [], [])


@pytest.mark.timeout(120)
def test_automatic_links_reach_the_goals(computing: dict[Organisation, OrgKit], large_city: City) -> None:
    truth = large_city.truth
    told, linking = links_of(computing, large_city)
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
