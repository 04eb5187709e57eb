"""Drawing a round, undoing that, and making bookings of what was given."""

from datetime import date, datetime, time, timedelta
from secrets import token_hex
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Booker
from shared.kit import audit, clock
from shared.kit.calendar import is_open
from shared.kit.clock import CHINA
from shared.kit.errors import Faults, Invalid, Refused
from shared.kit.pii.free_text import refuse_words
from shared.kit.staff import Staff
from shared.org.bookings import Claim, Slot, claim
from shared.org.bookings.alternatives import busy_of
from shared.org.bookings.service import SYSTEM
from shared.org.bookings.states import fresh, tell
from shared.org.kit import OrgKit
from shared.org.rounds.models import Round, SeasonWish
from shared.org.rounds.rules import (
    BOOKED,
    CLOSED,
    GIVEN,
    PAST,
    RULE,
    Time,
    Wanted,
    dates_of,
    deadline_faults,
    draw,
)
from shared.org.rounds.service import get_round, hold, note, owned, refuse_time
from shared.org.venues import Venue, get_venue, opening_of, sharing_of

MEANWHILE = "meanwhile"
_USED = text(
    "SELECT org, sum(extract(epoch FROM upper(during) - lower(during))) / 3600 AS hours FROM booking"
    " WHERE venue_id = ANY(:venues) AND status = 'confirmed'"
    " AND lower(during) >= CAST(:until AS timestamptz)"
    " - interval '1 year' AND lower(during) < :until GROUP BY org"
)


async def draw_round(session: AsyncSession, org: OrgKit, round_id: UUID, version: int, staff: Staff) -> Round:
    """Who would get what, for the owner to look at. Nothing is booked; drawn again it is the same."""
    season = await owned(session, round_id, version, staff)
    if season.status != "open":
        raise Refused("这个轮次已经分配过")
    if season.closes_at > clock.now():
        raise Refused("填报还没有截止", hint="截止之后才能分配，对各组织都一样。")
    wishes = {w.id: w for w in await wishes_of(session, round_id)}
    if not wishes:
        raise Refused("没有收到志愿", hint="可以取消这个轮次。")
    rows = await session.execute(_USED, {"venues": season.venues, "until": season.created_at})
    hours = {row.org: round(float(row.hours), 2) for row in rows}
    season.used = {each.org: hours.get(each.org, 0.0) for each in wishes.values()}
    wanted = [await _wanted(session, org, season, each) for each in wishes.values()]
    for outcome in draw(wanted, season.used, season.seed):
        found = wishes[outcome.wish]
        found.outcome, found.turn, found.before_id = outcome.fact, outcome.turn, outcome.before
    season.status, season.drawn_at = "drawn", clock.now()
    given = sum(w.outcome == GIVEN for w in wishes.values())
    note(session, staff, "round.drawn", season, wishes=len(wishes), given=given)
    return season


async def undo(
    session: AsyncSession, round_id: UUID, version: int, closes_at: datetime, reason: str, staff: Staff
) -> Round:
    """Back to entering wishes, with another seed; the reason and the old seed are public at once."""
    refuse_words(reason=reason)
    season = await owned(session, round_id, version, staff)
    if season.status != "drawn":
        raise Refused("只有还没有确认的分配可以撤销")
    Faults(deadline_faults(closes_at, season.first, now=clock.now())).refuse()
    undone = {"seed": season.seed, "at": clock.now().isoformat(), "by": staff.office, "reason": reason}
    season.undone = [*season.undone, undone]
    season.status, season.seed, season.closes_at = "open", token_hex(16), closes_at
    season.drawn_at, season.used = None, {}
    for each in await wishes_of(session, round_id):
        each.outcome, each.turn, each.before_id, each.left_out = "", 0, None, {}
    note(session, staff, "round.undone", season, purpose=reason)
    return season


async def confirm(org: OrgKit, round_id: UUID, version: int, staff: Staff) -> None:
    """Bookings of all that was given, then the result for everybody.

    One wish, one transaction: whoever books beside it waits for one statement and never in a circle. A
    confirmation that died is gone on with by confirming again.
    """
    database = org.kit.database
    async with database.transaction() as session:
        season = await owned(session, round_id, version, staff)
        if season.status not in ("drawn", "confirming"):
            raise Refused("只有分配好、还没有公布的轮次可以确认")
        if season.status == "drawn":
            season.status = "confirming"
            note(session, staff, "round.confirmed", season)
        ids = [w.id for w in await wishes_of(session, round_id) if w.outcome == GIVEN]
    for wish_id in ids:
        async with database.transaction() as session:
            await _book(session, org, wish_id, staff)
    async with database.transaction() as session:
        season = await hold(session, round_id)
        if season.status == "confirming":
            season.status, season.published_at = "published", clock.now()
            season.version += 1
            note(session, staff, "round.published", season)


