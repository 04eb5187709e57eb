"""The week grid of this organisation's own venues."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.calendar import Entry, GridDay, GridRow, day_slots, grid_days, monday_of, open_spans, use_of
from shared.org.bookings.models import Booking
from shared.org.bookings.reading import in_days
from shared.org.kit import OrgKit
from shared.org.venues import Search, Venue, full_name, halls_of, list_venues, opening_of

View = Literal["day", "week", "month"]
ROWS = 60


@dataclass(frozen=True)
class Grid:
    """Columns and rows of one view; `marks`: names and colours of whose bookings stand in it."""

    days: list[GridDay]
    rows: list[GridRow]
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
    session: AsyncSession, org: OrgKit, view: View, day: date, search: Search, hall: UUID | None = None
) -> Grid:
    """The venues that fit with what stands in them."""
    first, number = first_day(view, day)
    venues = [v for v in await list_venues(session, search) if hall is None or v.hall_id == hall][:ROWS]
    halls = await halls_of(session, venues)
    standing = await in_days(session, sorted({v.hall_id for v in venues}), first, number)
    days, of_hall = grid_days(first, number), defaultdict[UUID, list[Booking]](list)
    for booking in standing:
        of_hall[booking.hall_id].append(booking)
    rows = [_row(org, v, halls.get(v.hall_id), days, of_hall[v.hall_id]) for v in venues]
    return Grid(days, rows, _marks(org, standing))


def _marks(org: OrgKit, standing: Sequence[Booking]) -> list[tuple[str, str]]:
    """One's own first, then the others that booked."""
    others = [entry_of(b) for b in standing if b.org != org.profile.code]
    own = (org.profile.short_name, org.profile.palette)
    return [own, *sorted({(e.who, e.palette) for e in others})]


def _row(
    org: OrgKit, venue: Venue, hall: Venue | None, days: Sequence[GridDay], standing: Sequence[Booking]
) -> GridRow:
    mine = [entry_of(b) for b in standing if _share(b, venue)]
    opening = opening_of(venue)
    cells = tuple(tuple(day_slots(d.day, open_spans(opening, d.day), mine)) for d in days)
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
