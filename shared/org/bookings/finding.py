"""Free venues on a day: venues are walked in the order of the result, up to the last one shown."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from shared.contracts.venues import Opening
from shared.kit import clock
from shared.kit.calendar import first_fit, span_on
from shared.kit.clock import CHINA

# venues are put in order before their bookings are looked at (OFFSET 0 keeps it so): a plan that knows no
# values would else look at the bookings of every venue; bookings by the constraint's own index
_FREE = text(
    """
    SELECT v.id, v.name, v.capacity, v.district, v.opening, v.sharing,
           array(SELECT lower(r) FROM unnest(coalesce(b.taken, '{}'::tstzmultirange)) r) AS lows,
           array(SELECT upper(r) FROM unnest(coalesce(b.taken, '{}'::tstzmultirange)) r) AS highs
    FROM (
      SELECT id, hall_id, place FROM venue
      WHERE status = 'active' AND capacity >= :people AND (:district = '' OR district = :district)
        AND (cardinality(:equipment) = 0 OR equipment @> :equipment)
      ORDER BY capacity, id OFFSET 0
    ) o
    LEFT JOIN LATERAL (
      SELECT range_agg(b.busy) AS taken FROM booking b
      WHERE b.hall_id = o.hall_id AND b.place && o.place AND b.busy && tstzrange(:opens, :closes)
        AND b.status IN ('held', 'waiting', 'confirmed')
    ) b ON true
    JOIN LATERAL (SELECT * FROM venue v WHERE v.id = o.id OFFSET 0) v ON true
    WHERE :opens <= now() + make_interval(days => (v.sharing->>'horizon_days')::int)
      AND EXISTS (
        SELECT 1
        FROM unnest(tstzmultirange(tstzrange(:opens, :closes)) - coalesce(b.taken, '{}'::tstzmultirange)) r
        WHERE upper(r) - lower(r) >= :length)
    LIMIT :most
    """
).bindparams(bindparam("equipment", type_=ARRAY(Text)))
LOOKED_AT = 120
SHOWN = 20


@dataclass(frozen=True)
class Need:
    """What somebody looks for: so many hours on a day between two minutes of it."""

    day: date
    minutes: int
    opens: int = 0
    closes: int = 24 * 60
    people: int = 0
    district: str = ""
    equipment: tuple[str, ...] = ()


@dataclass(frozen=True)
class Free:
    """A venue with a time that fits, the earliest one."""

    venue_id: UUID
    name: str
    capacity: int
    district: str | None
    start: datetime
    end: datetime


async def find_free(session: AsyncSession, need: Need) -> list[Free]:
    """Venues that are free and open long enough, the smallest that is large enough first."""
    midnight = datetime.combine(need.day, time(), CHINA)
    opens, closes = midnight + timedelta(minutes=need.opens), midnight + timedelta(minutes=need.closes)
    opens = max(opens, clock.now())
    if opens >= closes:
        return []
    values = {
        "opens": opens, "closes": closes, "people": need.people, "district": need.district,
        "equipment": list(need.equipment), "length": timedelta(minutes=need.minutes), "most": LOOKED_AT,
    }  # fmt: skip
    found: list[Free] = []
    window = span_on(need.day, opens, closes)
    for row in await session.execute(_FREE, values):
        taken = [span_on(need.day, low, high) for low, high in zip(row.lows, row.highs, strict=True)]
        at = first_fit(Opening.model_validate(row.opening), need.day, need.minutes, taken, window)
        if at is not None:
            start = midnight + timedelta(minutes=at)
            end = start + timedelta(minutes=need.minutes)
            found.append(Free(row.id, row.name, row.capacity, row.district, start, end))
        if len(found) == SHOWN:
            break
    return found