async def wishes_of(session: AsyncSession, round_id: UUID) -> list[SeasonWish]:
    """All wishes: by the turn that gave them, then by organisation and rank."""
    query = select(SeasonWish).where(SeasonWish.round_id == round_id)
    order = (SeasonWish.outcome != GIVEN, SeasonWish.turn, SeasonWish.org, SeasonWish.rank, SeasonWish.id)
    return list(await session.scalars(query.order_by(*order)))


def span_of(wish: SeasonWish, day: date) -> tuple[datetime, datetime]:
    """The wish's time on a day."""
    midnight = datetime.combine(day, time(), CHINA)
    return midnight + timedelta(minutes=wish.opens), midnight + timedelta(minutes=wish.closes)


def _days(season: Round, wish: SeasonWish) -> list[date]:
    return dates_of(wish.weekday, wish.on, season.first, season.last)


async def _wanted(session: AsyncSession, org: OrgKit, season: Round, wish: SeasonWish) -> Wanted:
    """The times of a wish that can be had today; the others are noted with their reason."""
    venue, times, left_out = await get_venue(session, wish.venue_id), list[Time](), dict[str, str]()
    sharing = sharing_of(venue)
    before, after = timedelta(minutes=sharing.buffer_before), timedelta(minutes=sharing.buffer_after)
    spans = [(day, *span_of(wish, day)) for day in _days(season, wish)]
    taken = await busy_of(session, venue, spans[0][1] - before, spans[-1][2] + after)
    for day, start, end in spans:
        low, high = start - before, end + after
        if any(a < high and low < b for a, b in taken):
            left_out[day.isoformat()] = BOOKED
        elif why := _hindered(org, venue, wish, start, end):
            left_out[day.isoformat()] = why
        else:
            times.append(Time(venue.hall_id, venue.place.lower or 0, venue.place.upper, low, high))
    wish.left_out = left_out
    none = next((why for why in (BOOKED, RULE, PAST) if why in left_out.values()), CLOSED)
    return Wanted(wish.id, wish.org, wish.rank, tuple(times), none)


def _hindered(org: OrgKit, venue: Venue, wish: SeasonWish, start: datetime, end: datetime) -> str:
    """Why the venue's rule as it is now does not give this time; empty when it does."""
    if start <= clock.now():
        return PAST
    if venue.status != "active" or not is_open(opening_of(venue), start, end):
        return CLOSED
    if wish.people > venue.capacity:
        return RULE
    try:
        refuse_time(org, venue, wish.org, start, end)
    except (Invalid, Refused):
        return RULE
    return ""


async def _book(session: AsyncSession, org: OrgKit, wish_id: UUID, actor: audit.Actor) -> None:
    """The venue's rule of today and the constraint decide about every date; each lost one has its reason."""
    query = select(SeasonWish).where(SeasonWish.id == wish_id).with_for_update()
    wish = (await session.scalars(query.execution_options(populate_existing=True))).one()
    if wish.booked is not None:
        return
    season, venue = await get_round(session, wish.round_id), await get_venue(session, wish.venue_id)
    days = [day for day in _days(season, wish) if day.isoformat() not in wish.left_out]
    slots = {day: Slot(uuid4(), *span_of(wish, day)) for day in days}
    missed = {day: _hindered(org, venue, wish, slot.start, slot.end) for day, slot in slots.items()}
    free = [slot for day, slot in slots.items() if not missed[day]]
    made = await _claim(session, venue, wish, free, actor) if free else frozenset()
    lost = {day.isoformat(): why or MEANWHILE for day, why in missed.items() if slots[day].id not in made}
    wish.left_out, wish.booked = {**wish.left_out, **lost}, len(made)


async def _claim(
    session: AsyncSession, venue: Venue, wish: SeasonWish, slots: list[Slot], actor: audit.Actor
) -> frozenset[UUID]:
    claimed = await claim(
        session,
        Claim(
            venue=venue, sharing=sharing_of(venue), slots=slots, booker=Booker.model_validate(wish.booker),
            title=wish.title, people=wish.people, status="confirmed", approval=False, request_id=wish.id,
        ),
    )  # fmt: skip
    await tell(session, await fresh(session, claimed.dead), "expired", SYSTEM)
    await tell(session, claimed.made, "confirmed", actor)
    return frozenset(booking.id for booking in claimed.made)
