"""Taking time: the statements that decide. The constraint lets one booking through, nobody deadlocks.

`ON CONFLICT DO NOTHING` is no matter of taste: plain inserts under an exclusion constraint wait for one
another in circles (seconds of deadlock detection), speculative ones do not. Holds that are over are ended by
whoever wants their time, in the same statement and by the database's clock; correctness needs no sweeper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Executable, Uuid, bindparam, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Booker
from shared.contracts.venues import Sharing
from shared.org.bookings.models import Booking
from shared.org.venues import Venue

_CLAIM = """
    WITH wanted AS MATERIALIZED (
      SELECT id, venue, hall, int4range(place_from, place_to) AS place, tstzrange(start, "end") AS during,
             tstzrange(busy_from, busy_to) AS busy, status, make_interval(secs => hold) AS hold, approval,
             title, people, org, mark, office, staff_id, staff_name, request_id, series_id, series_on, turn
      FROM ROWS FROM (json_to_recordset(CAST(:rows AS json)) AS (
        id uuid, venue uuid, hall uuid, place_from int, place_to int, start timestamptz, "end" timestamptz,
        busy_from timestamptz, busy_to timestamptz, status text, hold float8, approval boolean, title text,
        people int, org text, mark jsonb, office text, staff_id uuid, staff_name text, request_id uuid,
        series_id uuid, series_on date)) WITH ORDINALITY AS w(
        id, venue, hall, place_from, place_to, start, "end", busy_from, busy_to, status, hold, approval,
        title, people, org, mark, office, staff_id, staff_name, request_id, series_id, series_on, turn)
    ), dead AS (
      UPDATE booking b SET status = 'expired', hold_until = NULL, version = version + 1,
                           changed_at = clock_timestamp()
      FROM wanted w
      WHERE b.hall_id = w.hall AND b.place && w.place AND b.busy && w.busy
        AND b.status = 'held' AND b.hold_until <= clock_timestamp()
      RETURNING b.id
    ), ended AS MATERIALIZED (SELECT count(*) FROM dead), made AS (
      INSERT INTO booking (id, version, venue_id, hall_id, place, during, busy, status, hold_until, approval,
                           title, people, org, mark, office, staff_id, staff_name, request_id, series_id,
                           series_on, reason, decided_by)
      SELECT w.id, 1, venue, hall, place, during, busy, status, clock_timestamp() + hold, approval,
             title, people, org, mark, office, staff_id, staff_name, request_id, series_id,
             series_on, '', ''
      FROM ended, wanted w ORDER BY turn
      ON CONFLICT DO NOTHING RETURNING {columns}
    )
    SELECT gone.dead, made.* FROM (SELECT array_agg(id) AS dead FROM dead) gone LEFT JOIN made ON true
    ORDER BY made.during, made.id
""".replace("{columns}", ", ".join(column.name for column in Booking.__table__.columns))


def _answered(claim: str) -> Executable:
    """The statement with what it answers: ids of dead holds, then each booking that was made."""
    dead = column("dead", ARRAY(Uuid))
    return select(dead, Booking).from_statement(text(claim).columns(dead, *Booking.__table__.columns))


_CLAIMED = _answered(_CLAIM)


@dataclass(frozen=True)
class Slot:
    """One time that is wanted; `series_on` is the date a series' rule gave."""

    id: UUID
    start: datetime
    end: datetime
    series_on: date | None = None


@dataclass(frozen=True)
class Claim:
    """What is wanted of one venue, for whom."""

    venue: Venue
    sharing: Sharing
    slots: Sequence[Slot]
    booker: Booker
    title: str
    people: int
    status: str
    approval: bool
    hold: timedelta | None = None
    request_id: UUID | None = None
    series_id: UUID | None = None


@dataclass(frozen=True)
class Claimed:
    """Bookings that were made, by time, and the ids of holds that were over and stood in the way."""

    made: tuple[Booking, ...]
    dead: frozenset[UUID]


