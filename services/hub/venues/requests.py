"""Requests to owners: hold all, then confirm all or release all. The record is here, the decision is theirs.

A request is moved on by whoever has its lease: the page that made it, then the loop. Nothing is said to be
booked before every owner said so; an owner that is away leaves the request waiting for it; a hold nobody
confirms ends by its owner's clock, so that a hub that dies in between blocks a room for a minute at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import organisations
from services.hub.venues.models import BookingRequest, RequestItem, Venue
from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound, Refused
from shared.kit.pii.free_text import refuse_hidden, refuse_words
from shared.kit.staff import Staff

JOINT = "hub"
"""The joint office asks for itself."""
OPEN = ("asking", "confirming", "releasing")
PATIENCE = timedelta(days=2)
"""So long an owner that is away is asked again."""
LEASE = timedelta(seconds=20)
MOST = 20


@dataclass(frozen=True)
class Wish:
    """One venue for one time."""

    venue_id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Asker:
    """Somebody of the hub's staff, or of an organisation's that asks through its own service."""

    id: UUID
    name: str
    office: str


async def make_request(
    session: AsyncSession,
    staff: Staff | Asker,
    wishes: Sequence[Wish],
    *,
    title: str,
    people: int,
    org: str,
    request_id: UUID | None = None,
) -> BookingRequest:
    """Written down before anybody is asked. An organisation's own service is known by its account."""
    refuse_words(title=title)
    refuse_hidden(staff.office, staff.name)
    if isinstance(staff, Staff) and org not in {JOINT, *(o.code for o in await organisations(session))}:
        raise Invalid("没有这个组织", fields={"org": "请选择使用单位"})
    if not wishes or len(wishes) > MOST:
        raise Invalid(f"一次可选1到{MOST}个场地", fields={"venues": "请选择场地"})
    named = select(Venue).where(Venue.venue_id.in_({w.venue_id for w in wishes}))
    known = {v.venue_id: v for v in await session.scalars(named)}
    if missing := [w for w in wishes if w.venue_id not in known]:
        raise NotFound("没有这个场地", hint=str(missing[0].venue_id))
    first = min(w.start for w in wishes)
    if any(w.start >= w.end for w in wishes):
        raise Invalid("结束时间应晚于开始时间", fields={"closes": "应晚于开始时间"})
    if first <= clock.now():
        raise Invalid("已经过了开始时间", fields={"opens": "请另选时间"})
    request = BookingRequest(
        id=request_id or uuid4(), attempt=uuid4(), status="asking", title=title, people=people, org=org,
        office=staff.office[:100],
        staff_id=staff.id, staff_name=staff.name[:60], troubles=[],
        give_up_at=min(first, clock.now() + PATIENCE),
    )  # fmt: skip
    session.add(request)
    await session.flush()
    for wish in wishes:
        venue = known[wish.venue_id]
        session.add(
            RequestItem(
                request_id=request.id, booking_id=uuid4(), owner=venue.org, venue_id=venue.venue_id,
                venue_name=venue.name, during=Range(wish.start, wish.end), status="asking",
            )
        )  # fmt: skip
    audit.record(
        session, actor=staff, action="booking.requested", target=("booking_request", request.id),
        detail={"venues": len(wishes), "owners": sorted({v.org for v in known.values()})},
    )  # fmt: skip
    return request


async def cancel_request(session: AsyncSession, staff: Staff, request_id: UUID, reason: str) -> None:
    """Everything it has is let go."""
    refuse_words(reason=reason)
    request = await get_request(session, request_id, lock=True)
    if request.staff_id != staff.id:
        raise Refused("只能取消自己的申请")
    if request.status in ("refused", "cancelled", "releasing"):
        raise Refused("这个申请已经结束")
    request.status, request.reason, request.ends_as = "releasing", reason or "申请人取消", "cancelled"
    request.next_try_at = clock.now()
    audit.record(
        session,
        actor=staff,
        action="booking.withdrawn",
        target=("booking_request", request.id),
        purpose=reason,
    )


async def get_request(session: AsyncSession, request_id: UUID, *, lock: bool = False) -> BookingRequest:
    """The request, or NotFound."""
    query = select(BookingRequest).where(BookingRequest.id == request_id)
    found: BookingRequest | None = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("没有这个申请")
    return found


async def known_request(session: AsyncSession, request_id: UUID) -> BookingRequest | None:
    """The request of that id, if there is one: who asks twice asks once."""
    return await session.get(BookingRequest, request_id)


async def items_of(session: AsyncSession, request_id: UUID) -> list[RequestItem]:
    """Its venues, in one order."""
    query = (
        select(RequestItem)
        .where(RequestItem.request_id == request_id)
        .order_by(RequestItem.owner, RequestItem.id)
    )
    return list(await session.scalars(query))


async def lease(session: AsyncSession, request_id: UUID) -> BookingRequest | None:
    """The open request for whoever moves it on; None while somebody else does, or when it is done."""
    now = func.clock_timestamp()
    statement = (
        update(BookingRequest)
        .where(
            BookingRequest.id == request_id,
            BookingRequest.status.in_(OPEN),
            or_(BookingRequest.lease_until.is_(None), BookingRequest.lease_until < now),
        )
        .values(lease_until=now + LEASE)
        .returning(BookingRequest)
    )
    found: BookingRequest | None = await session.scalar(statement)
    return found


async def due(session: AsyncSession) -> list[UUID]:
    """Open requests whose next try has come."""
    query = select(BookingRequest.id).where(
        BookingRequest.status.in_(OPEN), BookingRequest.next_try_at <= func.clock_timestamp()
    )
    return list(await session.scalars(query.order_by(BookingRequest.next_try_at).limit(50)))


async def of_staff(session: AsyncSession, staff_id: UUID) -> list[BookingRequest]:
    """One's own, the newest first."""
    query = select(BookingRequest).where(BookingRequest.staff_id == staff_id)
    return list(await session.scalars(query.order_by(BookingRequest.created_at.desc()).limit(100)))


audit.describe({"booking.requested": "申请使用场地", "booking.withdrawn": "取消场地申请"})
