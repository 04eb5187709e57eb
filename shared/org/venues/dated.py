"""Days with other hours than the week's: said for some days, taken back while they are not over."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.venues import OpenException
from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound
from shared.kit.pii.free_text import refuse_words
from shared.org.kit import OrgKit
from shared.org.venues.models import Venue
from shared.org.venues.reading import held, opening_of
from shared.org.venues.service import changed, note_of


async def except_days(
    session: AsyncSession,
    org: OrgKit,
    venue_id: UUID,
    exception: OpenException,
    *,
    version: int,
    actor: audit.Actor,
    scope: str = "",
) -> Venue:
    """Other hours, or none, for some days; bookings that stand there are not touched."""
    refuse_words(reason=exception.reason)
    if exception.first > exception.last:
        raise Invalid("结束日期早于开始日期", fields={"last": "结束日期早于开始日期"})
    if exception.last < clock.today():
        raise Invalid("这些天已经过去", fields={"first": "请选择今天以后的日期"})
    venue = await held(session, venue_id, version, scope)
    kept = [e for e in _coming(venue) if e.first != exception.first]
    _write(venue, [exception, *kept])
    detail = {"first": exception.first, "last": exception.last, "reason": exception.reason}
    note_of(session, actor, "venue.hours", venue, {k: str(v) for k, v in detail.items()})
    await changed(session, org, venue)
    return venue


async def usual_days(
    session: AsyncSession,
    org: OrgKit,
    venue_id: UUID,
    first: date,
    *,
    version: int,
    actor: audit.Actor,
    scope: str = "",
) -> Venue:
    """The days that began with `first` are as usual again; NotFound when nothing was said of them."""
    venue = await held(session, venue_id, version, scope)
    coming = _coming(venue)
    kept = [e for e in coming if e.first != first]
    if len(kept) == len(coming):
        raise NotFound("这些天没有调整过", hint="请刷新页面，看看现在的安排。")
    _write(venue, kept)
    note_of(session, actor, "venue.hours_usual", venue, {"first": first.isoformat()})
    await changed(session, org, venue)
    return venue


def _coming(venue: Venue) -> list[OpenException]:
    return [e for e in opening_of(venue).exceptions if e.last >= clock.today()]


def _write(venue: Venue, exceptions: list[OpenException]) -> None:
    in_order = tuple(sorted(exceptions, key=lambda e: e.first))
    venue.opening = opening_of(venue).model_copy(update={"exceptions": in_order}).model_dump(mode="json")


audit.describe({"venue.hours": "调整开放日", "venue.hours_usual": "恢复平常开放时间"})
