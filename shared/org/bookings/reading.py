"""Questions about bookings: what stands in a range of days, whose, what waits, its history."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import CHINA
from shared.org.bookings.models import Booking, BookingChange, Series, Waiter
from shared.org.units import Unit, below
from shared.org.venues import Venue

SHOWN = 200
STANDING = ("held", "waiting", "confirmed")


def standing() -> ColumnElement[bool]:
    """Takes time now: holds that are over do not."""
    return Booking.status.in_([literal_column(f"'{status}'") for status in STANDING]) & or_(
        Booking.hold_until.is_(None), Booking.hold_until > func.clock_timestamp()
    )


def days(first: date, number: int) -> Range[datetime]:
    """From midnight to midnight in China."""
    start = datetime.combine(first, time(), CHINA)
    return Range(start, start + timedelta(days=number))


async def in_days(session: AsyncSession, hall_ids: Sequence[UUID], first: date, number: int) -> list[Booking]:
    """What stands in these halls on these days."""
    query = select(Booking).where(
        Booking.hall_id.in_(hall_ids), Booking.busy.op("&&")(days(first, number)), standing()
    )
    return list(await session.scalars(query.order_by(Booking.during)))


async def of_staff(session: AsyncSession, staff_id: UUID) -> list[Booking]:
    """One's own bookings, the newest first."""
    query = (
        select(Booking).where(Booking.staff_id == staff_id).order_by(Booking.created_at.desc()).limit(SHOWN)
    )
    return list(await session.scalars(query))


def _waiting(scope: str) -> list[ColumnElement[bool]]:
    where = [Booking.status == "waiting"]
    if scope:
        mine = select(Venue.id).join(Unit, Unit.id == Venue.unit_id).where(below(Unit.path, scope))
        where.append(Booking.venue_id.in_(mine))
    return where


async def waiting_for_approval(session: AsyncSession, scope: str, most: int = SHOWN) -> list[Booking]:
    """Bookings somebody must decide, those that come first at the top."""
    query = select(Booking).where(*_waiting(scope)).order_by(Booking.during).limit(most)
    return list(await session.scalars(query))


async def count_waiting(session: AsyncSession, scope: str) -> int:
    """How many bookings somebody must decide."""
    return await session.scalar(select(func.count()).select_from(Booking).where(*_waiting(scope))) or 0


async def history(session: AsyncSession, booking_id: UUID) -> list[BookingChange]:
    """What happened to it, in order."""
    query = select(BookingChange).where(BookingChange.booking_id == booking_id).order_by(BookingChange.id)
    return list(await session.scalars(query))


async def own_series(session: AsyncSession, staff_id: UUID) -> list[Series]:
    """One's own series, the newest first."""
    query = select(Series).where(Series.staff_id == staff_id).order_by(Series.created_at.desc()).limit(SHOWN)
    return list(await session.scalars(query))


async def own_places(session: AsyncSession, staff_id: UUID) -> list[Waiter]:
    """One's own places on waiting lists that are still open."""
    query = select(Waiter).where(Waiter.staff_id == staff_id, Waiter.status.in_(("queued", "offered")))
    return list(await session.scalars(query.order_by(Waiter.id)))


async def venues_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Venue]:
    """The venues of these ids."""
    if not ids:
        return {}
    return {v.id: v for v in await session.scalars(select(Venue).where(Venue.id.in_(set(ids))))}
