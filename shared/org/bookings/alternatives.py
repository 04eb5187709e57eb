"""What could be had instead: other times of the same venue, other venues at the same time."""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Alternative
from shared.kit import clock
from shared.kit.calendar import free_in, is_open, open_spans, span_on
from shared.kit.clock import CHINA
from shared.org.bookings.models import Booking
from shared.org.venues import Venue, full_name, halls_of, opening_of, sharing_of

AT_MOST = 3
DAYS = 3
LIVE = ("held", "waiting", "confirmed")


async def alternatives(
    session: AsyncSession, venue: Venue, start: datetime, end: datetime, people: int = 0
) -> list[Alternative]:
    """The nearest free times here within some days, then other venues large enough at that time."""
    here = await other_times(session, venue, start, end) if people <= venue.capacity else []
    return [
        *here,
        *await other_venues(session, venue, start, end, people),
    ]


async def other_times(
    session: AsyncSession, venue: Venue, start: datetime, end: datetime
) -> list[Alternative]:
    """Free times of the same length on that day and the next ones, the nearest first; not what was asked."""
    sharing, opening, now = sharing_of(venue), opening_of(venue), clock.now()
    first = start.astimezone(CHINA).date()
    midnight = datetime.combine(first, time(), CHINA)
    taken = await busy_of(session, venue, midnight, midnight + timedelta(days=DAYS))
    before, after = timedelta(minutes=sharing.buffer_before), timedelta(minutes=sharing.buffer_after)
    length, found = end - start, list[datetime]()
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        # a new booking's own buffers must be free too
        spans = free_in(
            open_spans(opening, day), [span_on(day, low - after, high + before) for low, high in taken]
        )
        for opens, closes in (span.on(day) for span in spans):
            wished = max(start + (day - first), now)
            at = _quarter(min(max(wished, opens), closes - length))
            if opens <= at <= closes - length and at > now and at != start:
                found.append(at)
    name = full_name(venue, (await halls_of(session, [venue])).get(venue.hall_id))
    nearest = sorted(set(found), key=lambda at: abs(at - start))[:AT_MOST]
    return [Alternative(venue_id=venue.id, venue_name=name, start=at, end=at + length) for at in nearest]


async def other_venues(
    session: AsyncSession, venue: Venue, start: datetime, end: datetime, people: int
) -> list[Alternative]:
    """Venues that are free and open then, of the same district first, the smallest that is large enough."""
    if start <= clock.now():  # over everywhere
        return []
    wanted: Range[datetime] = Range(start, end)
    busy = exists().where(
        Booking.hall_id == Venue.hall_id,
        Booking.place.op("&&")(Venue.place),
        Booking.busy.op("&&")(wanted),
        Booking.status.in_(LIVE),
        func.coalesce(Booking.hold_until, func.clock_timestamp() + timedelta(seconds=1))
        > func.clock_timestamp(),
    )
    query = (
        select(Venue)
        .where(Venue.status == "active", Venue.id != venue.id, Venue.capacity >= people, ~busy)
        .where(Venue.sharing["share"].astext != "own")
        .order_by(
            (Venue.district == venue.district).desc(), func.abs(Venue.capacity - venue.capacity), Venue.id
        )
        .limit(20)
    )
    found = [v for v in await session.scalars(query) if is_open(opening_of(v), start, end)][:AT_MOST]
    halls = await halls_of(session, found)
    return [
        Alternative(venue_id=v.id, venue_name=full_name(v, halls.get(v.hall_id)), start=start, end=end)
        for v in found
    ]


async def busy_of(
    session: AsyncSession, venue: Venue, start: datetime, end: datetime, without: UUID | None = None
) -> list[tuple[datetime, datetime]]:
    """When the venue (or what it shares its hall with) is taken, buffers included; without dead holds."""
    wanted: Range[datetime] = Range(start, end)
    query = select(Booking.busy).where(
        Booking.hall_id == venue.hall_id,
        Booking.place.op("&&")(venue.place),
        Booking.busy.op("&&")(wanted),
        Booking.status.in_(LIVE),
        func.coalesce(Booking.hold_until, func.clock_timestamp() + timedelta(seconds=1))
        > func.clock_timestamp(),
    )
    if without:
        query = query.where(Booking.id != without)
    found = await session.scalars(query.order_by(Booking.busy))
    return [(busy.lower, busy.upper) for busy in found if busy.lower and busy.upper]


def _quarter(at: datetime) -> datetime:
    """The quarter of an hour that begins then or next."""
    whole = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=15)
