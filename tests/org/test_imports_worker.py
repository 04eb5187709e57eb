"""The worker behind imports: killed and followed by another, a lost lease, raw lines forgotten in time."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from shared.kit import clock
from shared.kit.events.models import OutboxRow
from shared.org.imports import apply, lease, service, worker
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.kit import OrgKit
from shared.org.members import admit_many
from tests.org.imports_tools import CLERK_1, HEAD, again, csv_file, line, on_roll, settle, upload


async def test_a_killed_worker_is_followed_by_another(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die between and inside chunks; nobody is written twice and nobody is lost."""
    people = [line(org, f"甲{chr(0x4E00 + n)}") for n in range(30)]
    batch = await upload(org, "名册.csv", csv_file(HEAD, *people))
    async with org.kit.database.transaction() as session:
        await service.confirm(session, CLERK_1, batch.id)
    monkeypatch.setattr(apply, "CHUNK", 7)
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=0.2))
    chunks = 0
    admit = admit_many

    async def dying(*args: Any, **given: Any) -> list[UUID]:
        nonlocal chunks
        chunks += 1
        admitted = await admit(*args, **given)
        if chunks == 3:
            raise asyncio.CancelledError  # after the rows were sent, before they are committed
        return admitted

    monkeypatch.setattr(apply, "admit_many", dying)
    monkeypatch.setattr(lease, "release", lambda *_: asyncio.sleep(0))  # a killed process lets go of nothing
    with pytest.raises(asyncio.CancelledError):
        await worker.ImportWorker(org).step()
    assert await on_roll(org) == 14
    monkeypatch.undo()
    assert (await again(org, batch.id)).done == 14
    await asyncio.sleep(0.3)
    await settle(org)
    batch = await again(org, batch.id)
    assert (batch.status, batch.sums["written"]) == ("applied", 30)
    assert await on_roll(org) == 30
    async with org.kit.database.transaction() as session:
        keys = select(func.count(func.distinct(OutboxRow.key)), func.count()).where(
            OutboxRow.type == "member.admitted.v1"
        )
        distinct, told = (await session.execute(keys)).one()
        assert distinct == told


async def test_a_lost_lease_stops_the_first_worker(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org.kit.database.transaction() as session:
        await service.confirm(session, CLERK_1, batch.id)
        claimed = await lease.claim(session)
        assert claimed is not None
        assert await lease.claim(session) is None
        await session.execute(update(ImportBatch).values(lease_until=clock.now() - timedelta(seconds=1)))
    await settle(org)
    assert (await again(org, batch.id)).status == "applied"
    with pytest.raises(lease.LeaseLost):
        await apply.write(org, batch.id, claimed[1])
    assert await on_roll(org) == 1


async def test_raw_lines_are_forgotten_in_time(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org.kit.database.transaction() as session:
        await session.execute(update(ImportBatch).values(created_at=clock.now() - timedelta(days=31)))
    await worker.ImportWorker(org)._purge()
    batch = await again(org, batch.id)
    assert (batch.status, batch.purged_at is not None) == ("cancelled", True)
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).where(ImportRow.cells.is_not(None))) == 0
