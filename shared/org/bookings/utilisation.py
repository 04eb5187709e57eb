"""How much rooms are used: booked hours of the open hours of a month, by venue and by organisation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.calendar import open_spans
from shared.kit.clock import CHINA
from shared.org.venues import Search, Venue, list_venues, opening_of

_USED = text(
    """
    SELECT venue_id, coalesce(nullif(max(mark->>'name'), ''), org) AS name,
           sum(extract(epoch FROM upper(during * w.month) - lower(during * w.month))) / 3600 AS hours,
           count(*) FILTER (WHERE status = 'released') AS no_shows
    FROM booking, (SELECT tstzrange(:first, :next) AS month) w
    WHERE busy && w.month AND during && w.month AND status IN ('confirmed', 'released')
    GROUP BY venue_id, org
    """
)


@dataclass
class Use:
    """One venue in one month."""

    venue: Venue
    open_hours: float
    booked: float = 0
    no_shows: int = 0
    by_org: dict[str, float] = field(default_factory=dict)
    """hours of each organisation, by its name at the time"""

    @property
    def percent(self) -> int:
        """Booked of open hours."""
        return round(100 * self.booked / self.open_hours) if self.open_hours else 0


def month_of(day: date) -> tuple[date, date]:
    """The first days of its month and of the next."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


async def utilisation(session: AsyncSession, first: date, following: date) -> list[Use]:
    """Every venue, the least used first."""
    uses = {v.id: Use(v, _open_hours(v, first, following)) for v in await list_venues(session, Search())}
    values = {
        "first": datetime.combine(first, time(), CHINA),
        "next": datetime.combine(following, time(), CHINA),
    }
    for row in await session.execute(_USED, values):
        if use := uses.get(row.venue_id):
            use.booked += float(row.hours)
            use.no_shows += int(row.no_shows)
            use.by_org[row.name] = float(row.hours)
    return sorted(uses.values(), key=lambda u: (u.percent, u.venue.name))


def _open_hours(venue: Venue, first: date, following: date) -> float:
    opening = opening_of(venue)
    return sum(s.minutes for day in _days(first, following) for s in open_spans(opening, day)) / 60


def _days(first: date, following: date) -> Iterator[date]:
    while first < following:
        yield first
        first += timedelta(days=1)
