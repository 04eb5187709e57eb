"""Loading: through the front doors, once, resumable, with staff for each role."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.demo import roll, staff
from deploy.demo.city import Plan, build_city
from deploy.demo.data import table
from deploy.demo.load import ensure_demo
from deploy.demo.organisations import POLICIES, PROFILES
from deploy.demo.places import ORGANISATIONS, Organisation, districts, places
from deploy.demo.trail import begun, finished
from deploy.demo.tree import district_unit, unit_called
from deploy.settings import settings_of
from shared.kit import audit, clock
from shared.kit.context import make_kit
from shared.kit.staff import passwords
from shared.kit.staff.models import StaffAccount
from shared.kit.staff.roles import ROLES, grants_of, objection, permits
from shared.kit.staff.rules import RULES, password_objection
from shared.org.imports.places import Place, Places, names_of
from shared.org.kit import OrgKit, make_org_kit
from shared.org.members import admit_many
from shared.org.members.filling import plain_of
from shared.org.members.models import Member
from shared.org.units import Unit, rename_unit
from tests.demo.conftest import CODES, SMALL, Environments
from tests.demo.quiet import Quiet

pytestmark = pytest.mark.timeout(180)


@asynccontextmanager
async def opened(environments: Environments, code: str) -> AsyncIterator[AsyncSession]:
    kit = make_kit(settings_of(environments[code]))
    async with kit.database.transaction() as session:
        yield session
    await kit.database.close()


async def rows(environments: Environments, code: str, query: str) -> Sequence[Any]:
    async with opened(environments, code) as session:
        return (await session.execute(text(query))).all()


async def count(environments: Environments, code: str, what: str) -> int:
    ((number,),) = await rows(environments, code, f"select count(*) from {what}")
    return int(number)


def org_of(environments: Environments, code: Organisation) -> OrgKit:
    return make_org_kit(make_kit(settings_of(environments[code])), PROFILES[code], POLICIES[code])


async def test_everybody_comes_onto_the_roll_with_events(small_city: Environments) -> None:
    city = build_city(Plan(SMALL, clock.today()))
    for code, records in city.records.items():
        ids = {i for (i,) in await rows(small_city, code, "select id from member")}
        assert ids == {r.id for r in records}
        told = await count(small_city, code, "outbox where type = 'member.admitted.v1'")
        assert told == len({r.id for r in records} & city.truth.shared)
        assert await count(small_city, code, "unit") == 1 + len(places(code))
        assert await count(small_city, code, "outbox where type = 'unit.changed.v1'") == 1 + len(places(code))
        reasons = await rows(small_city, code, "select distinct actor, reason from member_change")
        assert [tuple(r) for r in reasons] == [("演示城市", roll.REASON)]


async def test_all_that_is_stored_is_synthetic(small_city: Environments) -> None:
    for code in ORGANISATIONS:
        org = org_of(small_city, code)
        async with org.kit.database.transaction() as session:
            plains = [plain_of(org, member) for member in await session.scalars(select(Member))]
        await org.kit.database.close()
        assert len(plains) > 50
        assert all(plain.identity is None or plain.identity.startswith("5199") for plain in plains)
        assert all(plain.phone is None or plain.phone.startswith("12") for plain in plains)


async def test_a_second_start_adds_nothing_whatever_it_asks_for(small_city: Environments) -> None:
    tables = ("unit", "member", "outbox", "audit_entry", "staff_account")
    before = {(c, t): await count(small_city, c, t) for c in ORGANISATIONS for t in tables}
    await ensure_demo(small_city, SMALL + 100, Quiet())
    assert {(c, t): await count(small_city, c, t) for c in ORGANISATIONS for t in tables} == before


async def test_an_interrupted_load_goes_on_with_its_own_plan(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "CHUNK", 50)
    real, steps = admit_many, Counter[str]()

    async def failing(session: AsyncSession, org: OrgKit, *rest: Any) -> Any:
        steps[org.profile.code] += 1
        if steps["union"] > 2:
            raise ConnectionError("the lights went out")
        return await real(session, org, *rest)

    monkeypatch.setattr(roll, "admit_many", failing)
    with pytest.raises(ConnectionError):
        await ensure_demo(environments, 300, Quiet())
    assert await count(environments, "union", "member") == 100
    monkeypatch.setattr(roll, "admit_many", real)
    monkeypatch.setattr(clock, "today", lambda: date(2026, 12, 31))  # the plan's day is kept
    await ensure_demo(environments, 5000, Quiet())
    monkeypatch.undo()
    city = build_city(Plan(300, clock.today()))
    for code, records in city.records.items():
        assert await count(environments, code, "member") == len(records)
    assert await count(environments, "union", "outbox where type = 'member.admitted.v1'") == len(
        {r.id for r in city.records["union"]} & city.truth.shared
    )


async def test_without_people_there_are_units_and_staff(empty_city: Environments) -> None:
    for code in ORGANISATIONS:
        assert await count(empty_city, code, "member") == 0
        assert await count(empty_city, code, "unit") > 100
        org = org_of(empty_city, code)
        assert await begun(org.kit) is None
        assert not await finished(org.kit)
        await org.kit.database.close()


async def test_staff_of_each_role_can_sign_in_everywhere(empty_city: Environments) -> None:
    for code in CODES:
        wanted = staff.HUB if code == "hub" else staff.ORGANISATION
        async with opened(empty_city, code) as session:
            accounts = {a.login: a for a in await session.scalars(select(StaffAccount))}
        assert set(accounts) == {login.login for login in wanted}
        assert await passwords.matches(accounts["viewer"].password_hash, staff.PASSWORD)
        assert not any(a.must_change for a in accounts.values())


@pytest.mark.parametrize("code", ORGANISATIONS)
async def test_the_district_clerk_sees_one_district(code: Organisation, empty_city: Environments) -> None:
    ((path, unit, name),) = await rows(
        empty_city,
        code,
        "select scope_path, scope_unit, scope_name from staff_account where login = 'district'",
    )
    ((found, title, district),) = await rows(
        empty_city, code, f"select path, name, district from unit where id = '{unit}'"
    )
    assert (found, title, district) == (path, name, staff.DEMO_DISTRICT)
    below = await count(empty_city, code, f"unit where path like '{path}/%'")
    assert 10 < below < await count(empty_city, code, "unit") / 3
    assert await count(empty_city, code, "unit where district is null") < 10


def test_a_newcomer_is_shown_every_login() -> None:
    shown = staff.shown(CODES)
    assert len(shown) == len(staff.ORGANISATION) + len(staff.HUB)
    assert staff.PASSWORD not in str(shown)  # said once above the table
    assert {tuple(row) for row in shown} == {tuple(shown[0])}


def test_the_password_satisfies_the_policy_for_every_login() -> None:
    for login in (*staff.ORGANISATION, *staff.HUB):
        assert password_objection(staff.PASSWORD, RULES[-1], (login.login, login.name)) is None
        assert objection(login.roles) is None


def test_roles_differ() -> None:
    can = {login.login: grants_of(login.roles) for login in (*staff.ORGANISATION, *staff.HUB)}
    assert permits(can["clerk"], "members.write")
    assert not permits(can["viewer"], "members.write")
    assert permits(can["approver"], "units.approve")
    assert permits(can["steward"], "persons.decide")
    assert permits(can["ops"], "ops.manage")
    assert permits(can["auditor"], "audit.read")
    assert not permits(can["clerk"], "audit.read")


def test_each_role_has_a_login() -> None:
    assert {role for login in staff.ORGANISATION for role in login.roles} == set(ROLES)


async def test_a_unit_staff_renamed_is_not_founded_again(environments: Environments) -> None:
    await ensure_demo(environments, 0, Quiet())
    for code in ORGANISATIONS:
        org = org_of(environments, code)
        async with org.kit.database.transaction() as session:
            unit = await unit_called(session, district_unit(code))
            assert unit is not None
            await rename_unit(
                session, org, unit.id, f"新{unit.name}", version=unit.version, actor=audit.System("测试")
            )
        await org.kit.database.close()
    before = {code: await count(environments, code, "unit") for code in ORGANISATIONS}
    await ensure_demo(environments, 0, Quiet())
    assert {code: await count(environments, code, "unit") for code in ORGANISATIONS} == before


def roster_paths(code: Organisation) -> list[tuple[str, str]]:
    """Units as the sample rosters write them: cell, and the district their sheet tells."""
    shared = table("city")[code]["shared"]
    if code == "womens":
        return [(name, d.name) for d in districts() for name in shared]
    top = {"union": "锦城市总工会", "league": "共青团锦城市委"}[code]
    ending = {"union": "工会委员会", "league": ""}[code]
    return [(f"{top}/{d.unit(code)}/{name}{ending}", "") for d in districts() for name in shared]


@pytest.mark.parametrize("code", ORGANISATIONS)
async def test_sample_rosters_meet_existing_units(code: Organisation, empty_city: Environments) -> None:
    org = org_of(empty_city, code)
    async with org.kit.database.transaction() as session:
        found = Places(org, uuid4(), "")
        await found.begin(session)
        wanted = [names_of(cell, found.district(d) if d else "") for cell, d in roster_paths(code)]
        await found.resolve(session, wanted)
        units = [place.unit if isinstance(place := found[w], Place) else None for w in wanted]
    await org.kit.database.close()
    assert all(isinstance(unit, Unit) for unit in units)
    assert len({unit.id for unit in units if unit}) == len(wanted)


async def test_the_load_is_in_the_audit_log(small_city: Environments) -> None:
    found = await rows(
        small_city,
        "union",
        "select action, actor_name, detail from audit_entry where action like 'demo.%' order by seq",
    )
    assert [r.action for r in found] == ["demo.begun", "demo.finished"]
    assert found[0].detail["people"] == SMALL
    async with opened(small_city, "union") as session:
        assert not (await audit.verify(session)).faults


async def test_there_is_a_round_to_wish_for_and_one_with_its_result(empty_city: Environments) -> None:
    (published,) = await rows(empty_city, "union", "select status, used from season_round")
    assert (published.status, set(published.used)) == ("published", {"union", "league"})
    outcomes = await rows(empty_city, "union", "select org, outcome, booked from season_wish")
    assert {w.outcome for w in outcomes} >= {"given", "taken"}
    assert all(w.booked for w in outcomes if w.outcome == "given")
    assert await rows(empty_city, "league", "select status from season_round") == [("open",)]
    wishes = await rows(empty_city, "league", "select distinct org from season_wish")
    assert {org for (org,) in wishes} == {"league", "womens"}
    for code in ORGANISATIONS:
        assert await count(empty_city, code, "venue_photo") > 0
    assert await rows(empty_city, "union", "select lead_org from venue where tenants <> '{}'") == [("union",)]
