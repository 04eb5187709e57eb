"""Use of the rooms: check-in, release of what nobody came to, waiting list with offers that end."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Interval, cast, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Forbidden, NotFound, Problem, Refused
from shared.kit.pii.free_text import refuse_words
from shared.org.bookings import states
from shared.org.bookings.claims import end_dead
from shared.org.bookings.models import Booking, Waiter
from shared.org.bookings.service import SYSTEM, Ask, confirm, get_booking, let_go, own_booker, take
from shared.org.kit import OrgKit
from shared.org.venues import Venue, get_venue

EARLY = timedelta(minutes=30)
"""Check-in is possible so long before the beginning."""
OFFER = timedelta(hours=2)
AT_ONCE = 50


async def check_in(session: AsyncSession, venue_id: UUID, actor: audit.Actor) -> Booking:
    """The booking that is on at this venue, or begins soon; checking in twice is checking in once."""
    now = clock.now()
    query = (
        select(Booking)
        .where(
            Booking.venue_id == venue_id,
            Booking.status == "confirmed",
            Booking.during.op("&&")(Range(now, now + EARLY)),
        )
        .order_by(Booking.during)
        .limit(1)
        .with_for_update()
    )
    booking: Booking | None = await session.scalar(query)
    if booking is None:
        raise Refused("现在没有可以签到的预订", hint="开始前30分钟内可以签到。")
    if booking.checked_in_at is None:
        states.touch(booking, checked_in_at=now)
        await states.tell(session, [booking], "checked_in", actor)
    return booking


async def release_no_shows(session: AsyncSession) -> list[Booking]:
    """Bookings nobody came to within the venue's grace period end; their time is free again."""
    grace = cast(func.concat(Venue.sharing["grace_minutes"].astext, " minutes"), Interval)
    query = (
        select(Booking)
        .join(Venue, Venue.id == Booking.venue_id)
        .where(
            Booking.status == "confirmed",
            Booking.checked_in_at.is_(None),
            Booking.during.op("@>")(func.clock_timestamp()),
            Venue.sharing["grace_minutes"].astext.is_not(None),
            func.lower(Booking.during) + grace < func.clock_timestamp(),
        )
        .order_by(Booking.id)
        .limit(AT_ONCE)
        .with_for_update(of=Booking, skip_locked=True)
    )
    late = list(await session.scalars(query))
    return await let_go(session, late, SYSTEM, "超过签到时间", "released")


async def queue(session: AsyncSession, ask: Ask) -> Waiter:
    """A place on the list for a time that is taken."""
    refuse_words(title=ask.title)
    await get_venue(session, ask.venue_id)
    if ask.start >= ask.end or ask.start < clock.now():
        raise Refused("这个时段不能候补")
    waiter = Waiter(
        venue_id=ask.venue_id, during=Range(ask.start, ask.end), title=ask.title,
        people=ask.people,
        org=ask.booker.org, office=ask.booker.office, staff_id=ask.booker.staff_id,
        staff_name=ask.booker.staff_name, status="queued",
    )  # fmt: skip
    session.add(waiter)
    await session.flush()
    return waiter


async def offer_free_time(session: AsyncSession, org: OrgKit, most: int = AT_ONCE) -> list[Waiter]:
    """Those who wait longest first: whose time is free now gets it held for a while."""
    query = (
        select(Waiter)
        .where(Waiter.status == "queued")
        .order_by(Waiter.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    offered = []
    for waiter in list(await session.scalars(query)):
        assert waiter.during.lower is not None
        if waiter.during.lower <= clock.now():
            waiter.status = "gone"
        elif await _offer(session, org, waiter):
            offered.append(waiter)
    await session.flush()
    return offered


async def _offer(session: AsyncSession, org: OrgKit, waiter: Waiter) -> bool:
    assert waiter.during.lower is not None
    assert waiter.during.upper is not None
    booker = own_booker(org, waiter.office, waiter.staff_name, waiter.staff_id)
    ask = Ask(waiter.venue_id, waiter.during.lower, waiter.during.upper, waiter.title, booker, waiter.people)
    try:
        async with session.begin_nested():
            venue = await get_venue(session, waiter.venue_id)
            (held,) = await take(session, org, venue, [ask], SYSTEM, hold=offer_length(waiter.during.lower))
    except Problem:
        return False  # still taken, or not allowed any more: it waits on
    waiter.status, waiter.booking_id = "offered", held.id
    return True


def offer_length(start: datetime) -> timedelta:
    """Two hours to answer, less when it begins sooner."""
    return max(min(OFFER, start - clock.now()), timedelta(minutes=1))


async def accept_offer(session: AsyncSession, waiter_id: UUID, staff_id: UUID, actor: audit.Actor) -> Booking:
    """The held time becomes a booking, if the offer has not ended."""
    waiter = await _own(session, waiter_id, staff_id)
    if waiter.status != "offered" or waiter.booking_id is None:
        raise Refused("这个候补还没有到位")
    booking = await get_booking(session, waiter.booking_id, lock=True)
    if not await confirm(session, [booking], actor):
        raise Refused("候补的保留时间已过", hint="可以重新排队。")
    waiter.status = "taken"
    return booking


async def leave_queue(session: AsyncSession, waiter_id: UUID, staff_id: UUID, actor: audit.Actor) -> None:
    """The place is given up; an offer that was made ends."""
    waiter = await _own(session, waiter_id, staff_id)
    if waiter.status == "offered" and waiter.booking_id:
        await let_go(session, [await get_booking(session, waiter.booking_id, lock=True)], actor, "放弃候补")
    waiter.status = "gone"


async def tidy(session: AsyncSession, org: OrgKit) -> None:
    """One round: holds that are over, people who did not come, offers that ended, the next in the queue."""
    dead = await states.fresh(session, await end_dead(session))
    await states.tell(session, dead, "expired", SYSTEM)
    if dead:
        ended = select(Waiter).where(Waiter.status == "offered", Waiter.booking_id.in_([b.id for b in dead]))
        for waiter in await session.scalars(ended):
            waiter.status = "lapsed"
    await release_no_shows(session)
    await offer_free_time(session, org)


async def _own(session: AsyncSession, waiter_id: UUID, staff_id: UUID) -> Waiter:
    waiter: Waiter | None = await session.scalar(
        select(Waiter).where(Waiter.id == waiter_id).with_for_update()
    )
    if waiter is None:
        raise NotFound("没有这个候补")
    if waiter.staff_id != staff_id:
        raise Forbidden("只能处理自己的候补")
    return waiter
