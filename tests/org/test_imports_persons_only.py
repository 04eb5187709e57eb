"""Lines with whole numbers are taken away by persons who signed in, never by a program's token."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.kit.staff import api_tokens
from shared.kit.staff.accounts import Scope
from shared.org.kit import OrgKit
from tests.org.imports_tools import CLERK_1, HEAD, line, upload
from tests.org.web import OrgWorld, org_world


@pytest.fixture
async def here(org: OrgKit) -> AsyncIterator[OrgWorld]:
    async with org_world(org) as made:
        yield made


@pytest.mark.parametrize("role", ["clerk", "importer"])
async def test_a_token_runs_imports_and_gets_no_refused_lines(here: OrgWorld, role: str) -> None:
    refused = line(here.org, name="", identity="519900199001010012")
    batch = await upload(here.org, "名册.csv", f"{HEAD}\n{refused}".encode())
    async with here.org.kit.database.transaction() as session:
        _, text = await api_tokens.create(session, CLERK_1, "对接", (role,), Scope(), timedelta(days=1))
    bearer = {"Authorization": f"Bearer {text}"}
    clerk = await here.signed_in("clerk")
    stranger = await here.signed_in("clerk")
    stranger.client.cookies.clear()
    for path, status in ((f"/api/v1/imports/{batch.id}", 200), (f"/api/v1/imports/{batch.id}/errors", 403)):
        assert (await stranger.client.get(path, headers=bearer)).status_code == status, path
    assert (await stranger.client.get(f"/imports/{batch.id}/errors", headers=bearer)).status_code == 403
    for path in (f"/api/v1/imports/{batch.id}/errors", f"/imports/{batch.id}/errors"):
        answer = await clerk.get(path)
        assert answer.status_code == 200
        assert b"519900199001010012" in answer.content
