"""Events to persons: newest word, tombstones, links, replay; over PostgreSQL."""

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.hub.persons import service
from services.hub.persons.incoming import affiliation_id
from shared.contracts.event import Event
from shared.contracts.members import MemberLeft
from shared.kit.errors import NotFound, Refused
from tests.fixtures.databases import FreshDatabases
from tests.hub.conftest import Hub, open_hub
from tests.hub.telling import changed, state, withdrawn


@dataclass(frozen=True)
class Steward:
    name: str = "季云舟"
    id: UUID = field(default_factory=uuid4)


STEWARD = Steward()


async def people(hub: Hub) -> list[set[str]]:
    """Who belongs together, by organisation and name."""
    async with hub.database.transaction() as session:
        rows = await session.execute(
            text(
                "select b.person_id, f.org, f.name from belonging b join affiliation f on f.id = b.affiliation_id where b.person_id is not null"
            )
        )
        out: dict[UUID, set[str]] = {}
        for r in rows:
            out.setdefault(r.person_id, set()).add(f"{r.org}:{r.name}")
        return sorted(out.values(), key=sorted)


async def rows_of(hub: Hub, table: str) -> list[dict[str, Any]]:
    async with hub.database.transaction() as session:
        return [dict(r) for r in (await session.execute(text(f"select * from {table}"))).mappings()]


async def candidates(hub: Hub) -> list[tuple[UUID, UUID, str]]:
    """Pairs that rules ask about, and the rule."""
    return [
        (r["a"], r["b"], r["rule"])
        for r in sorted(await rows_of(hub, "edge"), key=lambda r: (r["since"], r["a"], r["b"]))
        if r["state"] == "candidate" and r["revoked_at"] is None
    ]


async def person_of(hub: Hub, org: str, member: UUID) -> UUID | None:
    async with hub.database.transaction() as session:
        found = await session.scalar(
            text("select person_id from belonging where affiliation_id = :id"),
            {"id": affiliation_id(org, member)},
        )
        return None if found is None else UUID(str(found))


async def test_one_person_with_two_affiliations(hub: Hub) -> None:
    a, b = state("张伟", identity="1"), state("張偉", identity="1", standing="left")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    [person] = await rows_of(hub, "person")
    assert person["name"] == "张伟"
    assert (person["active"], person["past"], person["size"]) == (1, 2, 2)


async def test_newest_version_wins_and_a_late_event_changes_nothing(hub: Hub) -> None:
    first = state("张伟")
    second = changed(first, name="张玮", former_names=("张伟",))
    await hub.tell("alpha", second)
    await hub.tell("alpha", first)
    [person] = await rows_of(hub, "person")
    assert person["name"] == "张玮"
    assert {r["name_key"] for r in await rows_of(hub, "person_name")} == {"张玮", "张伟"}


async def test_withdrawn_disappears_at_once_and_late_events_do_not_bring_it_back(hub: Hub) -> None:
    first = state("张伟", identity="1", phone="12000001234")
    later = changed(first, post="委员")
    tomb = withdrawn(later)
    await hub.tell("alpha", first)
    await hub.tell("alpha", tomb)
    await hub.tell("alpha", later)
    for table in ("person", "person_name", "person_tail"):
        assert not await rows_of(hub, table)
    [row] = await rows_of(hub, "affiliation")
    kept = {k for k, v in row.items() if v not in (None, [])}
    assert kept == {"id", "org", "member_id", "version", "withdrawn", "told_at"}
    await hub.tell("alpha", changed(first, version=tomb.version + 1))  # consent given anew
    assert len(await rows_of(hub, "person")) == 1


async def test_a_withdrawal_of_the_same_version_wins(hub: Hub) -> None:
    first = state("张伟")
    tomb = withdrawn(first).model_copy(update={"version": first.version})
    await hub.tell("alpha", tomb, first)
    assert not await rows_of(hub, "person")


async def test_one_organisation_cannot_speak_for_another(hub: Hub) -> None:
    member = uuid4()
    await hub.tell("alpha", state("张伟", member=member))
    await hub.tell("beta", withdrawn(state("张伟", member=member, version=9)))
    assert [p["name"] for p in await rows_of(hub, "person")] == ["张伟"]


