"""The stream that tells a page when its import moves on, and the loop behind it: both end in time."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, update

from shared.kit import clock
from shared.kit.staff.models import StaffSession
from shared.org.imports import pages as import_pages
from shared.org.imports.models import ImportBatch
from shared.org.imports.worker import ImportWorker
from tests.org.imports_site import Site
from tests.org.imports_tools import CLERK_1, HEAD, csv_file, line


async def test_the_stream_tells_when_the_import_moves_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_pages, "BUSY", 0.02)
    monkeypatch.setattr(import_pages, "IDLE", 0.02)
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    batch_id, org = UUID(at.rsplit("/", 1)[1]), site.org
    async with org.kit.database.transaction() as session:
        opened = await session.scalar(select(StaffSession.id))
        version = await session.scalar(select(ImportBatch.version))
    assert version is not None
    reader = replace(CLERK_1, session_id=opened)
    stream = import_pages._versions(org, reader, batch_id, version)
    told = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.1)
    assert not told.done()
    await site.post(f"{at}/rows/2", decision="skip")
    assert await asyncio.wait_for(told, 5) > version
    part = await site.page(f"{at}/part/main")
    assert part.status_code == 200
    assert "<html" not in part.text
    async with org.kit.database.transaction() as session:
        await session.execute(update(StaffSession).values(revoked_at=clock.now()))
    with pytest.raises(StopAsyncIteration):  # signed out: the stream ends at its next look
        await asyncio.wait_for(anext(stream), 5)


async def test_a_stream_ends_when_the_service_stops(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    site.org.kit.stopping.set()
    try:
        stream = import_pages._versions(site.org, CLERK_1, UUID(at.rsplit("/", 1)[1]), 1)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 5)
    finally:
        site.org.kit.stopping.clear()


async def test_a_stream_of_no_import_is_refused_before_it_begins(site: Site) -> None:
    await site.sign_in("clerk")
    assert (await site.page(f"/imports/{UUID(int=0)}/events")).status_code == 404


async def test_the_loop_stops_when_asked(site: Site) -> None:
    stop = asyncio.Event()
    loop = asyncio.create_task(ImportWorker(site.org).loop(stop))
    await asyncio.sleep(0.2)
    stop.set()
    await asyncio.wait_for(loop, 3)
