"""How many numbers one member of staff may try: who types on and on is guessing, not working."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.models import LookupRecord
from services.hub.lookup.rules import Kind
from shared.kit import clock
from shared.kit.audit.refused import record_refusal
from shared.kit.context import Kit
from shared.kit.errors import TooMany
from shared.kit.staff import Staff

NUMBERS = (Kind.IDENTITY, Kind.PHONE, Kind.CARD, Kind.TAIL)
"""Last four digits too: ten thousand tries go through them all."""
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('numbers|' || :who, 0))")


async def within_limits(kit: Kit, session: AsyncSession, staff: Staff, *, counts: bool = True) -> None:
    """Refuse another number when those of the last minute or of the last day are used up, and note it.

    Who is about to count one (`counts`) waits for that person's other lookups: ask nobody meanwhile.
    """
    minute, day = kit.settings.number_lookups_per_minute, kit.settings.number_lookups_per_day
    limits = (
        (timedelta(minutes=1), minute, f"按号码查询太频繁，每分钟最多 {minute} 次"),
        (timedelta(days=1), day, f"按号码查询太频繁，每天最多 {day} 次"),
    )
    if counts:  # one after the other, each sees the record of the one before: no burst slips by
        await session.execute(_ONE_AT_A_TIME, {"who": str(staff.id)})
    for span, most, said in limits:
        if await _tried(session, staff, clock.now() - span) >= most:
            detail = {"most": most, "seconds": int(span.total_seconds())}
            await record_refusal(kit.database, session, actor=staff, action="lookup.limited", detail=detail)
            raise TooMany(said, hint="请稍后再试；也可以先按姓名或拼音查询。本次已记录。")


async def _tried(session: AsyncSession, staff: Staff, since: datetime) -> int:
    mine = (LookupRecord.staff_id == staff.id, LookupRecord.at >= since, LookupRecord.kind.in_(NUMBERS))
    return await session.scalar(select(func.count()).select_from(LookupRecord).where(*mine)) or 0
