"""The week grid of this organisation's own venues."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
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
    Look,
    Written,
    day_slots,
    grid_days,
    just_written,
    monday_of,
    open_spans,
    quarter,
    use_of,
)
from shared.org.bookings.models import Booking
from shared.org.bookings.reading import in_days, venues_by_id
from shared.org.bookings.week import Known, known_in_days
from shared.org.kit import OrgKit
from shared.org.venues import Search, Venue, full_name, opening_of, sharing_of

View = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Grid:
    """Columns and rows of one view; `marks`: names and colours of whose bookings stand in it."""

    days: list[GridDay]
    rows: list[GridRow | Written]
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
    days, at = grid_days(first, number), (first, number, quarter())

    async def known() -> dict[UUID, Known]:
        return {v.id: v for v in await known_in_days(session, search, hall, first, number)}

    asked = await known()
    stamps = {id_: _stamp(org, venue, look, at) for id_, venue in asked.items()}
    rows: dict[UUID, GridRow | Written] = {
        id_: row for id_, stamp in stamps.items() if (row := org.kit.written.get(stamp))
    }
    if missed := [venue for id_, venue in asked.items() if id_ not in rows]:
        found = await _found(session, missed, first, number)
        after = await known() if look else {}  # what came in between is in the row and not in its stamp
        for venue in missed:
            stamp = stamps[venue.id] if after.get(venue.id) == venue else None
            rows[venue.id] = _row(org, *found[venue.id], days, stamp)
    shown = [rows[id_] for id_ in asked]
    return Grid(days, shown, _marks(org, (mark for row in shown for mark in row.marks)))


def _marks(org: OrgKit, marks: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """One's own first, then the others that booked."""
    own = org.profile.short_name, org.profile.palette
    return [own, *sorted({*marks} - {own, (org.name, org.profile.palette)})]


def _stamp(org: OrgKit, venue: Known, look: Look | None, at: Hashable) -> Hashable:
    """All that the venue's row is made of."""
    if look is None:
        return None
    versions = venue.version, venue.hall_version, venue.word
    return (org.profile.code, venue.id, versions, at, look(str(venue.id)))


async def _found(
    session: AsyncSession, missed: Sequence[Known], first: date, number: int
) -> dict[UUID, tuple[Venue, Venue, Sequence[Booking]]]:
    """By id the venue, its hall and what stands in that."""
    venues = await venues_by_id(session, [id_ for v in missed for id_ in (v.id, v.hall_id)])
    of_hall = defaultdict[UUID, list[Booking]](list)
    for booking in await in_days(session, sorted({v.hall_id for v in missed}), first, number):
        of_hall[booking.hall_id].append(booking)
    return {v.id: (venues[v.id], venues[v.hall_id], of_hall[v.hall_id]) for v in missed}


def _row(
    org: OrgKit,
    venue: Venue,
    hall: Venue,
    standing: Sequence[Booking],
    days: Sequence[GridDay],
    stamp: Hashable,
) -> GridRow:
    mine = [entry_of(b) for b in standing if _share(b, venue)]
    opening, begin = opening_of(venue), Begin(horizon=timedelta(days=sharing_of(venue).horizon_days))
    cells = tuple(tuple(day_slots(d.day, open_spans(opening, d.day), mine, begin)) for d in days)
    users = (b.mark for b in standing if b.mark.get("name"))
    marks = tuple({(mark["name"], mark.get("palette", "slate")) for mark in users})
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
        keep=partial(org.kit.written.keep, stamp, marks=marks) if stamp else just_written,
        marks=marks,
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