async def test_evidence_that_vanishes_separates_and_gives_the_old_address_back(hub: Hub) -> None:
    a, b = (
        state("张伟", birth="1990-01-01", phone="12000001234"),
        state("张伟", birth="1990-01-01", phone="12000001234"),
    )
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    old = await person_of(hub, "alpha", a.member_id)
    assert old == await person_of(hub, "beta", b.member_id)
    moved = changed(b, tokens=state("张伟", birth="1990-01-01", phone="12000005678").tokens)
    await hub.tell("beta", moved)
    assert await person_of(hub, "alpha", a.member_id) == old
    own = await person_of(hub, "beta", b.member_id)
    assert own not in (None, old)
    await hub.tell("beta", changed(moved, tokens=b.tokens))
    assert await person_of(hub, "beta", b.member_id) == old
    async with hub.database.transaction() as session:
        assert own is not None
        assert await service.current_person(session, own) == old  # the loser's address redirects
        [edge] = [r for r in await rows_of(hub, "edge") if r["rule"] == "R2"]
        assert edge["state"] == "linked"
        assert edge["revoked_at"] is None


async def test_transitive_contradiction_through_three_organisations(hub: Hub) -> None:
    birth, phone = "1990-01-01", "12000001234"
    a = state("张伟", identity="1", birth=birth, phone=phone)
    x = state("张伟", birth=birth, phone=phone)
    b = state("张伟", identity="2", birth=birth, phone=phone)
    await hub.tell("alpha", a)
    await hub.tell("beta", x)
    assert len(await people(hub)) == 2 - 1
    await hub.tell("gamma", b)
    assert await people(hub) == [{"alpha:张伟"}, {"beta:张伟"}, {"gamma:张伟"}]
    assert len({(a, b) for a, b, _ in await candidates(hub)}) == 2
    await hub.tell("gamma", withdrawn(b))  # the doubt goes with its cause
    assert await people(hub) == [{"alpha:张伟", "beta:张伟"}]


async def test_separate_keeps_apart_through_later_events_and_undo_joins_again(hub: Hub) -> None:
    a, b, c = (state("张伟", identity="1") for _ in range(3))
    for org, event in (("alpha", a), ("beta", b), ("gamma", c)):
        await hub.tell(org, event)
    person = await person_of(hub, "alpha", a.member_id)
    assert person is not None
    apart = affiliation_id("gamma", c.member_id)
    async with hub.database.transaction() as session:
        await service.separate(session, apart, person, "本人到场说明证件被冒用", STEWARD)
    await hub.tell("gamma", changed(c, post="委员"))
    await hub.tell("beta", changed(b, post="委员"))
    assert await people(hub) == [{"alpha:张伟", "beta:张伟"}, {"gamma:张伟"}]
    verdict, _ = await rows_of(hub, "verdict")
    async with hub.database.transaction() as session:
        await service.undo(session, verdict["id"], "查实为同一人", STEWARD)
    assert len(await people(hub)) == 1
    async with hub.database.transaction() as session:
        with pytest.raises(Refused):
            await service.undo(session, verdict["id"], "再撤一次", STEWARD)
    assert {v["undone_reason"] for v in await rows_of(hub, "verdict")} == {"查实为同一人"}


async def test_staff_join_a_candidate_but_never_two_identity_numbers(hub: Hub) -> None:
    a = state("张伟", identity="1", birth="1990-01-01")
    b = state("张伟", birth="1990-01-01")
    c = state("张伟", identity="3", birth="1990-01-01")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    pair = affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)
    assert [rule for _, _, rule in await candidates(hub)] == ["R4"]
    async with hub.database.transaction() as session:
        await service.decide(session, pair, "same", "电话核实", STEWARD)
    assert not await candidates(hub)
    assert len(await people(hub)) == 1
    await hub.tell("gamma", c)
    with pytest.raises(Refused, match="不能确认为同一人"):
        async with hub.database.transaction() as session:
            await service.decide(
                session, (pair[1], affiliation_id("gamma", c.member_id)), "same", "误点", STEWARD
            )
    assert len(await people(hub)) == 2
    # the number the owner corrects later contradicts: the verdict stays on file but joins nobody
    await hub.tell("beta", changed(b, tokens=state("张伟", identity="9", birth="1990-01-01").tokens))
    assert len(await people(hub)) == 3


async def test_deciding_twice_keeps_both_decisions_on_file(hub: Hub) -> None:
    a, b = state("张伟", birth="1990-01-01"), state("张伟", birth="1990-01-01")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    pair = affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)
    for says in ("never", "same"):
        async with hub.database.transaction() as session:
            await service.decide(session, pair, says, "核实", STEWARD)
    assert [(v["says"], v["undone_at"] is None) for v in await rows_of(hub, "verdict")] == [
        ("never", False),
        ("same", True),
    ]
    assert len(await people(hub)) == 1


async def test_nobody_lives_at_an_unknown_address(hub: Hub) -> None:
    async with hub.database.transaction() as session:
        with pytest.raises(NotFound):
            await service.current_person(session, uuid4())


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
