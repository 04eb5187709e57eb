"""The unit an account or a token is limited to: chosen by its id, and kept whatever units are called."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.kit.staff import ApiToken, StaffAccount
from shared.org.kit import OrgKit
from shared.org.units import Unit, create_unit, rename_unit
from tests.org.people import CLERK, two_levels
from tests.org.web import OrgWorld, org_world


@pytest.fixture
async def here(org: OrgKit) -> AsyncIterator[OrgWorld]:
    async with org_world(org) as made:
        yield made


async def named(here: OrgWorld, *names: str) -> Unit:
    """A unit below the top, or below the one of the first name."""
    kinds = two_levels(here.org)
    unit = here.top
    async with here.org.kit.database.transaction() as session:
        for name, kind in zip(names, kinds, strict=False):
            unit = await create_unit(session, here.org, parent_id=unit.id, name=name, kind=kind, actor=CLERK)
    return unit


async def account_of(here: OrgWorld, login: str) -> StaffAccount:
    async with here.org.kit.database.transaction() as session:
        return (await session.scalars(select(StaffAccount).where(StaffAccount.login == login))).one()


async def test_a_limit_is_chosen_by_its_unit_not_by_a_name(here: OrgWorld) -> None:
    units = [await named(here, above, "同名单位") for above in ("双流单位", "温江单位")]
    admin = await here.signed_in("admin")
    found = (await admin.get("/staff/scopes?scope_q=tmdw")).text
    for above, unit in zip(("双流单位", "温江单位"), units, strict=True):
        assert f'value="{unit.id}">{here.org.name} / {above} / 同名单位' in found
    form = {"login": "wenjiang", "name": "文姜", "roles": "viewer"}
    for refused in (
        {},
        {"scope_q": "同名单位"},
        {"scope": "", "scope_q": "同名单位"},
        {"scope": str(UUID(int=7))},
    ):
        answer = await admin.post("/staff/new", form | refused)
        assert answer.status_code == 422, refused
        assert 'id="e-scope_q"' in answer.text
        assert "温江单位 / 同名单位" in answer.text or "scope_q" not in refused
    scope = {"scope": str(units[1].id)}
    assert (await admin.post("/staff/new", form | scope)).status_code == 200
    token = {"name": "对接", "days": "30", "roles": "viewer"} | scope
    assert (await admin.post("/staff/tokens", token)).status_code == 200
    account = await account_of(here, "wenjiang")
    assert (account.scope_path, account.scope_unit) == (units[1].path, units[1].id)
    async with here.org.kit.database.transaction() as session:
        assert (await session.scalars(select(ApiToken.scope_path))).one() == units[1].path
    for page in ("/staff", "/staff/tokens"):
        assert "温江单位 / 同名单位" in (await admin.get(page)).text


async def test_a_form_saved_as_it_is_keeps_the_limit_when_another_unit_took_the_name(here: OrgWorld) -> None:
    unit = await named(here, "春熙单位")
    admin = await here.signed_in("admin")
    form = {"name": "苏禾", "roles": "viewer"}
    assert (
        await admin.post("/staff/new", form | {"login": "suhe", "scope": str(unit.id)})
    ).status_code == 200
    async with here.org.kit.database.transaction() as session:
        await rename_unit(session, here.org, unit.id, "春盛单位", version=unit.version, actor=CLERK)
    await named(here, "春熙单位")
    account = await account_of(here, "suhe")
    assert account.scope_name == "春盛单位"
    page = (await admin.get(f"/staff/{account.id}")).text
    [(scope, shown)] = re.findall(r'name="scope" value="([^"]+)" checked>([^<]+)<', page)
    assert shown.endswith(" / 春盛单位")
    answer = await admin.post(f"/staff/{account.id}", form | {"scope": scope, "scope_q": ""})
    assert answer.status_code == 303
    account = await account_of(here, "suhe")
    assert (account.scope_unit, account.scope_path) == (unit.id, unit.path)
