"""How many people are where, without counting a roll of a million: sums of what triggers wrote down."""

import asyncio
from collections import Counter

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Database
from shared.kit.events.steps import first_of
from shared.org.members.models import MemberTally
from shared.org.units import below

Tally = Counter[tuple[str, str]]
"""People by kind and standing."""
EVERY = 60.0
MANY = 2_000
"""Rows that may stand for one sum each or for none: reading them takes a millisecond."""
_ALONE = text("select pg_try_advisory_xact_lock(hashtext('member_tally'))")
_TOO_MANY = text(
    "select count(*) > :many + 2 * count(distinct (unit_path, kind, standing)) from member_tally"
)
# those that are written meanwhile are not seen and stay; who reads sees all rows of before or all of after
_FOLD = text(
    "with gone as (delete from member_tally returning unit_path, kind, standing, people)"
    " insert into member_tally (unit_path, kind, standing, people)"
    " select unit_path, kind, standing, sum(people) from gone"
    " group by unit_path, kind, standing having sum(people) <> 0"
)


async def tally(session: AsyncSession, scope: str) -> Tally:
    """People below a unit, by kind and standing; those who left are counted too."""
    query = (
        select(MemberTally.kind, MemberTally.standing, func.sum(MemberTally.people))
        .where(below(MemberTally.unit_path, scope))
        .group_by(MemberTally.kind, MemberTally.standing)
    )
    return Counter({(kind, standing): int(people) for kind, standing, people in await session.execute(query)})


async def fold(session: AsyncSession, many: int = MANY) -> bool:
    """One row for each sum, if there are too many; whether there were. Nobody else does it meanwhile."""
    if not await session.scalar(_ALONE) or not await session.scalar(_TOO_MANY, {"many": many}):
        return False
    await session.execute(_FOLD)
    return True


async def keep_few(database: Database, stop: asyncio.Event) -> None:
    """Every minute."""
    while not stop.is_set():
        async with database.transaction() as session:
            await fold(session)
        await first_of(EVERY, stop)
