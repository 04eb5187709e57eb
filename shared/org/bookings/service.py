"""Use cases of bookings at their owner: book, hold, confirm, let go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Alternative, Booker
from shared.kit import audit, clock
from shared.kit.clock import CHINA
from shared.kit.errors import NotFound, Refused
from shared.kit.pii.free_text import refuse_hidden, refuse_words
from shared.org.bookings import states
from shared.org.bookings.alternatives import alternatives
from shared.org.bookings.claims import Claim, Slot, claim, hours_used
from shared.org.bookings.models import Booking
from shared.org.kit import OrgKit
from shared.org.venues import Venue, get_venue, needs_approval, opening_of, refuse_booking, sharing_of

SYSTEM = audit.System("场地预订")
LIVE = ("held", "waiting", "confirmed")


@dataclass(frozen=True)
class Ask:
    """What somebody wants; `booking_id` is the asker's choice, so that asking twice is asking once."""

    venue_id: UUID
    start: datetime
    end: datetime
    title: str
    booker: Booker
    people: int = 0
    booking_id: UUID | None = None


class Taken(Refused):
    """Somebody else has that time; says what could be instead."""

    code = "taken"

    def __init__(self, options: Sequence[Alternative]) -> None:
        hint = "可以换个时间或场地。" if options else "请换个时间或场地。"
        super().__init__(
            "这个时段已被预订", hint=hint, alternatives=[o.model_dump(mode="json") for o in options]
        )
        self.options = tuple(options)


async def book(session: AsyncSession, org: OrgKit, ask: Ask, actor: audit.Actor) -> Booking:
    """Confirmed at once or waiting for approval, as the venue's rule says; Taken with alternatives."""
    refuse_words(title=ask.title)
    venue = await open_venue(session, ask.venue_id)
    (booking,) = await take(session, org, venue, [ask], actor)
    return booking


async def take(
    session: AsyncSession,
    org: OrgKit,
    venue: Venue,
    asks: Sequence[Ask],
    actor: audit.Actor,
    *,
    hold: timedelta | None = None,
    request_id: UUID | None = None,
) -> list[Booking]:
    """All of these times of one venue, or Taken for the first that cannot be had."""
    wanted = await allowed(session, org, venue, asks, hold=hold, request_id=request_id)
    claimed = await claim(session, wanted)
    await states.tell(session, await states.fresh(session, claimed.dead), "expired", SYSTEM)
    got = {booking.id for booking in claimed.made}
    for slot in wanted.slots:
        if slot.id not in got:
            raise Taken(await alternatives(session, venue, slot.start, slot.end, wanted.people))
    await states.tell(session, claimed.made, wanted.status, actor)
    return list(claimed.made)


async def allowed(
    session: AsyncSession,
    org: OrgKit,
    venue: Venue,
    asks: Sequence[Ask],
    *,
    hold: timedelta | None = None,
    request_id: UUID | None = None,
) -> Claim:
    """What to claim for these asks of one booker; refused when the venue's rule does not allow it."""
    first = asks[0]
    approval = await check(session, org, venue, asks)
    return Claim(
        venue=venue,
        sharing=sharing_of(venue),
        slots=[Slot(ask.booking_id or uuid4(), ask.start, ask.end) for ask in asks],
        booker=first.booker,
        title=first.title,
        people=first.people,
        status="held" if hold else "waiting" if approval else "confirmed",
        approval=approval,
        hold=hold,
        request_id=request_id,
    )


async def check(session: AsyncSession, org: OrgKit, venue: Venue, asks: Sequence[Ask]) -> bool:
    """Refused when the venue's rule does not allow it; else whether it must be approved."""
    sharing, opening, now = sharing_of(venue), opening_of(venue), clock.now()
    booker = asks[0].booker
    mine = booker.org == org.profile.code
    for ask in asks:
        refuse_booking(opening, sharing, mine=mine, org=booker.org, start=ask.start, end=ask.end, now=now)
        if ask.people > venue.capacity:
            raise Refused(f"这个场地最多容纳{venue.capacity}人")
    if sharing.quota_hours and not mine:
        await _refuse_over_quota(session, venue, asks, sharing.quota_hours)
    return needs_approval(sharing, mine=mine)


async def _refuse_over_quota(session: AsyncSession, venue: Venue, asks: Sequence[Ask], quota: int) -> None:
    """Hours of the month in which each wanted time begins."""
    wanted: dict[datetime, float] = {}
    for ask in asks:
        month = ask.start.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        wanted[month] = wanted.get(month, 0) + (ask.end - ask.start).total_seconds() / 3600
    for month in sorted(wanted):
        following = (month + timedelta(days=32)).replace(day=1)
        used = await hours_used(session, venue, asks[0].booker.org, month, following)
        if used + wanted[month] > quota:
            raise Refused(f"本月限额{quota}小时，已订{used:g}小时", hint="请换个场地，或与管理单位联系。")


def own_booker(org: OrgKit, office: str, staff_name: str, staff_id: UUID | None) -> Booker:
    """Somebody of this organisation, with its mark."""
    profile = org.profile
    return Booker(
        org=profile.code, office=office, staff_name=staff_name, staff_id=staff_id,
        org_name=profile.short_name, letter=profile.letter, palette=profile.palette,
    )  # fmt: skip


def refuse_booker(booker: Booker) -> None:
    """Refused when what is shown of who asks hides something."""
    refuse_hidden(booker.office, booker.staff_name, booker.org_name, booker.letter, booker.palette)


async def open_venue(session: AsyncSession, venue_id: UUID) -> Venue:
    """The venue if it takes bookings."""
    venue = await get_venue(session, venue_id)
    if venue.status != "active":
        raise Refused(f"“{venue.name}”已停用")
    return venue


async def get_booking(session: AsyncSession, booking_id: UUID, *, lock: bool = False) -> Booking:
    """The booking, or NotFound."""
    query = select(Booking).where(Booking.id == booking_id)
    query = query.with_for_update() if lock else query
    booking: Booking | None = await session.scalar(query.execution_options(populate_existing=True))
    if booking is None:
        raise NotFound("没有这个预订")
    return booking


async def of_request(session: AsyncSession, request_id: UUID) -> list[Booking]:
    """The bookings of one request, locked."""
    query = select(Booking).where(Booking.request_id == request_id).order_by(Booking.id).with_for_update()
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def confirm(session: AsyncSession, bookings: Sequence[Booking], actor: audit.Actor) -> bool:
    """Holds become bookings (or wait for approval), all or none; false when one is too late or gone.

    The caller locked them. The database's clock decides, the same one that ends holds.
    """
    now: datetime = await session.scalar(select(func.clock_timestamp())) or clock.now()
    held = [b for b in bookings if b.status == "held"]
    if any(b.status not in LIVE or (b.hold_until and b.hold_until <= now) for b in bookings) or not bookings:
        return False
    for fact, approval in (("confirmed", False), ("waiting", True)):
        settled = [b for b in held if b.approval is approval]
        for booking in settled:
            states.touch(booking, status=fact, hold_until=None)
        await states.tell(session, settled, fact, actor)
    return True


async def let_go(
    session: AsyncSession,
    bookings: Sequence[Booking],
    actor: audit.Actor,
    reason: str,
    fact: str = "cancelled",
) -> list[Booking]:
    """What still stands of these ends; the caller locked them."""
    ending = [b for b in bookings if b.status in LIVE]
    for booking in ending:
        states.touch(booking, status=fact, hold_until=None, reason=reason, decided_by=actor.name)
    await states.tell(session, ending, fact, actor, reason)
    return ending
