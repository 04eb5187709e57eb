"""The week grid of everybody's venues, and free venues on a day."""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import Known
from services.hub.venues.models import Booking, Venue
from shared.contracts.venues import Opening, Sharing
from shared.kit.calendar import (
    Begin,
    Entry,
    GridDay,
    GridRow,
    KeptRows,
    Look,
    Written,
    day_slots,
    grid_days,
    monday_of,
    open_spans,
    quarter,
    use_of,
)
from shared.kit.clock import CHINA
from shared.kit.pii import by_pinyin
from shared.kit.versions import word_of

View = Literal["day", "week"]
MOST = 40
STANDING = ("held", "waiting", "confirmed")


@dataclass(frozen=True)
class Where:
    """Which part of the calendar is looked at."""

    view: View
    day: date
    org: str = ""
    district: str = ""
    people: int = 0
    text: str = ""

    @property
    def first(self) -> date:
        """The first column."""
        return self.day if self.view == "day" else monday_of(self.day)

    @property
    def number(self) -> int:
        """How many columns."""
        return 1 if self.view == "day" else 7

    def beside(self, forwards: bool) -> date:
        """The day the next or previous view begins with."""
        return self.first + timedelta(days=self.number if forwards else -self.number)


@dataclass(frozen=True)
class Grid:
    """Columns and rows of one view; `more` venues are not shown."""

    days: list[GridDay]
    rows: list[GridRow | Written]
    more: bool


async def grid(
    session: AsyncSession, where: Where, orgs: Sequence[Known], look: Look, written: KeptRows
) -> Grid:
    """The venues that fit, smallest district name first, with what stands in them.

    `look` is all that a venue's row is written with beside venue, bookings and organisations; rows that were
    written so before and are still true come as text.
    """
    known = {o.code: o for o in orgs}
    query = (
        select(Venue)
        .where(*_conditions(where))
        .order_by(Venue.district, Venue.hall_id, Venue.venue_id != Venue.hall_id, Venue.place)
    )
    found = list(await session.scalars(query.limit(MOST + 1)))
    venues, days = found[:MOST], grid_days(where.first, where.number)
    marks = await _marks(session, {v.hall_id for v in venues}, where)
    at = where.first, where.number, quarter(), tuple(_marking(o) for o in orgs)
    stamps = [
        ("hub", v.org, v.venue_id, v.version, marks.get(v.hall_id), at, look(str(v.venue_id))) for v in venues
    ]
    rows = [written.get(stamp) for stamp in stamps]
    missed = {v.hall_id for v, row in zip(venues, rows, strict=True) if not row}
    standing = list(await session.scalars(select(Booking).where(*_standing(missed, where)))) if missed else []

    shown = [
        row or _row(venue, known, days, standing, partial(written.keep, stamp))
        for venue, row, stamp in zip(venues, rows, stamps, strict=True)
    ]
    return Grid(days, shown, more=len(found) > MOST)


def _standing(hall_ids: Collection[UUID], where: Where) -> list[ColumnElement[bool]]:
    start = datetime.combine(where.first, time(), CHINA)
    span: Range[datetime] = Range(start, start + timedelta(days=where.number))
    return [Booking.hall_id.in_(hall_ids), Booking.busy.op("&&")(span), Booking.status.in_(STANDING)]


async def _marks(session: AsyncSession, hall_ids: Collection[UUID], where: Where) -> dict[UUID, str]:
    """By hall a word that changes with whatever stands there on these days."""
    query = (
        select(Booking.hall_id, word_of(Booking.booking_id, Booking.version))
        .where(*_standing(hall_ids, where))
        .group_by(Booking.hall_id)
    )
    return {hall_id: mark for hall_id, mark in await session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _marking(org: Known) -> Hashable:
    """What of an organisation is seen in a row."""
    return org.code, org.name, org.short_name, org.letter, org.palette


def _conditions(where: Where) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = [Venue.status == "active"]
    if where.org:
        out.append(Venue.org == where.org)
    if where.district:
        out.append(Venue.district == where.district)
    if where.people:
        out.append(Venue.capacity >= where.people)
    if where.text:
        out.append(Venue.name.contains(where.text, autoescape=True))
    return out


def _row(
    venue: Venue,
    orgs: dict[str, Known],
    days: Sequence[GridDay],
    standing: Sequence[Booking],
    keep: Callable[[str], Written],
) -> GridRow:
    owner = orgs.get(venue.org)
    mine = [_entry(b, orgs) for b in standing if b.hall_id == venue.hall_id and _share(b.place, venue.place)]
    opening, sharing = Opening.model_validate(venue.opening), Sharing.model_validate(venue.sharing)
    begin = Begin(timedelta(hours=sharing.notice_hours), timedelta(days=sharing.horizon_days))
    cells = tuple(tuple(day_slots(d.day, open_spans(opening, d.day), mine, begin)) for d in days)
    return GridRow(
        key=str(venue.venue_id),
        name=venue.name,
        href=f"/rooms/venues/{venue.venue_id}",
        letter=owner.letter if owner else venue.org[:1].upper(),
        palette=owner.palette if owner else "slate",
        owner=owner.name if owner else venue.org,
        place=venue.address,
        people=venue.capacity,
        things=tuple(venue.equipment),
        cells=cells,
        use=use_of(cells),
        keep=keep,
    )


def _entry(booking: Booking, orgs: dict[str, Known]) -> Entry:
    user = orgs.get(booking.org)
    assert booking.during.lower is not None
    assert booking.during.upper is not None
    return Entry(
        start=booking.during.lower,
        end=booking.during.upper,
        title=booking.purpose,
        palette=user.palette if user else "brown",
        letter=user.letter if user else "联",
        who=user.short_name if user else "联席办",
        waiting=booking.status != "confirmed",
        busy_from=booking.busy.lower,
        busy_to=booking.busy.upper,
    )


def _share(a: Range[int], b: Range[int]) -> bool:
    return (b.upper is None or (a.lower or 0) < b.upper) and (a.upper is None or (b.lower or 0) < a.upper)


async def districts_of(session: AsyncSession) -> list[str]:
    """Districts with venues, as they are spelt."""
    query = select(Venue.district).where(Venue.status == "active", Venue.district.is_not(None)).distinct()
    return sorted((str(d) for d in await session.scalars(query)), key=lambda d: by_pinyin(d, person=False))


async def venues_of(session: AsyncSession, ids: Sequence[UUID]) -> list[Venue]:
    """The venues of these ids, in that order."""
    found = {v.venue_id: v for v in await session.scalars(select(Venue).where(Venue.venue_id.in_(ids)))}
    return [found[i] for i in dict.fromkeys(ids) if i in found]
