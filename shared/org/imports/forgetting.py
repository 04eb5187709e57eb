"""Raw lines and old values are personal data: they go when their time is over, in short transactions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.org.imports.lease import enter
from shared.org.imports.models import ImportBatch, ImportRow

CHUNK = 2000
_PERSONAL: dict[str, Any] = {
    "cells": None, "before": None, "name": "", "last4": "", "changes": [], "troubles": [],
    "key_identity": None, "key_phone": None, "key_unit": None, "key_card": None,
}  # fmt: skip
"""what a line says about a person; its outcome and state stay, so that the sums stay true"""


async def forget_lines(session: AsyncSession, batch: ImportBatch, after: int = 0) -> int:
    """Forget what the next lines say about people; the last of them, 0 when that was all."""
    mine = ImportRow.batch_id == batch.id
    query = select(ImportRow.line).where(mine, ImportRow.line > after).order_by(ImportRow.line)
    last = await session.scalar(query.offset(CHUNK - 1).limit(1))
    lines = (ImportRow.line > after, ImportRow.line <= last) if last else (ImportRow.line > after,)
    forget = update(ImportRow).where(mine, *lines).values(_PERSONAL)
    await session.execute(forget, execution_options={"synchronize_session": False})
    return last or 0


async def due(session: AsyncSession, until: datetime) -> UUID | None:
    """A batch whose lines are to be forgotten: put aside, or older than `until`."""
    over = or_(ImportBatch.created_at < until, ImportBatch.status.in_(("cancelled", "removed")))
    query = select(ImportBatch.id).where(over, ImportBatch.purged_at.is_(None)).order_by(ImportBatch.id)
    found: UUID | None = await session.scalar(query.limit(1))
    return found


async def forget_next(session: AsyncSession, batch_id: UUID, after: int) -> int:
    """One transaction's worth; 0 when the batch is done with (or somebody else is at it)."""
    query = select(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.purged_at.is_(None))
    batch = await session.scalar(query.with_for_update(skip_locked=True))
    if batch is None:
        return 0
    last = await forget_lines(session, batch, after)
    if not last:
        batch.purged_at = clock.now()
        if batch.status in ("mapping", "ready", "planning"):
            enter(batch, "cancelled")
    return last
