"""Each organisation found in services/, over a database without rows; its service with people signed in."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.local.packages import discover, organisations
from shared.kit.staff import ROLES, Role
from shared.org.kit import OrgKit
from tests.org.imports_site import site
from tests.org.pool import Orgs, orgs
from tests.org.web import OrgWorld, org_world

__all__ = ["orgs", "site"]


@pytest.fixture(params=organisations(discover()))
async def org(request: pytest.FixtureRequest, orgs: Orgs) -> AsyncIterator[OrgKit]:
    made = await orgs.empty(request.param)
    yield made
    await made.kit.database.close()
    await asyncio.sleep(0)


@pytest.fixture
async def here(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrgWorld]:
    keeper = Role("keeper", "档案保管", "", "business", ("members.*", "units.*", "imports.*"))
    monkeypatch.setitem(ROLES, "keeper", keeper)
    async with org_world(org) as made:
        yield made
