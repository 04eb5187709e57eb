"""How many are where, as written down, is always what counting the roll says."""

import asyncio
from datetime import date

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.org.kit import OrgKit
from shared.org.members import leave_many, move_many, step_many
from shared.org.members.models import Member, MemberTally
from shared.org.members.tally import fold, tally
from shared.org.units import create_unit, ensure_top_unit, move_unit
from tests.org.people import CLERK, admit, tree, two_levels


async def counted(session: AsyncSession) -> dict[tuple[str, str, str], int]:
    columns = (Member.unit_path, Member.kind, Member.standing)
    return {
        (path, kind, standing): people
        for path, kind, standing, people in await session.execute(
            select(*columns, func.count()).group_by(*columns)
        )
    }


async def written(session: AsyncSession) -> dict[tuple[str, str, str], int]:
    columns = (MemberTally.unit_path, MemberTally.kind, MemberTally.standing)
    sums = func.sum(MemberTally.people)
    return {
        (path, kind, standing): int(people)
        for path, kind, standing, people in await session.execute(
            select(*columns, sums).group_by(*columns).having(sums != 0)
        )
    }


async def rows(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(MemberTally)) or 0


async def test_whatever_happens_to_people_the_sums_are_the_count(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        top, one, two = await tree(session, org)
        people = [await admit(session, org, unit) for unit in (one, one, two, top)]
        assert await written(session) == await counted(session)
        await leave_many(session, org, people[:1], date(2026, 3, 1), org.policy.leave_reasons[0], CLERK)
        await move_many(session, org, people[1:2], two.id, CLERK, "岗位调整")
        await session.flush()
        assert await written(session) == await counted(session)
        await step_many(session, org, people[:1], "restore", CLERK, "误操作")
        await session.flush()
        assert await written(session) == await counted(session)
        assert sum((await tally(session, two.path)).values()) == 2
        assert sum((await tally(session, "")).values()) == 4
        await session.execute(delete(Member).where(Member.id == people[3].id))
        assert await written(session) == await counted(session)
        assert sum((await tally(session, top.path)).values()) == 3


async def test_people_go_with_a_unit_that_moves(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        top, kinds = await ensure_top_unit(session, org, CLERK), two_levels(org)
        one, part = [
            await create_unit(session, org, parent_id=top.id, name=f"单位{kind}", kind=kind, actor=CLERK)
            for kind in kinds
        ]
        await admit(session, org, part)
        before = part.path
        await move_unit(session, org, part.id, one.id, version=part.version, actor=CLERK, reason="并入")
        assert part.path != before
        await session.flush()
        assert await written(session) == await counted(session)


async def test_folding_leaves_one_row_for_each_sum_and_loses_nobody_who_comes_meanwhile(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        for unit in (one, one, one, two):
            await admit(session, org, unit)
    async with org.kit.database.transaction() as session:
        assert not await fold(session)  # few enough
        assert await rows(session) == 4

    async def comes() -> None:
        async with org.kit.database.transaction() as session:
            await admit(session, org, one)
            await asyncio.sleep(0.2)  # not committed while the others are folded

    coming = asyncio.create_task(comes())
    await asyncio.sleep(0.1)
    async with org.kit.database.transaction() as session:
        assert await fold(session, many=-10)
        async with org.kit.database.transaction() as other:
            assert not await fold(other, many=-10)  # one at a time
    await coming
    async with org.kit.database.transaction() as session:
        assert await rows(session) == 3  # two sums, and who came meanwhile
        assert await written(session) == await counted(session)
        assert await fold(session, many=-10)
        assert await rows(session) == 2


async def test_an_emptied_roll_counts_nobody(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        await admit(session, org, one)
        triggers = await session.scalars(
            text("select tgname from pg_trigger where tgrelid = 'member'::regclass and not tgisinternal")
        )
        assert set(triggers) == {
            f"member_tally_{what}" for what in ("insert", "update", "delete", "truncate")
        }
        await session.execute(text("set local search_path to ''"))  # as a dump that is brought back does
        await session.execute(text("delete from public.member"))
        await session.execute(text("set local search_path to public"))
        assert await written(session) == {}
