"""Each organisation found in services/, over a database without rows."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.local.packages import discover, organisations
from shared.org.kit import OrgKit
from tests.org.pool import Orgs, orgs

__all__ = ["orgs"]


@pytest.fixture(params=organisations(discover()))
async def org(request: pytest.FixtureRequest, orgs: Orgs) -> AsyncIterator[OrgKit]:
    made = await orgs.empty(request.param)
    yield made
    await made.kit.database.close()
    await asyncio.sleep(0)
