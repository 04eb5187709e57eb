"""The versions of what a grid shows, asked for in one narrow statement: every look at it begins so."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import DateTime, Integer, Select, Text, Uuid, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.kit.fast import Ready
from shared.kit.versions import word_of
from shared.org.bookings.models import Booking
from shared.org.bookings.reading import days, standing
from shared.org.venues import Search, Venue

MOST = 60


class Known(Protocol):
    """A venue of the grid and the versions of all its row is made of; `word` is none where nothing stands."""

    id: UUID
    hall_id: UUID
    version: int
    hall_version: int
    word: str | None


def _query() -> Select[tuple[UUID, UUID, int, int, str | None]]:
    people, district = bindparam("people", type_=Integer), bindparam("district", type_=Text)
    only_hall = bindparam("hall", type_=Uuid)
    begins = bindparam("begins", type_=DateTime(timezone=True))
    ends = bindparam("ends", type_=DateTime(timezone=True))
    in_order = (Venue.district.nulls_first(), Venue.hall_id, Venue.id != Venue.hall_id, Venue.place)
    fits = (
        select(Venue.id, Venue.hall_id, Venue.version, func.row_number().over(order_by=in_order).label("nth"))
        .where(
            Venue.status == literal_column("'active'"),
            Venue.capacity >= people,
            or_(district == literal_column("''"), Venue.district == district),
            or_(only_hall.is_(None), Venue.hall_id == only_hall),
        )
        .order_by(literal_column("nth"))
        .limit(literal_column(str(MOST)))
        .cte("fits")
        .prefix_with("MATERIALIZED")
    )
    # hall by hall: else the planner looks through the bookings of every venue for those of these days
    halls = select(fits.c.hall_id).distinct().subquery("halls")
    stands = (
        select(word_of(Booking.id, Booking.version).label("word"))
        .where(
            Booking.hall_id == halls.c.hall_id,
            Booking.busy.op("&&")(func.tstzrange(begins, ends)),
            standing(),
        )
        .lateral("stands")
    )
    words = select(halls.c.hall_id, stands.c.word).join(stands, literal_column("true")).subquery("words")
    hall = aliased(Venue)
    return (
        select(fits.c.id, fits.c.hall_id, fits.c.version, hall.version.label("hall_version"), words.c.word)
        .join(hall, hall.id == fits.c.hall_id)
        .join(words, words.c.hall_id == fits.c.hall_id)
        .order_by(fits.c.nth)
    )


_KNOWN = Ready(_query())


async def known_in_days(
    session: AsyncSession, search: Search, hall: UUID | None, first: date, number: int
) -> Sequence[Known]:
    """The venues that fit, by hall, the hall before its parts."""
    span = days(first, number)
    return await _KNOWN.rows(
        session, people=search.people, district=search.district, hall=hall, begins=span.lower, ends=span.upper
    )
