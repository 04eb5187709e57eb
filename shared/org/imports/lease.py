"""Who works on a batch: a lease that ends by itself, renewed in every chunk's own transaction."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.org.imports.models import WORKING, ImportBatch

LEASE = timedelta(seconds=25)
"""after a crash another worker (or the same one, restarted) goes on no later than this"""
READING = timedelta(seconds=75)
"""the parsing child may be silent for as long as it may run"""


class LeaseLost(Exception):  # noqa: N818 - an event, no fault
    """Another worker took the batch, or staff put it aside."""


async def claim(session: AsyncSession) -> tuple[UUID, UUID] | None:
    """The oldest batch that waits for work and nobody works on: its id and the lease's."""
    free = or_(ImportBatch.lease_until.is_(None), ImportBatch.lease_until < clock.now())
    query = (
        select(ImportBatch.id).where(ImportBatch.status.in_(WORKING), free).order_by(ImportBatch.id).limit(1)
    )
    batch_id: UUID | None = await session.scalar(query.with_for_update(skip_locked=True))
    if batch_id is None:
        return None
    lease = uuid4()
    await session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(lease=lease, lease_until=clock.now() + LEASE)
    )
    return batch_id, lease


async def hold(session: AsyncSession, batch_id: UUID, lease: UUID, status: str) -> ImportBatch:
    """The batch, locked, its lease renewed; LeaseLost when it is not ours or not at `status` any more."""
    query = select(ImportBatch).where(ImportBatch.id == batch_id).with_for_update()
    batch = await session.scalar(query.execution_options(populate_existing=True))
    if batch is None or batch.lease != lease or batch.status != status:
        raise LeaseLost
    batch.lease_until = clock.now() + (READING if status == "reading" else LEASE)
    return batch


async def release(session: AsyncSession, batch_id: UUID, lease: UUID) -> None:
    """Let go, so that the next stage can begin at once."""
    mine = (ImportBatch.id == batch_id, ImportBatch.lease == lease)
    await session.execute(update(ImportBatch).where(*mine).values(lease=None, lease_until=None))


def enter(batch: ImportBatch, status: str, total: int = 0) -> None:
    """The batch goes to its next stage."""
    batch.status, batch.done, batch.total, batch.began_at = status, 0, total, clock.now()
    touch(batch)


def touch(batch: ImportBatch) -> None:
    """Something a page shows has changed."""
    batch.version += 1
