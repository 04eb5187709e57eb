"""A member of staff's own lookups, and keeping records for as long as the law asks."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.models import LookupOpened, LookupRecord, LookupSession
from services.hub.lookup.schemas import RecentLookup
from shared.kit import clock
from shared.kit.errors import Invalid
from shared.kit.pagination import Cursor, Page, decode
from shared.kit.staff import Staff

KEEP = (
    (date(2025, 1, 1), 3 * 366, "网络数据安全管理条例第十二条：向其他处理者提供个人信息的记录至少保存三年"),
)
"""Days records are kept: (valid from, days, source)."""
PAGE = 30


async def recent(
    session: AsyncSession, staff: Staff, cursor: str | None = None, limit: int = PAGE
) -> Page[RecentLookup]:
    """The caller's own lookups, newest first."""
    opened = select(func.count()).where(LookupOpened.lookup_id == LookupRecord.id).scalar_subquery()
    live = (
        select(LookupSession.id)
        .where(LookupSession.id == LookupRecord.id, LookupSession.expires_at > clock.now())
        .exists()
    )
    statement = select(LookupRecord, opened, live).where(LookupRecord.staff_id == staff.id)
    if at := decode(cursor, 1):
        statement = statement.where(LookupRecord.id < _id(at.values[0]))
    rows = list(await session.execute(statement.order_by(LookupRecord.id.desc()).limit(limit + 1)))
    shown = [
        RecentLookup.model_validate({**{c: getattr(r, c) for c in _SHOWN}, "opened": n, "live": is_live})
        for r, n, is_live in rows[:limit]
    ]
    following = Cursor((shown[-1].id,)).encode() if len(rows) > limit else None
    return Page(rows=shown, previous=None, next=following)


def _id(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise Invalid("页码不正确", hint="请回到第一页。") from error


_SHOWN = ("id", "at", "purpose_title", "reason", "kind", "found", "capped")


async def forget_old(session: AsyncSession) -> None:
    """Delete records older than they must be kept."""
    days = next(days for since, days, _ in reversed(KEEP) if since <= clock.today())
    await session.execute(delete(LookupRecord).where(LookupRecord.at < clock.now() - timedelta(days=days)))
