"""Telling others how a booking stands, and keeping its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import BookingChanged
from shared.kit import audit, clock
from shared.kit.events.outbox import emit_many
from shared.kit.fast import Ready
from shared.kit.log import current_traceparent
from shared.org.bookings.models import Booking

FACTS = {
    "held": "暂留", "waiting": "提交预订，待审批", "confirmed": "预订生效", "approved": "批准",
    "refused": "拒绝", "cancelled": "取消", "expired": "暂留到期", "moved": "改期", "changed": "修改",
    "released": "未签到，释放", "checked_in": "签到",
}  # fmt: skip
STATUSES = {
    "held": "暂留", "waiting": "待审批", "confirmed": "已生效", "refused": "已拒绝", "cancelled": "已取消",
    "expired": "已过期", "released": "已释放",
}  # fmt: skip
_NOTE = Ready(
    "insert into booking_change (booking_id, fact, actor, reason, detail)"
    " select booking, fact, actor, cast(:reason as text), cast(cast(:detail as text) as jsonb)"
    " from unnest(cast(:bookings as uuid[]), cast(:facts as text[]), cast(:actors as text[]))"
    " with ordinality o(booking, fact, actor, place) order by place"
)
"""The history's lines of several bookings, in their order."""


@dataclass(frozen=True)
class Told:
    """What happened to one booking, whose doing it was, and the trace of the request that asked for it."""

    booking: Booking
    fact: str
    actor: audit.Actor
    trace: str | None


def state_of(booking: Booking) -> BookingChanged:
    """What others may know of it."""
    assert booking.busy.lower is not None
    assert booking.busy.upper is not None
    return BookingChanged(
        booking_id=booking.id,
        version=booking.version,
        venue_id=booking.venue_id,
        hall_id=booking.hall_id,
        place_from=booking.place.lower or 0,
        place_to=booking.place.upper,
        start=booking.start,
        end=booking.end,
        busy_from=booking.busy.lower,
        busy_to=booking.busy.upper,
        status=booking.status,  # type: ignore[arg-type]  # the column holds nothing else
        purpose=booking.title,
        org=booking.org,
        office=booking.office,
        people=booking.people,
        request_id=booking.request_id,
        series_id=booking.series_id,
        reason=booking.reason,
        decided_by=booking.decided_by,
    )


async def tell(
    session: AsyncSession,
    bookings: Iterable[Booking],
    fact: str,
    actor: audit.Actor,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Flush what was changed, note it in the history and the audit log, and tell others."""
    trace = current_traceparent()
    await tell_each(session, [Told(b, fact, actor, trace) for b in bookings], reason, detail)


async def tell_each(
    session: AsyncSession, news: Sequence[Told], reason: str = "", detail: dict[str, Any] | None = None
) -> None:
    """The same of bookings of several people."""
    if not news:
        return
    await session.flush()
    await _NOTE.run(
        session, bookings=[n.booking.id for n in news], facts=[n.fact for n in news],
        actors=[n.actor.name for n in news], reason=reason, detail=orjson.dumps(detail or {}).decode(),
    )  # fmt: skip
    for new in news:
        booking = new.booking
        audit.record(
            session, actor=new.actor, action=f"booking.{new.fact}", target=("booking", booking.id),
            purpose=reason,
            detail={"venue": str(booking.venue_id), "start": booking.start.isoformat(), "org": booking.org},
        )  # fmt: skip
    await emit_many(session, [(n.booking.id, state_of(n.booking)) for n in news], [n.trace for n in news])


def touch(booking: Booking, **changes: Any) -> None:
    """Change and count: every told state has a version of its own."""
    for name, value in changes.items():
        setattr(booking, name, value)
    booking.version += 1
    booking.changed_at = clock.now()


async def fresh(session: AsyncSession, ids: Iterable[UUID]) -> list[Booking]:
    """The bookings as a statement just left them, by time."""
    wanted = set(ids)
    if not wanted:
        return []
    query = select(Booking).where(Booking.id.in_(wanted)).order_by(Booking.during, Booking.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


audit.describe({f"booking.{fact}": f"场地预订：{title}" for fact, title in FACTS.items()})
