"""Disorder, duplicates and a replay of everything end at the same persons."""

import random
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.hub.persons import service
from shared.contracts.event import Event
from shared.contracts.members import MemberLeft
from tests.fixtures.databases import FreshDatabases
from tests.hub.conftest import Hub, open_hub
from tests.hub.linked import STEWARD, candidates, people, rows_of
from tests.hub.telling import changed, state, withdrawn


def city(seed: int, size: int = 120) -> list[tuple[str, Event]]:
    """A small city with namesakes, missing and shared numbers, corrections, departures, withdrawals."""
    chance = random.Random(seed)
    out: list[tuple[str, Event]] = []
    for number in range(size):
        name = chance.choice(["张伟", "张玮", "李娜", "王芳", "张小伟"])
        identity = chance.choice([None, str(number % 40)])
        birth, phone = (
            chance.choice([None, f"199{number % 9}-01-01"]),
            chance.choice([None, f"1200000{number % 20:04}"]),
        )
        org = chance.choice(["alpha", "beta", "gamma"])
        first = state(name, member=UUID(int=number + 1), identity=identity, birth=birth, phone=phone)
        out.append((org, first))
        if chance.random() < 0.3:
            new = state(
                name, identity=chance.choice([None, str(chance.randrange(40))]), birth=birth, phone=phone
            )
            second = changed(first, tokens=new.tokens)
            out.append((org, second))
            if chance.random() < 0.3:
                out.append((org, withdrawn(second)))
        elif chance.random() < 0.2:
            out.append((org, MemberLeft(**(first.model_dump() | {"version": 2, "standing": "left"}))))
    return out


async def outcome(hub: Hub) -> tuple[Any, ...]:
    """Everything that must not depend on the order of events: links, evidence and search rows."""
    async with hub.database.transaction() as session:
        groups = await session.scalars(
            text(
                "select array_agg(affiliation_id order by affiliation_id)::text from belonging"
                " where person_id is not null group by person_id order by 1"
            )
        )
        edges = await session.execute(
            text("select a, b, rule, state from edge where revoked_at is null order by 1, 2, 3")
        )
        names = await session.scalars(
            text(
                "select (name_key, pinyin, plain, several, district, standing)::text from person_name order by 1"
            )
        )
        return list(groups), [tuple(e) for e in edges], list(names)


async def told(hub: Hub, events: list[tuple[str, Event]], batch: int) -> None:
    for start in range(0, len(events), batch):
        for org in ("alpha", "beta", "gamma"):
            part = [e for o, e in events[start : start + batch] if o == org]
            if part:
                await hub.tell(org, *part)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), batch=st.sampled_from([1, 7, 50]), repeats=st.integers(0, 40))
async def test_disorder_and_duplicates_change_nothing(
    databases: FreshDatabases, seed: int, batch: int, repeats: int
) -> None:
    events = city(seed, 60)
    async with open_hub(databases) as hub:
        await told(hub, events, 25)
        expected = await outcome(hub)
    mixed = events + random.Random(seed).choices(events, k=repeats)
    random.Random(seed + 1).shuffle(mixed)
    async with open_hub(databases) as hub:
        await told(hub, mixed, batch)
        got = await outcome(hub)
        # which organisation's first affiliation came first decides bits, not who belongs together
        assert got == expected


async def test_replay_gives_the_same_links_ids_and_keeps_decisions(hub: Hub) -> None:
    events = city(7)
    await told(hub, events, 10)
    pairs = [(a, b) for a, b, _ in await candidates(hub)]
    for pair in pairs[:3]:
        async with hub.database.transaction() as session:
            await service.decide(session, pair, "never", "不是同一人", STEWARD)
    linked = [g for g in await people(hub) if len(g) > 1]
    assert linked
    assert pairs
    before, ids = (
        await outcome(hub),
        {r["affiliation_id"]: r["person_id"] for r in await rows_of(hub, "belonging")},
    )
    async with hub.database.transaction() as session:
        await service.forget(session)
    assert not await rows_of(hub, "person")
    await told(hub, events, 500)
    assert await outcome(hub) == before
    assert {r["affiliation_id"]: r["person_id"] for r in await rows_of(hub, "belonging")} == ids
