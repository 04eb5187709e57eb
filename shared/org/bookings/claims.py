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

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    DateTime,
    Integer,
    Interval,
    Text,
    Uuid,
    bindparam,
    column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import INT4RANGE, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from shared.contracts.bookings import Booker
from shared.contracts.venues import Sharing
from shared.org.bookings.models import Booking
from shared.org.venues import Venue

_TYPES: dict[TypeEngine[Any], tuple[str, ...]] = {
    ARRAY(Uuid): ("ids",),
    ARRAY(DateTime(timezone=True)): ("starts", "ends"),
    ARRAY(Date): ("days",),
    INT4RANGE(): ("place",),
    Uuid(): ("venue", "hall", "staff_id", "request_id", "series_id"),
    Interval(): ("before", "after", "hold"),
    Text(): ("status", "title", "org", "office", "staff_name"),
    Integer(): ("people",),
    Boolean(): ("approval",),
    JSONB(): ("mark",),
}
_CLAIM = text(
    """
    WITH wanted AS MATERIALIZED (
      SELECT * FROM unnest(:ids, :starts, :ends, :days) AS w(id, start_at, end_at, series_on)
    ), dead AS (
      UPDATE booking b SET status = 'expired', hold_until = NULL, version = version + 1,
                           changed_at = clock_timestamp()
      FROM wanted w
      WHERE b.hall_id = :hall AND b.place && :place
        AND b.busy && tstzrange(w.start_at - :before, w.end_at + :after)
        AND b.status = 'held' AND b.hold_until <= clock_timestamp()
      RETURNING b.id
    ), ended AS MATERIALIZED (SELECT count(*) FROM dead), made AS (
      INSERT INTO booking (id, version, venue_id, hall_id, place, during, busy, status, hold_until, approval,
                           title, people, org, mark, office, staff_id, staff_name, request_id, series_id,
                           series_on, reason, decided_by)
      SELECT w.id, 1, :venue, :hall, :place, tstzrange(w.start_at, w.end_at),
             tstzrange(w.start_at - :before, w.end_at + :after), :status, clock_timestamp() + :hold,
             :approval, :title, :people, :org, :mark, :office, :staff_id, :staff_name, :request_id,
             :series_id, w.series_on, '', ''
      FROM ended, wanted w ORDER BY w.start_at
      ON CONFLICT DO NOTHING RETURNING {columns}
    )
    SELECT gone.dead, made.* FROM (SELECT array_agg(id) AS dead FROM dead) gone LEFT JOIN made ON true
    ORDER BY made.during, made.id
    """.replace("{columns}", ", ".join(column.name for column in Booking.__table__.columns))
).bindparams(*(bindparam(name, type_=type_) for type_, names in _TYPES.items() for name in names))
_DEAD_IDS = column("dead", ARRAY(Uuid))
_CLAIMED = select(_DEAD_IDS, Booking).from_statement(_CLAIM.columns(_DEAD_IDS, *Booking.__table__.columns))


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


async def claim(session: AsyncSession, wanted: Claim) -> Claimed:
    """Take what is free of the wanted times, in their order: who takes several never waits in a circle."""
    slots = sorted(wanted.slots, key=lambda slot: slot.start)
    values: dict[str, Any] = {
        "ids": [s.id for s in slots],
        "starts": [s.start for s in slots],
        "ends": [s.end for s in slots],
        "days": [s.series_on for s in slots],
        "venue": wanted.venue.id,
        "hall": wanted.venue.hall_id,
        "place": wanted.venue.place,
        "before": timedelta(minutes=wanted.sharing.buffer_before),
        "after": timedelta(minutes=wanted.sharing.buffer_after),
        "status": wanted.status,
        "hold": wanted.hold,
        "approval": wanted.approval,
        "title": wanted.title,
        "people": wanted.people,
        "org": wanted.booker.org,
        "mark": {
            "name": wanted.booker.org_name or wanted.booker.org,
            "letter": wanted.booker.letter or wanted.booker.org[:1].upper(),
            "palette": wanted.booker.palette or "slate",
        },
        "office": wanted.booker.office,
        "staff_id": wanted.booker.staff_id,
        "staff_name": wanted.booker.staff_name,
        "request_id": wanted.request_id,
        "series_id": wanted.series_id,
    }
    rows = (await session.execute(_CLAIMED, values)).all()  # without any booking: one row of the dead
    return Claimed(tuple(made for _, made in rows if made), frozenset(rows[0][0] or ()))


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
