"""The week grid of this organisation's own venues."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.calendar import (
    Begin,
    Entry,
    GridDay,
    GridRow,
    day_slots,
    grid_days,
    monday_of,
    open_spans,
    quarter,
    use_of,
)
from shared.org.bookings.models import Booking
from shared.org.bookings.reading import HallMark, in_days, marks_in_days
from shared.org.kit import OrgKit
from shared.org.venues import Search, Venue, full_name, halls_of, list_venues, opening_of, sharing_of

View = Literal["day", "week", "month"]
MOST = 60
Look = Callable[[str], Hashable]
"""By a venue's id, what its row is written with beside what is in it: language, addresses, what is picked."""


@dataclass(frozen=True)
class Grid:
    """Columns and rows of one view; `marks`: names and colours of whose bookings stand in it."""

    days: list[GridDay]
    rows: list[GridRow | str]
    marks: list[tuple[str, str]]


def first_day(view: View, day: date) -> tuple[date, int]:
    """The first column of a view and how many there are."""
    if view == "month":
        first = day.replace(day=1)
        following = (
            first.replace(year=first.year + 1, month=1)
            if first.month == 12
            else first.replace(month=first.month + 1)
        )
        return first, (following - first).days
    return (day, 1) if view == "day" else (monday_of(day), 7)


async def grid(
    session: AsyncSession,
    org: OrgKit,
    view: View,
    day: date,
    search: Search,
    hall: UUID | None = None,
    look: Look | None = None,
) -> Grid:
    """The venues that fit with what stands in them.

    With `look`, rows that were written so before and are still true come as text.
    """
    first, number = first_day(view, day)
    venues = [v for v in await list_venues(session, search) if hall is None or v.hall_id == hall][:MOST]
    halls = await halls_of(session, venues)
    hall_ids = sorted({v.hall_id for v in venues})
    marks = await marks_in_days(session, hall_ids, first, number)
    stamps = {v.id: _stamp(org, v, halls[v.hall_id], marks, look, (first, number, quarter())) for v in venues}
    known = {v.id: row for v in venues if (row := org.kit.written.get(stamps[v.id]))}
    missed = sorted({v.hall_id for v in venues if v.id not in known})
    days, of_hall = grid_days(first, number), defaultdict[UUID, list[Booking]](list)
    for booking in await in_days(session, missed, first, number) if missed else ():
        of_hall[booking.hall_id].append(booking)

    def made(venue: Venue) -> GridRow:
        return _row(org, venue, halls[venue.hall_id], days, of_hall[venue.hall_id], stamps[venue.id])

    return Grid(days, [known.get(v.id) or made(v) for v in venues], _marks(org, marks.values()))


def _marks(org: OrgKit, halls: Iterable[HallMark]) -> list[tuple[str, str]]:
    """One's own first, then the others that booked."""
    own = org.profile.short_name, org.profile.palette
    users = {(user["name"], user.get("palette", "slate")) for hall in halls for user in hall.users}
    return [own, *sorted(users - {own, (org.name, org.profile.palette)})]


def _stamp(
    org: OrgKit, venue: Venue, hall: Venue, marks: Mapping[UUID, HallMark], look: Look | None, at: Hashable
) -> Hashable:
    """All that the venue's row is made of."""
    if look is None:
        return None
    here = marks.get(hall.id)
    versions = venue.version, hall.version, here and here.word
    return (org.profile.code, venue.id, versions, at, look(str(venue.id)))


def _row(
    org: OrgKit,
    venue: Venue,
    hall: Venue,
    days: Sequence[GridDay],
    standing: Sequence[Booking],
    stamp: Hashable,
) -> GridRow:
    mine = [entry_of(b) for b in standing if _share(b, venue)]
    opening, begin = opening_of(venue), Begin(horizon=timedelta(days=sharing_of(venue).horizon_days))
    cells = tuple(tuple(day_slots(d.day, open_spans(opening, d.day), mine, begin)) for d in days)
    return GridRow(
        key=str(venue.id),
        name=full_name(venue, hall),
        href=f"/venues/{venue.id}",
        letter=org.profile.letter,
        palette=org.profile.palette,
        owner=org.name,
        place=venue.address,
        people=venue.capacity,
        things=tuple(venue.equipment),
        cells=cells,
        use=use_of(cells),
        keep=partial(org.kit.written.keep, stamp) if stamp else str,
    )


def entry_of(booking: Booking) -> Entry:
    """A booking as it stands in the grid."""
    return Entry(
        start=booking.start,
        end=booking.end,
        title=booking.title,
        palette=booking.mark.get("palette", "slate"),
        letter=booking.mark.get("letter", ""),
        who=booking.mark.get("name", booking.org),
        href=f"/venues/bookings/{booking.id}",
        waiting=booking.status != "confirmed",
        busy_from=booking.busy.lower,
        busy_to=booking.busy.upper,
    )


def _share(booking: Booking, venue: Venue) -> bool:
    """Whether the booking takes a place of the venue."""
    low, high = booking.place.lower or 0, booking.place.upper
    here, there = venue.place.lower or 0, venue.place.upper
    return (there is None or low < there) and (high is None or here < high)
