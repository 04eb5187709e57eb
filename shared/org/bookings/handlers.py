"""What others ask over the bus: hold several venues, confirm all, let all go. Asking twice is asking once."""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import (
    CONFIRM,
    HOLD,
    RELEASE,
    Booker,
    BookingState,
    HoldAnswer,
    HoldRequest,
    SettleAnswer,
    SettleRequest,
    Trouble,
    Wanted,
)
from shared.kit import audit
from shared.kit.errors import Forbidden, Problem
from shared.kit.module import Responder
from shared.kit.pii.free_text import refuse_words
from shared.org.bookings.models import Booking
from shared.org.bookings.service import (
    Ask,
    Taken,
    confirm,
    let_go,
    of_request,
    open_venue,
    refuse_booker,
    take,
)
from shared.org.kit import OrgKit
from shared.org.venues import Venue


class _NotAllError(Exception):
    """One of the wanted cannot be had: nothing is held."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


def responders(org: OrgKit) -> tuple[Responder, ...]:
    """The three answers."""

    async def hold(request: HoldRequest) -> BaseModel:
        refuse_booker(request.booker)
        refuse_words(title=request.title)
        async with org.kit.database.transaction() as session:
            known = await of_request(session, request.request_id)
            if known:
                return HoldAnswer(bookings=_states(known))
            try:
                async with session.begin_nested():
                    held = await _hold_all(session, org, request)
            except _NotAllError as error:
                return HoldAnswer(troubles=(error.trouble,))
            return HoldAnswer(bookings=_states(held))

    async def settle(request: SettleRequest, *, keep: bool) -> BaseModel:
        async with org.kit.database.transaction() as session:
            known = await of_request(session, request.request_id)
            if any(b.org != request.booker.org for b in known):
                raise Forbidden("这不是您的组织的预订")
            actor = _actor(request.booker)
            if keep:
                done = await confirm(session, known, actor)
            else:
                await let_go(session, known, actor, request.reason)
                done = True
            return SettleAnswer(settled=done, bookings=_states(known))

    async def confirmed(request: SettleRequest) -> BaseModel:
        return await settle(request, keep=True)

    async def released(request: SettleRequest) -> BaseModel:
        return await settle(request, keep=False)

    return (
        Responder(HOLD, HoldRequest, hold),
        Responder(CONFIRM, SettleRequest, confirmed),
        Responder(RELEASE, SettleRequest, released),
    )


async def _hold_all(session: AsyncSession, org: OrgKit, request: HoldRequest) -> list[Booking]:
    """Every wanted time, venue by venue in one order for everybody."""
    by_venue: dict[UUID, list[Wanted]] = {}
    for wanted in request.wanted:
        by_venue.setdefault(wanted.venue_id, []).append(wanted)
    actor, held = _actor(request.booker), list[Booking]()
    venues: list[Venue] = []
    for venue_id, wishes in by_venue.items():
        try:
            venues.append(await open_venue(session, venue_id))
        except Problem as problem:
            raise _NotAllError(Trouble(booking_id=wishes[0].booking_id, reason=problem.title)) from problem
    for venue in sorted(venues, key=lambda v: (v.hall_id, v.id)):
        wishes = by_venue[venue.id]
        asks = [
            Ask(venue.id, w.start, w.end, request.title, request.booker, request.people, w.booking_id)
            for w in wishes
        ]
        try:
            held += await take(
                session,
                org,
                venue,
                asks,
                actor,
                hold=timedelta(seconds=request.seconds),
                request_id=request.request_id,
            )
        except Taken as taken:
            raise _NotAllError(
                Trouble(booking_id=wishes[0].booking_id, reason=taken.title, alternatives=taken.options)
            ) from taken
        except Problem as problem:
            raise _NotAllError(Trouble(booking_id=wishes[0].booking_id, reason=problem.title)) from problem
    return held


def _states(bookings: list[Booking]) -> tuple[BookingState, ...]:
    return tuple(
        BookingState(booking_id=b.id, status=b.status, reason=b.reason)  # type: ignore[arg-type]  # from the column
        for b in bookings
    )


def _actor(booker: Booker) -> audit.System:
    """In the audit log and history: who asked, of which organisation."""
    return audit.System(f"{booker.org_name or booker.org} {booker.office} {booker.staff_name}".strip())