async def claim(session: AsyncSession, *wanted: Claim) -> Claimed:
    """Take what is free of the wanted times, in everybody's order: who takes several never waits in a circle.

    Of two that want the same time the one given first gets it.
    """
    every = sorted(
        ((each, slot) for each in wanted for slot in each.slots),
        key=lambda one: (one[0].venue.hall_id, one[0].venue.id, one[1].start),
    )
    rows = orjson.dumps([_row(each, slot) for each, slot in every]).decode()
    found = (await session.execute(_CLAIMED, {"rows": rows})).all()  # without any: one row of the dead
    return Claimed(tuple(made for _, made in found if made), frozenset(found[0][0] or ()))


def _row(wanted: Claim, slot: Slot) -> dict[str, Any]:
    """One time as the statement reads it; ids as text, for the driver's are of a class of their own."""
    venue, booker, sharing = wanted.venue, wanted.booker, wanted.sharing
    return {
        "id": str(slot.id), "venue": str(venue.id), "hall": str(venue.hall_id),
        "place_from": venue.place.lower, "place_to": venue.place.upper,
        "start": slot.start, "end": slot.end,
        "busy_from": slot.start - timedelta(minutes=sharing.buffer_before),
        "busy_to": slot.end + timedelta(minutes=sharing.buffer_after),
        "status": wanted.status, "hold": wanted.hold.total_seconds() if wanted.hold else None,
        "approval": wanted.approval, "title": wanted.title, "people": wanted.people, "org": booker.org,
        "mark": {
            "name": booker.org_name or booker.org, "letter": booker.letter or booker.org[:1].upper(),
            "palette": booker.palette or "slate",
        },
        "office": booker.office, "staff_id": _text(booker.staff_id), "staff_name": booker.staff_name,
        "request_id": _text(wanted.request_id), "series_id": _text(wanted.series_id),
        "series_on": slot.series_on,
    }  # fmt: skip


def _text(id_: UUID | None) -> str | None:
    return str(id_) if id_ else None


_HOLD_HALL = text("SELECT pg_advisory_xact_lock(7, hashtext(CAST(:hall AS text)))")
_HOLD_QUOTA = text("SELECT pg_advisory_xact_lock(8, hashtext(:key))")
_USED = text(
    "SELECT coalesce(sum(extract(epoch FROM upper(during) - lower(during))), 0) / 3600 FROM booking"
    " WHERE hall_id = :hall AND venue_id = :venue AND org = :org"
    " AND status IN ('held', 'waiting', 'confirmed')"
    " AND busy && tstzrange(:first, :next) AND lower(during) >= :first AND lower(during) < :next"
)


async def hold_hall(session: AsyncSession, hall_id: UUID) -> None:
    """Movers of one hall's bookings go one after the other: an UPDATE cannot do nothing on conflict."""
    await session.execute(_HOLD_HALL, {"hall": str(hall_id)})


_DEAD = text(
    "UPDATE booking SET status = 'expired', hold_until = NULL, version = version + 1,"
    " changed_at = clock_timestamp() WHERE id IN (SELECT id FROM booking WHERE status = 'held'"
    " AND hold_until <= clock_timestamp() AND (CAST(:hall AS uuid) IS NULL OR hall_id = :hall)"
    " ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED) RETURNING id"
).bindparams(bindparam("hall", type_=Uuid))


async def end_dead(session: AsyncSession, hall_id: UUID | None = None) -> list[UUID]:
    """End holds that are over, of one hall or of all: tidying for readers, and before a move."""
    return list(await session.scalars(_DEAD, {"hall": hall_id}))


async def hours_used(
    session: AsyncSession, venue: Venue, org: str, first: datetime, following: datetime
) -> float:
    """Hours an organisation has in a month at a venue; its askers wait for one another."""
    await session.execute(_HOLD_QUOTA, {"key": f"{venue.id}:{org}"})
    values = {"hall": venue.hall_id, "venue": venue.id, "org": org, "first": first, "next": following}
    return float(await session.scalar(_USED, values) or 0)
