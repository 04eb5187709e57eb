"""Recording what was refused, although the transaction in which it was asked will be rolled back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit.service import Actor, record
from shared.kit.db import Database


async def record_refusal(
    database: Database, session: AsyncSession, *, actor: Actor, action: str, detail: Mapping[str, Any]
) -> None:
    """End `session`, so that its connection is free, and record the refusal in a transaction of its own."""
    await session.rollback()
    async with database.transaction() as own:
        record(own, actor=actor, action=action, detail=detail)
