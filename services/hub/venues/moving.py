"""Moving a request on: step by step with its owners, each step recorded before the next begins."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import organisations
from services.hub.venues.models import BookingRequest, RequestItem
from services.hub.venues.requests import due, get_request, items_of, lease
from shared.contracts.bookings import (
    CONFIRM,
    HOLD,
    RELEASE,
    Booker,
    HoldAnswer,
    HoldRequest,
    SettleAnswer,
    SettleRequest,
    Wanted,
)
from shared.kit import clock
from shared.kit.bus import BusAway, Declined
from shared.kit.context import Kit
from shared.kit.events.steps import first_of

HOLD_SECONDS = 60
TIMEOUT = 4.0
EVERY = 2.0
SLOWEST = 60
JOINT = ("hub", "联席办", "联", "brown")
LATE = "有场地的暂留已到期"


@dataclass
class Said:
    """What the owners answered: `away` did not; `refused` is why it cannot be had."""

    away: list[str] = field(default_factory=list)
    refused: str = ""
    troubles: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[UUID, tuple[str, str]] = field(default_factory=dict)


async def move_on(kit: Kit, request_id: UUID) -> None:
    """As far as it goes now: until it is settled, or somebody must be waited for."""
    for _ in range(6):
        async with kit.database.transaction() as session:
            request = await lease(session, request_id)
            if request is None:
                return
            items = await items_of(session, request_id)
            who = Booker(org=request.org, office=request.office, staff_name=request.staff_name)
            booker = await marked(session, who)
        step = {"asking": _ask, "confirming": _confirm, "releasing": _release}[request.status]
        said = await step(kit, request, items, booker)
        if not await _record(kit, request, said):
            return


async def keep_moving(kit: Kit, stop: asyncio.Event) -> None:
    """Requests that wait for an owner, or that a process left in the middle."""
    while not stop.is_set():
        async with kit.database.transaction() as session:
            waiting = await due(session)
        for request_id in waiting:
            await move_on(kit, request_id)
        await first_of(EVERY, stop)


async def _ask(kit: Kit, request: BookingRequest, items: list[RequestItem], booker: Booker) -> Said:
    """Hold everything; when an owner is away what others held is let go at once."""
    said = Said()
    if request.give_up_at <= clock.now():
        said.refused = "场地方一直没有应答"
        return said

    async def one(owner: str, mine: list[RequestItem]) -> None:
        question = HoldRequest(
            request_id=request.attempt, booker=booker, title=request.title, people=request.people,
            seconds=HOLD_SECONDS,
            wanted=tuple(
                Wanted(booking_id=i.booking_id, venue_id=i.venue_id, start=i.during.lower, end=i.during.upper)  # type: ignore[arg-type]  # never unbounded
                for i in mine
            ),
        )  # fmt: skip
        answer = await kit.bus.request(owner, HOLD, question, HoldAnswer, timeout=TIMEOUT)
        for trouble in answer.troubles:
            said.refused = trouble.reason
            said.troubles.append(trouble.model_dump(mode="json"))
        said.statuses |= {b.booking_id: (b.status, b.reason) for b in answer.bookings}

    await _each_owner(items, one, said)
    if said.away and not said.refused:
        await _release(kit, request, [i for i in items if i.owner not in said.away], booker)
    return said


async def _confirm(kit: Kit, request: BookingRequest, items: list[RequestItem], booker: Booker) -> Said:
    """Holds become bookings; one that is too late ends them all."""
    said = Said()

    async def one(owner: str, _mine: list[RequestItem]) -> None:
        question = SettleRequest(request_id=request.attempt, booker=booker)
        answer = await kit.bus.request(owner, CONFIRM, question, SettleAnswer, timeout=TIMEOUT)
        if not answer.settled:
            said.refused = LATE
        said.statuses |= {b.booking_id: (b.status, b.reason) for b in answer.bookings}

    await _each_owner(items, one, said)
    return said


async def _release(kit: Kit, request: BookingRequest, items: list[RequestItem], booker: Booker) -> Said:
    """Whatever owners have for this attempt ends."""
    said = Said()

    async def one(owner: str, mine: list[RequestItem]) -> None:
        question = SettleRequest(request_id=request.attempt, booker=booker, reason=request.reason[:200])
        answer = await kit.bus.request(owner, RELEASE, question, SettleAnswer, timeout=TIMEOUT)
        ended = {i.booking_id for i in mine if i.status == "cancelled"}
        for b in answer.bookings:  # what we let go now ends for our reason: it stands once, at the request
            ours = b.status == "cancelled" and b.booking_id not in ended
            said.statuses[b.booking_id] = (b.status, "" if ours else b.reason)

    await _each_owner(items, one, said)
    return said


async def _each_owner(
    items: list[RequestItem], one: Callable[[str, list[RequestItem]], Coroutine[Any, Any, None]], said: Said
) -> None:
    """All owners at once; who does not answer is away, who declines has refused."""
    by_owner: dict[str, list[RequestItem]] = {}
    for item in items:
        by_owner.setdefault(item.owner, []).append(item)

    async def guarded(owner: str, mine: list[RequestItem]) -> None:
        try:
            await one(owner, mine)
        except BusAway:
            said.away.append(owner)
        except Declined as refusal:
            if refusal.status >= 500:
                said.away.append(owner)
            else:
                said.refused = refusal.title

    await asyncio.gather(*(guarded(owner, mine) for owner, mine in by_owner.items()))


async def _record(kit: Kit, before: BookingRequest, said: Said) -> bool:
    """What was answered, and what is to be done next; true when that can be done now."""
    async with kit.database.transaction() as session:
        request = await get_request(session, before.id, lock=True)
        request.lease_until = None
        if request.status != before.status or request.attempt != before.attempt:
            return True  # cancelled meanwhile: go on with what it is now
        items = list(
            await session.scalars(
                select(RequestItem).where(RequestItem.request_id == request.id).with_for_update()
            )
        )
        for item in items:
            item.status, item.reason = said.statuses.get(item.booking_id, (item.status, item.reason))
            if item.owner in said.away:
                item.status = "away"
        return {"asking": _asked, "confirming": _confirmed, "releasing": _released}[request.status](
            request, items, said
        )


def _asked(request: BookingRequest, items: list[RequestItem], said: Said) -> bool:
    if said.refused:
        request.status, request.reason, request.troubles = "releasing", said.refused, said.troubles
        why = {trouble["booking_id"]: trouble["reason"] for trouble in said.troubles}
        for item in items:
            if reason := why.get(str(item.booking_id)):
                item.status, item.reason = "refused", reason
        return True
    if said.away or any(i.status != "held" for i in items):
        # another attempt later, by another name: what the old one left at an owner must not be taken for it
        request.attempt = uuid4()
        for item in items:
            item.booking_id, item.status = uuid4(), "away" if item.owner in said.away else "asking"
        return _later(request)
    request.status, request.tries = "confirming", 0
    return True


def _confirmed(request: BookingRequest, items: list[RequestItem], said: Said) -> bool:
    if said.refused:
        request.status, request.reason = "releasing", said.refused
        return True
    if said.away:
        return _later(request)
    request.status = "waiting" if any(i.status == "waiting" for i in items) else "confirmed"
    return False


def _released(request: BookingRequest, items: list[RequestItem], said: Said) -> bool:
    if said.away or said.refused:  # whose owner has not let go is not released, whatever we would like
        return _later(request)
    for item in items:
        item.status = item.status if item.status in ("refused", "cancelled", "expired") else "released"
    request.status = request.ends_as
    return False


def _later(request: BookingRequest) -> bool:
    request.tries += 1
    request.next_try_at = clock.now() + timedelta(seconds=min(SLOWEST, 2 ** min(request.tries, 6)))
    return False


async def marked(session: AsyncSession, who: Booker) -> Booker:
    """On whose behalf, with the name and mark the hub knows, whatever the asker said."""
    known = {o.code: (o.code, o.short_name, o.letter, o.palette) for o in await organisations(session)}
    unheard = (who.org, who.org, who.org[:1].upper(), "slate")
    _, name, letter, palette = JOINT if who.org == JOINT[0] else known.get(who.org, unheard)
    return who.model_copy(update={"org_name": name, "letter": letter, "palette": palette})
