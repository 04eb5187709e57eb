"""The stream of one import as a browser reads it: what the page missed is told at once, rights end it."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from shared.kit.staff import StaffAccount
from shared.org.imports import pages as import_pages
from shared.org.imports import service
from shared.org.kit import OrgKit
from tests.fixtures.serving import serving
from tests.org.imports_tools import CLERK_1, HEAD, csv_file, line, settle, upload
from tests.org.pool import Orgs
from tests.org.web import Browser, org_world

LIVE = re.compile(r'data-live="([^"]+)"')


@dataclass
class Watched:
    """A page as it was rendered, and its stream on a real connection."""

    org: OrgKit
    browser: Browser
    network: httpx.AsyncClient
    batch_id: UUID

    async def stream(self) -> str:
        """The address the page names for its stream."""
        found = LIVE.search((await self.browser.get(f"/imports/{self.batch_id}")).text)
        assert found
        return found[1]

    async def first(self, address: str) -> str:
        """The first line the stream at this address tells."""
        async with self.network.stream("GET", address) as answer:
            assert answer.status_code == 200
            return await asyncio.wait_for(anext(answer.aiter_lines()), 10)

    async def put_aside(self, decision: str) -> None:
        await self.browser.post(f"/imports/{self.batch_id}/rows/2", {"decision": decision})


@pytest.fixture
async def watched(orgs: Orgs) -> AsyncIterator[Watched]:
    org = await orgs.empty("union")
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org_world(org) as world, serving(world.app) as address:
        browser = await world.signed_in("clerk")
        cookies = dict(browser.client.cookies)
        async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=20) as network:
            yield Watched(org, browser, network, batch.id)
    await org.kit.database.close()


async def test_a_job_done_before_the_stream_opens_is_told_at_once(watched: Watched) -> None:
    async with watched.org.kit.database.transaction() as session:
        batch = await service.get_batch(session, CLERK_1, watched.batch_id)
        await service.replan(session, batch)
    page_shows = await watched.stream()
    await settle(watched.org)
    assert await watched.first(page_shows) == "event: main"


async def test_after_a_lost_connection_the_same_address_tells_what_was_missed(watched: Watched) -> None:
    page_shows = await watched.stream()
    await watched.put_aside("skip")
    assert await watched.first(page_shows) == "event: main"
    await watched.put_aside("")
    assert await watched.first(page_shows) == "event: main"


@pytest.mark.parametrize("change", [{"scope_path": "/elsewhere/"}, {"roles": ["viewer"]}])
async def test_a_stream_ends_with_the_right_to_read_it(
    watched: Watched, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_pages, "IDLE", 0.02)
    async with watched.network.stream("GET", await watched.stream()) as answer:
        assert answer.status_code == 200
        async with watched.org.kit.database.transaction() as session:
            account = update(StaffAccount).where(StaffAccount.login == "clerk")
            await session.execute(account.values(**change))
        await watched.put_aside("skip")
        told = [line async for line in answer.aiter_lines()]
    assert "event: main" not in told
