"""One administrator always remains, even when two of them end each other at the same time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import any_, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.errors import Refused
from shared.kit.staff import Staff, StaffAccount, accounts
from shared.kit.staff.accounts import Particulars
from shared.kit.staff.roles import grants_of
from tests.fixtures.databases import FreshDatabases
from tests.kit.staff_app import World, world

End = Callable[[AsyncSession, Staff, UUID], Awaitable[object]]
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def here(databases: FreshDatabases) -> AsyncIterator[World]:
    async with world(databases) as made:
        yield made


def disabled(session: AsyncSession, by: Staff, who: UUID) -> Awaitable[object]:
    return accounts.set_active(session, by, who, active=False)


def made_auditor(session: AsyncSession, by: Staff, who: UUID) -> Awaitable[object]:
    return accounts.edit(session, by, who, Particulars("某某", "", ("auditor",)))


async def administrators(here: World) -> list[Staff]:
    query = select(StaffAccount).where(literal("admin") == any_(StaffAccount.roles), StaffAccount.active)
    async with here.database.transaction() as session:
        return [
            Staff(
                id=a.id, login=a.login, name=a.name, office="", roles=("admin",), scope_path="",
                permissions=grants_of(("admin",)), via="session",
            )
            for a in await session.scalars(query)
        ]  # fmt: skip


async def until_it_waits(here: World, task: asyncio.Task[None]) -> None:
    """Until the task waits for a lock of another transaction, or is done."""
    for _ in range(1000):
        async with here.database.transaction() as session:  # a transaction sees one state of all sessions
            waits = await session.scalar(WAITING)
        if waits or task.done():
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("end", [disabled, made_auditor])
async def test_two_who_end_each_other_at_once_leave_one(here: World, end: End) -> None:
    one, two = await administrators(here)

    async def second() -> None:
        async with here.database.transaction() as session:
            await end(session, two, one.id)

    async with here.database.transaction() as session:
        await end(session, one, two.id)
        other = asyncio.create_task(second())
        await until_it_waits(here, other)
    with pytest.raises(Refused, match="最后一位系统管理员"):
        await other
    assert [a.id for a in await administrators(here)] == [one.id]
