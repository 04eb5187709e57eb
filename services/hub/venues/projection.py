"""From events to rows: a whole batch in one statement, the newest version of each wins, in any order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import as_json
from shared.contracts.bookings import BookingChanged
from shared.contracts.event import Received
from shared.contracts.venues import VenueChanged

_VENUES = text(
    """
    INSERT INTO venue (org, venue_id, version, hall_id, place, name, kind_title, capacity, equipment,
    address,
                       district, latitude, longitude, opening, sharing, status,
                       lead_org, tenants)
    SELECT org, venue_id, version, hall_id, int4range(place_from, place_to), array_to_string(names, '·'),
           kind_title, capacity, equipment, address, district, latitude, longitude, opening, sharing, status,
           lead_org, tenants
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(org text, venue_id uuid, version bigint,
      hall_id uuid, place_from int, place_to int, names text[], kind_title text, capacity int,
      equipment text[], address text,
      district text, latitude float8, longitude float8, opening jsonb, sharing jsonb, status text,
      lead_org text, tenants text[])
    ON CONFLICT (venue_id, org) DO UPDATE SET version = excluded.version, hall_id = excluded.hall_id,
      place = excluded.place, name = excluded.name, kind_title = excluded.kind_title,
      capacity = excluded.capacity, equipment = excluded.equipment, address = excluded.address,
      district = excluded.district,
      latitude = excluded.latitude, longitude = excluded.longitude, opening = excluded.opening,
      sharing = excluded.sharing, status = excluded.status, lead_org = excluded.lead_org,
      tenants = excluded.tenants
    WHERE venue.version < excluded.version
    """
)
_BOOKINGS = text(
    """
    INSERT INTO booking (owner, booking_id, version, venue_id, hall_id, place, during, busy, status,
    purpose, org,
                         office, people, request_id, reason, decided_by)
    SELECT owner, booking_id, version, venue_id, hall_id, int4range(place_from, place_to),
           tstzrange(start, "end"), tstzrange(busy_from, busy_to), status, purpose, org, office, people,
           request_id, reason, decided_by
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(owner text, booking_id uuid, version bigint,
      venue_id uuid, hall_id uuid, place_from int, place_to int, start timestamptz, "end" timestamptz,
      busy_from timestamptz,
      busy_to timestamptz, status text, purpose text, org text, office text, people int, request_id uuid,
      reason text, decided_by text)
    ON CONFLICT (booking_id, owner) DO UPDATE SET version = excluded.version,
      venue_id = excluded.venue_id, hall_id = excluded.hall_id, place = excluded.place,
      during = excluded.during, busy = excluded.busy,
      status = excluded.status, purpose = excluded.purpose, org = excluded.org, office = excluded.office,
      people = excluded.people, request_id = excluded.request_id, reason = excluded.reason,
      decided_by = excluded.decided_by
    WHERE booking.version < excluded.version
    """
)
# what the owner decided after it was confirmed to the owner: approval, refusal, cancelling, no-show
_ITEMS = text(
    """
    UPDATE booking_request_item i SET status = b.status, reason = b.reason, during = b.during
    FROM booking b
    WHERE b.booking_id = i.booking_id AND b.owner = i.owner AND b.booking_id = ANY(:ids)
      AND i.status IN ('waiting', 'confirmed') AND b.status IN ('confirmed', 'refused', 'cancelled',
      'released')
    RETURNING i.request_id
    """
)
_REQUESTS = text(
    """
    UPDATE booking_request r SET
      status = CASE WHEN s.lost > 0 THEN 'releasing' WHEN s.waiting > 0 THEN 'waiting'
                    ELSE 'confirmed' END,
      reason = CASE WHEN s.lost > 0 THEN s.why ELSE r.reason END, next_try_at = now()
    FROM (SELECT request_id, count(*) FILTER (WHERE status = 'waiting') AS waiting,
                 count(*) FILTER (WHERE status = 'refused') AS lost, max(reason) AS why
          FROM booking_request_item WHERE request_id = ANY(:requests) GROUP BY request_id) s
    WHERE s.request_id = r.id AND r.status IN ('waiting', 'confirmed')
    """
)


async def apply_venues(session: AsyncSession, events: Sequence[Received]) -> None:
    """What owners say of their venues."""
    told = [(r.envelope.source, r.event) for r in events if isinstance(r.event, VenueChanged)]
    rows = _newest(told, "venue_id", "org")
    await session.execute(_VENUES, {"rows": as_json(rows)})


async def apply_bookings(session: AsyncSession, events: Sequence[Received]) -> None:
    """What owners decided; requests of this hub follow."""
    told = [(r.envelope.source, r.event) for r in events if isinstance(r.event, BookingChanged)]
    rows = _newest(told, "booking_id", "owner")
    await session.execute(_BOOKINGS, {"rows": as_json(rows)})
    ids = [UUID(row["booking_id"]) for row in rows if row["request_id"]]
    if ids:
        requests = set(await session.scalars(_ITEMS, {"ids": ids}))
        if requests:
            await session.execute(_REQUESTS, {"requests": list(requests)})


def _newest(
    told: Sequence[tuple[str, VenueChanged | BookingChanged]], key: str, source_as: str
) -> list[dict[str, Any]]:
    """One row for each; the source is who published it, never what the payload says."""
    out: dict[tuple[str, str], dict[str, Any]] = {}
    for source, event in told:
        row = event.model_dump(mode="json") | {source_as: source}
        known = out.get((source, row[key]))
        if known is None or known["version"] < row["version"]:
            out[source, row[key]] = row
    return list(out.values())
