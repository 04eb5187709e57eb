"""Shared venues for programs; the same use cases as the pages."""

from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.venues.finding import Need, find_free
from services.hub.venues.models import Booking
from services.hub.venues.moving import move_on
from services.hub.venues.requests import Wish, cancel_request, get_request, items_of, make_request
from services.hub.venues.schemas import (
    BookedList,
    BookedOut,
    Cancelling,
    FreeList,
    FreeOut,
    RequestIn,
    RequestOut,
)
from shared.kit.clock import CHINA
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.staff import Staff, require
from shared.kit.types import Count, Day, SearchText

Reader = Annotated[Staff, Depends(require("rooms.read"))]
Writer = Annotated[Staff, Depends(require("rooms.write"))]
Minute = Annotated[Count, Query(le=1440)]


def api(kit: Kit) -> APIRouter:
    """Routes below /api/v1/rooms."""
    router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"])
    _looking(router)
    _asking(router, kit)
    return router


def _looking(router: APIRouter) -> None:
    @router.get("/free")
    async def free(
        _staff: Reader,
        session: Tx,
        day: Day,
        minutes: Annotated[int, Query(ge=15, le=1440)] = 60,
        opens: Minute = 0,
        closes: Minute = 1440,
        people: Annotated[Count, Query()] = 0,
        district: SearchText = "",
        org: SearchText = "",
        equipment: Annotated[list[SearchText] | None, Query()] = None,
        near: Annotated[SearchText, Query(description="latitude,longitude")] = "",
    ) -> FreeList:
        """Venues of all organisations that are free long enough on a day."""
        need = Need(day, minutes, opens, closes, people, district, org, tuple(equipment or ()), place(near))
        return FreeList(items=[FreeOut.model_validate(f) for f in await find_free(session, need)])

    @router.get("/bookings")
    async def bookings(
        _staff: Reader, session: Tx, first: Day, days: Annotated[int, Query(ge=1, le=62)] = 7
    ) -> BookedList:
        """What stands in all venues on some days, as the owners told it."""
        start = datetime.combine(first, time(), CHINA)
        span: Range[datetime] = Range(start, start + timedelta(days=days))
        query = select(Booking).where(
            Booking.during.op("&&")(span), Booking.status.in_(("waiting", "confirmed"))
        )
        shown = []
        for b in await session.scalars(query.order_by(Booking.during, Booking.booking_id).limit(10_000)):
            assert b.during.lower is not None
            assert b.during.upper is not None
            shown.append(
                BookedOut(
                    booking_id=b.booking_id, owner=b.owner, venue_id=b.venue_id, start=b.during.lower,
                    end=b.during.upper, status=b.status, version=b.version,
                )
            )  # fmt: skip
        return BookedList(items=shown)


def _asking(router: APIRouter, kit: Kit) -> None:
    async def shown(session: AsyncSession, request_id: UUID) -> RequestOut:
        return RequestOut.of(await get_request(session, request_id), await items_of(session, request_id))

    @router.post("/requests", status_code=201)
    async def ask(staff: Writer, session: Tx, body: RequestIn) -> RequestOut:
        """Ask the owners for all of these; the answer is theirs, or `asking` while one of them is away."""
        wishes = [Wish(w.venue_id, w.start, w.end) for w in body.venues]
        async with kit.database.transaction() as own:  # there before it is moved on, by other transactions
            made = await make_request(
                own, staff, wishes, title=body.title, people=body.people, org=body.org or "hub"
            )
        await move_on(kit, made.id)
        return await shown(session, made.id)

    @router.get("/requests/{request_id}")
    async def read(_staff: Reader, session: Tx, request_id: UUID) -> RequestOut:
        """A request as it stands."""
        return await shown(session, request_id)

    @router.post("/requests/{request_id}/cancel")
    async def cancel(staff: Writer, session: Tx, request_id: UUID, body: Cancelling) -> RequestOut:
        """Let everything go."""
        async with kit.database.transaction() as own:
            await cancel_request(own, staff, request_id, body.reason)
        await move_on(kit, request_id)
        return await shown(session, request_id)


def place(text: str) -> tuple[float, float] | None:
    """`30.6,104.1` as two numbers; Invalid when it is something else."""
    if not text:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid("位置应为“纬度,经度”", fields={"near": "位置不正确"}) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Invalid("位置应为“纬度,经度”", fields={"near": "位置不正确"})
    return latitude, longitude
