"""What happens to a booking that stands: approved, refused, cancelled, moved, changed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Booker
from shared.kit import audit
from shared.kit.errors import Forbidden, Invalid, NotFound, Refused, Stale
from shared.kit.pii.free_text import refuse_words
from shared.kit.staff import Staff
from shared.org.bookings import states
from shared.org.bookings.alternatives import alternatives
from shared.org.bookings.claims import end_dead, hold_hall
from shared.org.bookings.models import Booking, Series
from shared.org.bookings.service import SYSTEM, Ask, Taken, check, get_booking, let_go, open_venue
from shared.org.kit import OrgKit
from shared.org.units import Unit, in_scope
from shared.org.venues import Venue, sharing_of

EXCLUDED, DEADLOCK = "23P01", "40P01"


async def approve(session: AsyncSession, booking_id: UUID, staff: Staff) -> Booking:
    """A waiting booking takes effect."""
    booking = await _mine_to_decide(session, booking_id, staff)
    if booking.status != "waiting":
        raise Refused("这个预订不在待审批状态")
    states.touch(booking, status="confirmed", decided_by=_who(staff))
    await states.tell(session, [booking], "approved", staff)
    return booking


async def refuse(session: AsyncSession, booking_id: UUID, reason: str, staff: Staff) -> Booking:
    """A waiting booking is refused; the asker reads by whom and why."""
    if not reason.strip():
        raise Invalid("请写明拒绝的理由", fields={"reason": "请写明拒绝的理由"})
    refuse_words(reason=reason)
    booking = await _mine_to_decide(session, booking_id, staff)
    if booking.status != "waiting":
        raise Refused("这个预订不在待审批状态")
    states.touch(booking, status="refused", reason=reason.strip(), decided_by=_who(staff))
    await states.tell(session, [booking], "refused", staff, reason.strip())
    return booking


async def cancel(session: AsyncSession, booking_id: UUID, reason: str, actor: audit.Actor) -> Booking:
    """The booking ends; its time is free at once."""
    refuse_words(reason=reason)
    booking = await get_booking(session, booking_id, lock=True)
    if not await let_go(session, [booking], actor, reason.strip()):
        raise Refused("这个预订已经结束", hint=f"现在的状态是“{states.STATUSES[booking.status]}”。")
    return booking


async def move(
    session: AsyncSession,
    org: OrgKit,
    booking_id: UUID,
    *,
    start: datetime,
    end: datetime,
    version: int,
    actor: audit.Actor,
    venue_id: UUID | None = None,
) -> Booking:
    """Another time or another venue; where it cannot be had the booking stays as it is."""
    booking = await get_booking(session, booking_id)
    venue = await open_venue(session, venue_id or booking.venue_id)
    for hall in sorted({booking.hall_id, venue.hall_id}):
        await hold_hall(session, hall)
    booking = await get_booking(session, booking_id, lock=True)
    _refuse_stale(booking, version)
    ask = Ask(venue.id, start, end, booking.title, _booker(booking), booking.people)
    approval = await check(session, org, venue, [ask])
    was = {"venue": str(booking.venue_id), "start": booking.start.isoformat(), "end": booking.end.isoformat()}
    await _place(session, booking, venue, start, end)
    states.touch(booking, status="waiting" if approval else "confirmed", checked_in_at=None)
    await states.tell(session, [booking], "moved", actor, detail=was)
    return booking


async def change(
    session: AsyncSession, booking_id: UUID, *, title: str, people: int, version: int, actor: audit.Actor
) -> Booking:
    """What it is for and how many come."""
    refuse_words(title=title)
    booking = await get_booking(session, booking_id, lock=True)
    _refuse_stale(booking, version)
    was = {"title": booking.title, "people": booking.people}
    states.touch(booking, title=title, people=people)
    await states.tell(session, [booking], "changed", actor, detail=was)
    return booking


async def _place(
    session: AsyncSession, booking: Booking, venue: Venue, start: datetime, end: datetime
) -> None:
    """The row's new time behind a savepoint; Taken when somebody stands there."""
    dead = await end_dead(session, venue.hall_id)
    await states.tell(session, await states.fresh(session, dead), "expired", SYSTEM)
    sharing = sharing_of(venue)
    low = start - timedelta(minutes=sharing.buffer_before)
    high = end + timedelta(minutes=sharing.buffer_after)
    values = {
        "venue_id": venue.id, "hall_id": venue.hall_id, "place": venue.place, "during": Range(start, end),
        "busy": Range(low, high),
    }  # fmt: skip
    try:
        async with session.begin_nested():
            await session.execute(
                update(Booking).where(Booking.id == booking.id).values(values),
                execution_options={"synchronize_session": False},
            )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") not in (EXCLUDED, DEADLOCK):
            raise
        raise Taken(await alternatives(session, venue, start, end, booking.people)) from error
    await session.refresh(booking)


def _refuse_stale(booking: Booking, version: int) -> None:
    if booking.status not in ("waiting", "confirmed"):
        raise Refused("这个预订已经结束", hint=f"现在的状态是“{states.STATUSES[booking.status]}”。")
    if booking.version != version:
        raise Stale("这个预订刚被别人改过", version=booking.version)


async def _mine_to_decide(session: AsyncSession, booking_id: UUID, staff: Staff) -> Booking:
    """The booking, locked, if its venue belongs to a unit of the decider's scope."""
    booking = await get_booking(session, booking_id, lock=True)
    venue = await session.get_one(Venue, booking.venue_id)
    unit = await session.get_one(Unit, venue.unit_id)
    if not in_scope(unit.path, staff.scope_path):
        raise NotFound("没有这个预订", hint="它的场地不在您的管理范围内。")
    return booking


def may_change(booking: Booking | Series, staff: Staff) -> bool:
    """Who booked, and whoever decides about bookings."""
    return booking.staff_id == staff.id or staff.can("bookings.approve")


def refuse_stranger(booking: Booking | Series, staff: Staff) -> None:
    """Forbidden for anybody else's booking."""
    if not may_change(booking, staff):
        raise Forbidden("只能改自己的预订", hint="请联系预订人，或由审批人处理。")


def _who(staff: Staff) -> str:
    return f"{staff.office} {staff.name}".strip()


def _booker(booking: Booking) -> Booker:
    return Booker(
        org=booking.org, office=booking.office, staff_name=booking.staff_name, staff_id=booking.staff_id
    )
