"""Resolving everybody at once gives exactly the groups and edges of `rules.link` over all records."""

import random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.hub.persons import bulk, rules
from services.hub.persons.bulk import record
from services.hub.persons.incoming import newest
from services.hub.persons.rules import Link
from services.hub.persons.store import save_affiliations
from services.hub.rebuild import derive
from tests.hub.conftest import Hub
from tests.hub.telling import received, state

PART = 10
NAMES = ("王小明", "王晓明", "王小", "欧阳娜娜", "李娜", "李娜娜", "单文慧")
Outcome = tuple[set[frozenset[UUID]], set[Link]]


async def fill(hub: Hub, seed: int, count: int) -> None:
    """People that share numbers and phones often, one telephone of an office, verdicts of both kinds."""
    rnd = random.Random(seed)
    events = []
    for n in range(count):
        identity = rnd.choice([None, f"5199011990010{rnd.randrange(count // 3):05}"])
        phone = "12000000000" if rnd.random() < 0.1 else f"120{rnd.randrange(count // 3):08}"
        person = state(rnd.choice(NAMES), identity=identity, phone=phone, birth=f"199{rnd.randrange(3)}-01-01",
                       sex=rnd.choice("fm"))  # fmt: skip
        events.append(received(rnd.choice(("甲", "乙", "丙")).encode().hex(), person, n + 1))
    async with hub.database.transaction() as session:
        await save_affiliations(session, newest(events))
        await session.execute(text("insert into belonging (affiliation_id) select id from affiliation"))
        ids = sorted(await session.scalars(text("select id from affiliation")))
        for _ in range(count // 10):
            a, b = sorted(rnd.sample(ids, 2))
            await session.execute(
                text("insert into verdict (a, b, says, reason, by_id, by_name) values (:a, :b, :says, '', :a, '')"
                     " on conflict do nothing"),
                {"a": a, "b": b, "says": rnd.choice(("same", "never"))},
            )  # fmt: skip


async def at_once(hub: Hub) -> Outcome:
    groups: set[frozenset[UUID]] = set()
    edges: set[Link] = set()
    async with hub.database.engine.connect() as connection, connection.begin():
        async for batch in bulk.components(connection):
            for component in batch:
                groups |= set(component.linking.groups)
                edges |= set(component.linking.edges)
                persons = component.persons()
                assert set(persons) == {row.id for row in component.rows}
        ids = (await connection.execute(text("select id from affiliation"))).scalars().all()
    known = {i for g in groups for i in g}
    return groups | {frozenset([i]) for i in ids if i not in known}, edges


async def by_the_rules(hub: Hub) -> Outcome:
    async with hub.database.transaction() as session:
        rows: list[Any] = list(
            (await session.execute(text("select * from affiliation where not withdrawn"))).all()
        )
        said = (await session.execute(text("select a, b, says from verdict order by id"))).all()
    linking = rules.link(
        [record(r) for r in rows],
        [(v.a, v.b) for v in said if v.says == "same"],
        [(v.a, v.b) for v in said if v.says == "never"],
    )
    return set(linking.groups), set(linking.edges)


@pytest.mark.parametrize("seed", range(4))
async def test_all_at_once_is_what_the_rules_say(hub: Hub, seed: int) -> None:
    await fill(hub, seed, 400)
    groups, edges = await at_once(hub)
    expected, said = await by_the_rules(hub)
    assert groups == expected
    assert edges == said
    assert len(groups) < 380, "the test joins people"
    assert {edge.state for edge in edges} >= {"linked", "candidate"}


async def test_a_token_too_common_counts_for_nothing_inside_a_component_either(hub: Hub) -> None:
    """Two that share their number and an office's telephone: the telephone is no evidence for them."""
    crowd = [
        received("aa", state("王小明", phone="12000000000", birth="1990-01-01", member=uuid4()), n)
        for n in range(1, 40)
    ]
    two = [received(o, state("王小明", identity="519901199001010011", phone="12000000000", birth="1990-01-01"), 50)
           for o in ("aa", "bb")]  # fmt: skip
    async with hub.database.transaction() as session:
        await save_affiliations(session, newest([*crowd, *two]))
        await session.execute(text("insert into belonging (affiliation_id) select id from affiliation"))
    groups, edges = await at_once(hub)
    assert (groups, edges) == await by_the_rules(hub)
    assert {edge.rule for edge in edges} == {"R1"}


async def test_people_are_described_in_parts(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derive, "PEOPLE", PART)
    await fill(hub, 1, 100)
    async with hub.database.engine.connect() as connection, connection.begin():
        await connection.execute(text("update belonging set person_id = home"))
        sizes = [len(group) async for group in derive._people(connection)]
    assert sum(sizes) == 100
    assert max(sizes) <= 2 * PART, "one part more is read to see where a person ends"


async def test_judging_reads_in_parts_and_gives_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(hub, 1, 100)
    monkeypatch.setattr(bulk, "ROWS", PART)
    monkeypatch.setattr(bulk, "BATCH", PART)
    assert await at_once(hub) == await by_the_rules(hub)
