"""The short way for records that stand alone ends where the long way ends: judging everybody again changes nothing."""

import random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.hub.persons import linking, service
from shared.contracts.event import Event
from shared.contracts.members import MemberAdmitted, MemberChanged
from tests.hub.conftest import Hub
from tests.hub.linked import STEWARD, person_of, rows_of
from tests.hub.telling import changed, state, token, withdrawn

State = MemberAdmitted | MemberChanged
DERIVED = ("belonging", "person", "person_name", "person_tail")
ORGS = ("alpha", "beta", "gamma")


async def derived(hub: Hub) -> dict[str, list[str]]:
    """Everything that is derived from affiliations, and the evidence in force."""
    out = {table: sorted(map(str, await rows_of(hub, table))) for table in DERIVED}
    edges = [
        (r["a"], r["b"], r["rule"], r["state"]) for r in await rows_of(hub, "edge") if not r["revoked_at"]
    ]
    return out | {"edge": sorted(map(str, edges))}


async def judge_all_again(hub: Hub) -> None:
    async with hub.database.transaction() as session:
        ids: set[UUID] = set(await session.scalars(text("select id from affiliation")))
        await linking.relink(session, ids, ids)


def newcomer(chance: random.Random) -> MemberAdmitted:
    """Now and then somebody known already: few numbers, phones and names."""
    born = f"19{chance.randrange(60, 99)}-0{chance.randrange(1, 9)}-11"
    return state(
        chance.choice("张王李赵") + chance.choice(("伟", "娜", "小明", "单于")),
        identity=chance.choice((None, f"51990{chance.randrange(400)}")),
        birth=born,
        phone=chance.choice((None, f"120{chance.randrange(60):08}")),
        sex=chance.choice("fm"),
        unit_id=token(f"unit {chance.randrange(4)}"),
    )


def next_word(chance: random.Random, before: State) -> Event:
    """The affiliation changes a little, wholly, or is withdrawn."""
    what = chance.randrange(4)
    if what == 0:
        return withdrawn(before)
    if what == 1:
        return changed(before, name=before.name + "一", former_names=(before.name,))
    other = newcomer(chance)
    return changed(before, tokens=other.tokens) if what == 2 else changed(before, standing="left")


@pytest.mark.parametrize("seed", range(4))
async def test_judging_everybody_again_changes_nothing(hub: Hub, seed: int) -> None:
    chance = random.Random(seed)
    told: dict[str, list[State]] = {org: [] for org in ORGS}
    for _ in range(8):
        org = chance.choice(ORGS)
        fresh: list[Event] = [newcomer(chance) for _ in range(chance.randrange(1, 25))]
        again = chance.sample(told[org], min(len(told[org]), chance.randrange(12)))
        batch = fresh + [next_word(chance, one) for one in again]
        told[org] = [one for one in told[org] if one not in again]
        told[org] += [e for e in batch if isinstance(e, State)]
        chance.shuffle(batch)
        await hub.tell(org, *batch)
    short = await derived(hub)
    assert len(short["person"]) > 20
    await judge_all_again(hub)
    assert await derived(hub) == short


async def test_the_directory_has_the_word_on_unit_and_district(hub: Hub) -> None:
    """A record that stands alone shows what the directory says of its unit, as any other does."""
    unit = token("unit")
    async with hub.database.transaction() as session:
        await session.execute(
            text(
                "insert into unit (org, unit_id, version, path, names, kind, kind_title, district, status)"
                " values ('alpha', :id, 1, 'u1/u9', '{某会,新名分会}', 'b', '基层', '新区', 'active')"
            ),
            {"id": unit},
        )
    await hub.tell("alpha", state("张伟"))
    [person] = await rows_of(hub, "person")
    assert (person["unit"], person["district"]) == ("新名分会", "新区")
    await judge_all_again(hub)
    assert [person] == await rows_of(hub, "person")


async def test_a_change_of_somebody_alone_leaves_nothing_of_the_old_name(hub: Hub) -> None:
    first = state("单于明", phone="12000001234")
    await hub.tell("alpha", first)
    await hub.tell("alpha", changed(first, name="钱多多", phone_last4="9999"))
    assert {r["name_key"] for r in await rows_of(hub, "person_name")} == {"钱多多"}
    assert [r["tail"] for r in await rows_of(hub, "person_tail")] == ["9999"]


async def test_staffs_word_ties_what_shares_nothing(hub: Hub) -> None:
    """Two records that share no token, but staff said they are one: a change and a replay keep them one."""
    one, other = state("张伟"), state("王娜")
    await hub.tell("alpha", one)
    await hub.tell("beta", other)
    rows: list[dict[str, Any]] = await rows_of(hub, "affiliation")
    async with hub.database.transaction() as session:
        await service.decide(session, (rows[0]["id"], rows[1]["id"]), "same", "当面核对", STEWARD)
    person = await person_of(hub, "alpha", one.member_id)
    await hub.tell("beta", changed(other, standing="left"))
    assert await person_of(hub, "beta", other.member_id) == person
    async with hub.database.transaction() as session:
        await service.forget(session)
    await hub.tell("alpha", one)
    await hub.tell("beta", changed(other, standing="left"))
    assert await person_of(hub, "alpha", one.member_id) == person
    assert await person_of(hub, "beta", other.member_id) == person


async def test_a_stale_word_that_nobody_could_be_described_from_stops_nothing(hub: Hub) -> None:
    first = state("张伟")
    bad = changed(first, name="张\u202e伟")
    await hub.tell("alpha", first)
    with pytest.raises(ValueError):
        await hub.tell("alpha", bad)
    await hub.tell("alpha", changed(bad, name="张伟明"))
    await hub.tell("alpha", bad, state("李娜"))
    assert sorted(r["name"] for r in await rows_of(hub, "person")) == ["张伟明", "李娜"]
