"""What organisations' own services ask for their staff: free venues, requests to owners, how they stand."""

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import organisations
from services.hub.venues.finding import Need, find_free
from services.hub.venues.models import BookingRequest
from services.hub.venues.moving import move_on
from services.hub.venues.requests import Asker, Wish, items_of, known_request, make_request, of_staff
from shared.contracts.bookings import (
    ASK,
    FREE,
    LOOK,
    Asked,
    AskedList,
    AskRequest,
    FreeAnswer,
    FreeRequest,
    FreeVenue,
    LookRequest,
)
from shared.kit.context import Kit
from shared.kit.errors import Forbidden
from shared.kit.events.responders import requester
from shared.kit.module import Responder


def responders(kit: Kit) -> tuple[Responder, ...]:
    """The three answers."""

    async def free(request: FreeRequest) -> BaseModel:
        async with kit.database.transaction() as session:
            need = Need(request.day, request.minutes, people=request.people, district=request.district)
            found = await find_free(session, need)
            orgs = {o.code: o for o in await organisations(session)}
        return FreeAnswer(
            venues=tuple(
                FreeVenue(
                    venue_id=f.venue_id, owner=f.org, owner_name=orgs[f.org].short_name,
                    letter=orgs[f.org].letter,
                    palette=orgs[f.org].palette, name=f.name, address=f.address, capacity=f.capacity,
                    start=f.start, end=f.end,
                )
                for f in found
                if f.org in orgs
            )
        )  # fmt: skip

    async def ask(request: AskRequest) -> BaseModel:
        who = request.booker
        if who.org != requester() or who.staff_id is None:
            raise Forbidden("只能为本组织申请")  # the account tells who asks, never the message
        asker = Asker(who.staff_id, who.staff_name, who.office)
        async with kit.database.transaction() as session:
            if await known_request(session, request.request_id) is None:
                wishes = [Wish(w.venue_id, w.start, w.end) for w in request.wanted]
                await make_request(
                    session, asker, wishes, title=request.title, people=request.people, org=who.org,
                    request_id=request.request_id,
                )  # fmt: skip
        await move_on(kit, request.request_id)
        async with kit.database.transaction() as session:
            made = await known_request(session, request.request_id)
            assert made is not None
            return await _asked(session, made)

    async def look(request: LookRequest) -> BaseModel:
        async with kit.database.transaction() as session:
            own = [r for r in await of_staff(session, request.staff_id) if r.org == requester()]
            return AskedList(requests=tuple([await _asked(session, r) for r in own[:30]]))

    return (
        Responder(FREE, FreeRequest, free),
        Responder(ASK, AskRequest, ask),
        Responder(LOOK, LookRequest, look),
    )


async def _asked(session: AsyncSession, request: BookingRequest) -> Asked:
    items = await items_of(session, request.id)
    first = min(i.during.lower for i in items if i.during.lower is not None)
    return Asked(
        request_id=request.id, title=request.title, status=request.status, reason=request.reason,
        venues=tuple(i.venue_name for i in items), start=first,
    )  # fmt: skip
