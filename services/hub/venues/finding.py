"""Free venues of all organisations on a day: walked in the order of the result, up to the last one shown."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.venues import Opening
from shared.kit import clock
from shared.kit.calendar import first_fit, span_on
from shared.kit.clock import CHINA

_FREE = """
    SELECT v.venue_id, v.org, v.name, v.capacity, v.district, v.address, v.opening, v.latitude, v.longitude,
           w.opens AS window_opens, w.closes AS window_closes,
           array(SELECT lower(r) FROM unnest(coalesce(b.taken, '{}'::tstzmultirange)) r) AS lows,
           array(SELECT upper(r) FROM unnest(coalesce(b.taken, '{}'::tstzmultirange)) r) AS highs
    FROM (
      SELECT venue_id, org, hall_id, place FROM venue
      WHERE status = 'active' AND capacity >= :people AND (:district = '' OR district = :district)
        AND (:org = '' OR org = :org) AND (cardinality(:equipment) = 0 OR equipment @> :equipment)
      ORDER BY %(order)s, venue_id OFFSET 0
    ) o
    LEFT JOIN LATERAL (
      SELECT range_agg(b.busy) AS taken FROM booking b
      WHERE b.hall_id = o.hall_id AND b.place && o.place AND b.busy && tstzrange(:opens, :closes)
        AND b.status IN ('held', 'waiting', 'confirmed')
    ) b ON true
    JOIN LATERAL (SELECT * FROM venue v WHERE v.venue_id = o.venue_id AND v.org = o.org OFFSET 0) v ON true
    JOIN LATERAL (
      SELECT
        greatest(:opens, t.now + make_interval(hours => (v.sharing->>'notice_hours')::int)) AS opens,
        least(:closes, t.now + make_interval(days => (v.sharing->>'horizon_days')::int) + t.length) AS closes
      FROM (SELECT CAST(:now AS timestamptz) AS now, CAST(:length AS interval) AS length) t
    ) w ON true
    WHERE v.sharing->>'share' <> 'own'
      AND EXISTS (
        SELECT 1
        FROM unnest(tstzmultirange(tstzrange(w.opens, greatest(w.opens, w.closes)))
          - coalesce(b.taken, '{}'::tstzmultirange)) r
        WHERE upper(r) - lower(r) >= :length)
    LIMIT :most
    """
"""Venues are put in order before their bookings are looked at (OFFSET 0 keeps it so): a plan that knows no
values would else look at the bookings of every venue of the city."""
_NEAR = "(latitude - :latitude) ^ 2 + ((longitude - :longitude) * cos(radians(:latitude))) ^ 2"
_SMALLEST, _NEAREST = (
    text(_FREE % {"order": order}).bindparams(bindparam("equipment", type_=ARRAY(Text)))
    for order in ("capacity", f"{_NEAR} NULLS LAST, capacity")
)
LOOKED_AT = 120
SHOWN = 20
EARTH = 6371.0


@dataclass(frozen=True)
class Need:
    """So many minutes on a day between two minutes of it; `near` ranks by distance where it is known."""

    day: date
    minutes: int
    opens: int = 0
    closes: int = 24 * 60
    people: int = 0
    district: str = ""
    org: str = ""
    equipment: tuple[str, ...] = ()
    near: tuple[float, float] | None = None


@dataclass(frozen=True)
class Free:
    """A venue with the first time that fits; `distance` in kilometres."""

    venue_id: UUID
    org: str
    name: str
    address: str
    capacity: int
    district: str | None
    start: datetime
    end: datetime
    distance: float | None


async def find_free(session: AsyncSession, need: Need) -> list[Free]:
    """The smallest that is large enough first; with a place given, the nearest first."""
    midnight = datetime.combine(need.day, time(), CHINA)
    opens = max(midnight + timedelta(minutes=need.opens), clock.now())
    closes = midnight + timedelta(minutes=need.closes)
    if opens >= closes:
        return []
    values = {
        "opens": opens, "closes": closes, "people": need.people, "district": need.district, "org": need.org,
        "equipment": list(need.equipment), "length": timedelta(minutes=need.minutes), "most": LOOKED_AT,
        "now": clock.now(),
    }  # fmt: skip
    if need.near:
        values |= {"latitude": need.near[0], "longitude": need.near[1]}
    found: list[Free] = []
    for row in await session.execute(_NEAREST if need.near else _SMALLEST, values):
        taken = [span_on(need.day, low, high) for low, high in zip(row.lows, row.highs, strict=True)]
        window = span_on(need.day, row.window_opens, row.window_closes)
        at = first_fit(Opening.model_validate(row.opening), need.day, need.minutes, taken, window)
        if at is None:
            continue
        start = midnight + timedelta(minutes=at)
        end = start + timedelta(minutes=need.minutes)
        far = distance(need.near, row.latitude, row.longitude)
        found.append(
            Free(row.venue_id, row.org, row.name, row.address, row.capacity, row.district, start, end, far)
        )
        if len(found) == SHOWN:
            break
    return found


def distance(
    near: tuple[float, float] | None, latitude: float | None, longitude: float | None
) -> float | None:
    """Kilometres as the crow flies; None when one of the places is not known."""
    if near is None or latitude is None or longitude is None:
        return None
    a, b, c, d = (radians(x) for x in (*near, latitude, longitude))
    h = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return round(2 * EARTH * asin(sqrt(h)), 2)
