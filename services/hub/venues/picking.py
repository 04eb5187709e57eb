"""Slots picked in the grid, as they stand in an address."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from services.hub.venues.requests import MOST, Wish
from shared.kit import clock
from shared.kit.calendar import span_on
from shared.kit.clock import CHINA


@dataclass(frozen=True)
class Pick:
    """One venue, one day, from a minute to another."""

    venue_id: UUID
    day: date
    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{self.venue_id}_{self.day.isoformat()}_{self.opens}_{self.closes}"


def pick_of(venue_id: UUID, start: datetime, end: datetime) -> Pick | None:
    """The same slot; None when it has begun or goes on past midnight, where the grid has none."""
    day = start.astimezone(CHINA).date()
    span = span_on(day, start, end)
    whole = timedelta(minutes=span.minutes) == end - start
    return Pick(venue_id, day, span.opens, span.closes) if whole and start > clock.now() else None


def picks_in(texts: list[str]) -> tuple[Pick, ...]:
    """What an address holds; anything that is no pick is left out."""
    out: list[Pick] = []
    for each in texts[:MOST]:
        try:
            venue, day, opens, closes = each.split("_")
            pick = Pick(UUID(venue), date.fromisoformat(day), int(opens), int(closes))
        except ValueError:
            continue
        if 0 <= pick.opens < pick.closes <= 24 * 60 and pick not in out:
            out.append(pick)
    return tuple(out)


def wishes_of(picks: tuple[Pick, ...]) -> list[Wish]:
    """The same as instants."""
    out = []
    for pick in picks:
        midnight = datetime.combine(pick.day, time(), CHINA)
        start, end = midnight + timedelta(minutes=pick.opens), midnight + timedelta(minutes=pick.closes)
        out.append(Wish(pick.venue_id, start, end))
    return out
