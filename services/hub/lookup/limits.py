"""How many numbers one member of staff may try: who types on and on is guessing, not working."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.rules import Kind
from shared.kit import clock
from shared.kit.audit.refused import record_refusal
from shared.kit.context import Kit
from shared.kit.errors import TooMany
from shared.kit.fast import fetch
from shared.kit.staff import Staff

NUMBERS = (Kind.IDENTITY, Kind.PHONE, Kind.CARD, Kind.TAIL)
"""Last four digits too: ten thousand tries go through them all."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('numbers|' || cast(:who as text), 0))"
_TRIED = (
    "select count(*) filter (where at >= cast(:minute as timestamptz)), count(*) from lookup_record"
    " where staff_id = :who and at >= cast(:day as timestamptz) and kind = any(cast(:kinds as text[]))"
)


async def within_limits(kit: Kit, session: AsyncSession, staff: Staff, *, counts: bool = True) -> None:
    """Refuse another number when those of the last minute or of the last day are used up, and note it.

    Who is about to count one (`counts`) waits for that person's other lookups: ask nobody meanwhile.
    """
    minute, day = kit.settings.number_lookups_per_minute, kit.settings.number_lookups_per_day
    limits = (
        (MINUTE, minute, f"按号码查询太频繁，每分钟最多 {minute} 次"),
        (DAY, day, f"按号码查询太频繁，每天最多 {day} 次"),
    )
    if counts:  # one after the other, each sees the record of the one before: no burst slips by
        await fetch(session, _ONE_AT_A_TIME, {"who": str(staff.id)})
    tried = await _tried(session, staff)
    for span, most, said in limits:
        if tried[span] >= most:
            detail = {"most": most, "seconds": int(span.total_seconds())}
            await record_refusal(kit.database, session, actor=staff, action="lookup.limited", detail=detail)
            raise TooMany(said, hint="请稍后再试；也可以先按姓名或拼音查询。本次已记录。")


async def _tried(session: AsyncSession, staff: Staff) -> Mapping[timedelta, int]:
    now = clock.now()
    values = {"who": staff.id, "kinds": [*NUMBERS], "minute": now - MINUTE, "day": now - DAY}
    [row] = await fetch(session, _TRIED, values)
    return dict(zip((MINUTE, DAY), row, strict=True))
