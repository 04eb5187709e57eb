"""Writing into an audit log and verifying it, for the tests of the log."""

from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.db import Database
from shared.kit.settings import Settings
from tests.kit.staff_app import settings

SYSTEM = audit.System("定时任务")


def keyed(session: AsyncSession, **more: Any) -> Settings:
    """The settings a service's transactions carry."""
    given = settings("postgresql+asyncpg://x/x", **more)
    session.info["settings"] = given
    return given


async def write(database: Database, count: int, **more: Any) -> None:
    for n in range(count):
        async with database.transaction() as session:
            keyed(session, **more)
            audit.record(
                session, actor=SYSTEM, action="thing.changed", target=("thing", uuid4()), purpose="核对",
                detail={"n": n, "names": ["甲", "乙"], "deep": {"at": clock.now(), "none": None, "yes": True}},
            )  # fmt: skip


async def check(database: Database, **more: Any) -> audit.Verification:
    async with database.transaction() as session:
        keyed(session, **more)
        return await audit.verify(session)
