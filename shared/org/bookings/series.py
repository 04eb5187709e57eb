"""Series of bookings as real rows: preview, book all, take dates out, put them back, still needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Alternative, Booker
from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound, Problem, Refused
from shared.kit.pii.free_text import refuse_words
from shared.org.bookings import states
from shared.org.bookings.alternatives import alternatives, busy_of
from shared.org.bookings.claims import Claim, Slot, claim
from shared.org.bookings.models import Booking, Series
from shared.org.bookings.rules import Holidays, Occurrence, occurrences, without
from shared.org.bookings.service import SYSTEM, Ask, check, let_go, open_venue, own_booker
from shared.org.kit import OrgKit
from shared.org.venues import Venue, refuse_backwards, sharing_of

SHOWN_ALTERNATIVES = 5
"""Clashing dates of a preview for which alternatives are looked up."""


@dataclass(frozen=True)
class Repeat:
    """What somebody wants again and again; `left_out` are dates of the rule that are not wanted."""

    venue_id: UUID
    start: datetime
    end: datetime
    rule: str
    holidays: Holidays
    title: str
    booker: Booker
    people: int = 0
    left_out: frozenset[date] = field(default_factory=frozenset)
    elsewhere: tuple[tuple[date, UUID], ...] = ()
    """dates that take place at another venue of this organisation"""


@dataclass(frozen=True)
class Preview:
    """One date of a series before it is booked. `problem`: why it cannot be had."""

    occurrence: Occurrence
    problem: str = ""
    approval: bool = False
    alternatives: tuple[Alternative, ...] = ()


class Clash(Refused):
    """Some dates cannot be had; nothing was booked."""

    code = "clash"

    def __init__(self, found: Sequence[Preview]) -> None:
        days = [p.occurrence.on.isoformat() for p in found]
        super().__init__(f"有{len(days)}次不能预订", hint="可以去掉这些日期，或换个场地。", dates=days)
        self.previews = tuple(found)


async def preview(session: AsyncSession, org: OrgKit, repeat: Repeat) -> list[Preview]:
    """Every date of the rule: free, skipped, or why not and what instead; Invalid when it ends too early."""
    refuse_backwards(repeat.start, repeat.end)
    venue = await open_venue(session, repeat.venue_id)
    found, looked_up = [], 0
    all_ = occurrences(repeat.rule, repeat.start, repeat.end, repeat.holidays)
    taken = await busy_of(session, venue, min(o.start for o in all_), max(o.end for o in all_))
    for each in all_:
        seen = await _preview_one(
            session, org, venue, repeat, each, taken, look=looked_up < SHOWN_ALTERNATIVES
        )
        looked_up += bool(seen.problem)
        found.append(seen)
    return found


async def _preview_one(
    session: AsyncSession,
    org: OrgKit,
    venue: Venue,
    repeat: Repeat,
    each: Occurrence,
    taken: Sequence[tuple[datetime, datetime]],
    *,
    look: bool,
) -> Preview:
    if each.skipped:
        return Preview(each)
    ask = Ask(venue.id, each.start, each.end, repeat.title, repeat.booker, repeat.people)
    problem, approval = "", False
    try:
        approval = await check(session, org, venue, [ask])
    except Problem as refusal:
        problem = refusal.title
    low, high = _busy(venue, each)
    if not problem and any(a < high and low < b for a, b in taken):
        problem = "这个时段已被预订"
    options: list[Alternative] = []
    if problem and look:
        options = await alternatives(session, venue, each.start, each.end, repeat.people)
    return Preview(each, problem, approval, tuple(options))


async def book_series(session: AsyncSession, org: OrgKit, repeat: Repeat, actor: audit.Actor) -> Series:
    """All dates that are wanted, in one transaction, or Clash with those that cannot be had."""
    refuse_words(title=repeat.title)
    home = await open_venue(session, repeat.venue_id)
    wanted = without(occurrences(repeat.rule, repeat.start, repeat.end, repeat.holidays), repeat.left_out)
    if not wanted:
        raise Invalid("没有要预订的日期", fields={"rule": "所有日期都去掉了"})
    series = Series(
        id=uuid4(), venue_id=home.id, rule=repeat.rule, holidays=repeat.holidays, starts_at=repeat.start,
        ends_at=repeat.end, title=repeat.title, people=repeat.people, org=repeat.booker.org,
        office=repeat.booker.office, staff_id=repeat.booker.staff_id, staff_name=repeat.booker.staff_name,
        left_out=sorted(d.isoformat() for d in repeat.left_out), needed_at=clock.now(),
    )  # fmt: skip
    session.add(series)
    await session.flush()
    by_venue: dict[UUID, list[Occurrence]] = {}
    other = dict(repeat.elsewhere)
    for each in wanted:
        by_venue.setdefault(other.get(each.on, home.id), []).append(each)
    venues = [await open_venue(session, venue_id) for venue_id in by_venue]
    for venue in sorted(venues, key=lambda v: (v.hall_id, v.id)):  # one order for everybody: no circles
        await _claim_all(session, org, series, venue, by_venue[venue.id], actor)
    return series


async def take_out(
    session: AsyncSession, series_id: UUID, dates: Sequence[date], reason: str, actor: audit.Actor
) -> Series:
    """These dates are not needed: their bookings end, the rest stands."""
    refuse_words(reason=reason)
    series = await get_series(session, series_id, lock=True)
    query = (
        select(Booking).where(Booking.series_id == series.id, Booking.series_on.in_(dates)).with_for_update()
    )
    await let_go(
        session, list(await session.scalars(query.order_by(Booking.id))), actor, reason or "从系列中去掉"
    )
    series.left_out = sorted({*series.left_out, *(d.isoformat() for d in dates)})
    series.version += 1
    return series


async def put_back(
    session: AsyncSession,
    org: OrgKit,
    series_id: UUID,
    on: date,
    actor: audit.Actor,
    venue_id: UUID | None = None,
) -> Series:
    """A date that was taken out (or lost) is booked again, here or at another venue."""
    series = await get_series(session, series_id, lock=True)
    all_ = occurrences(series.rule, series.starts_at, series.ends_at, holidays_of(series))
    each = next((o for o in all_ if o.on == on), None)
    if each is None:
        raise Invalid("这个日期不在系列里", fields={"on": "这个日期不在系列里"})
    standing = select(Booking.id).where(
        Booking.series_id == series.id,
        Booking.series_on == on,
        Booking.status.in_(("held", "waiting", "confirmed")),
    )
    if await session.scalar(standing):
        raise Refused("这个日期已经订好了")
    venue = await open_venue(session, venue_id or series.venue_id)
    await _claim_all(session, org, series, venue, [each], actor)
    series.left_out = [d for d in series.left_out if d != on.isoformat()]
    series.version += 1
    return series


async def still_needed(session: AsyncSession, series_id: UUID) -> Series:
    """Somebody said so; it is asked again after a while."""
    series = await get_series(session, series_id, lock=True)
    series.needed_at = clock.now()
    series.version += 1
    return series


async def get_series(session: AsyncSession, series_id: UUID, *, lock: bool = False) -> Series:
    """The series, or NotFound."""
    query = select(Series).where(Series.id == series_id)
    found: Series | None = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("没有这个系列预订")
    return found


async def bookings_of(session: AsyncSession, series: Series) -> list[Booking]:
    """All bookings it ever had, by date; the one that stands comes last within its date."""
    query = select(Booking).where(Booking.series_id == series.id).order_by(Booking.series_on, Booking.id)
    return list(await session.scalars(query))


async def _claim_all(
    session: AsyncSession,
    org: OrgKit,
    series: Series,
    venue: Venue,
    wanted: Sequence[Occurrence],
    actor: audit.Actor,
) -> None:
    booker = own_booker(org, series.office, series.staff_name, series.staff_id)
    asks = [Ask(venue.id, o.start, o.end, series.title, booker, series.people) for o in wanted]
    approval = await check(session, org, venue, asks)
    slots = {o.on: Slot(uuid4(), o.start, o.end, o.on) for o in wanted}
    status = "waiting" if approval else "confirmed"
    claimed = await claim(
        session,
        Claim(
            venue=venue, sharing=sharing_of(venue), slots=list(slots.values()), booker=booker,
            title=series.title,
            people=series.people, status=status, approval=approval, series_id=series.id,
        ),
    )  # fmt: skip
    await states.tell(session, await states.fresh(session, claimed.dead), "expired", SYSTEM)
    got = {booking.id for booking in claimed.made}
    lost = [o for o in wanted if slots[o.on].id not in got]
    if lost:
        raise Clash(
            [
                Preview(
                    o,
                    "这个时段已被预订",
                    alternatives=tuple(await alternatives(session, venue, o.start, o.end, series.people)),
                )
                for o in lost[:SHOWN_ALTERNATIVES]
            ]
            + [Preview(o, "这个时段已被预订") for o in lost[SHOWN_ALTERNATIVES:]]
        )
    await states.tell(session, claimed.made, status, actor)


def _busy(venue: Venue, each: Occurrence) -> tuple[datetime, datetime]:
    sharing = sharing_of(venue)
    return (
        each.start - timedelta(minutes=sharing.buffer_before),
        each.end + timedelta(minutes=sharing.buffer_after),
    )


def holidays_of(series: Series) -> Holidays:
    """What holidays do to it."""
    return "skip" if series.holidays == "skip" else "shift" if series.holidays == "shift" else "keep"
