"""The JSON API of bookings; the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Booker
from shared.kit.db import Tx, hand_over
from shared.kit.idempotency import Once
from shared.kit.staff import Staff, require
from shared.kit.types import Count, Day, SearchText
from shared.org.bookings import deciding, reading, series, using
from shared.org.bookings.desk import Desk
from shared.org.bookings.finding import Need, find_free
from shared.org.bookings.schemas import (
    BookingDetail,
    BookingEdit,
    BookingIn,
    BookingList,
    BookingMove,
    BookingOut,
    ChangeOut,
    DateBack,
    DatesOut,
    FreeSlot,
    FreeSlots,
    PreviewList,
    PreviewOut,
    SeriesIn,
    SeriesOut,
    WaiterOut,
    Why,
    WhyNot,
)
from shared.org.bookings.service import Ask, book, get_booking, own_booker
from shared.org.kit import OrgKit

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Writer = Annotated[Staff, Depends(require("bookings.write"))]
Approver = Annotated[Staff, Depends(require("bookings.approve"))]
Minute = Annotated[Count, Query(le=1440)]


def booker_of(org: OrgKit, staff: Staff) -> Booker:
    """On whose behalf this person books: their own organisation."""
    return own_booker(org, staff.office[:100], staff.name[:60], staff.id)


def api(org: OrgKit) -> APIRouter:
    """Routes below /api/v1/bookings."""
    router = APIRouter(prefix="/api/v1/bookings", tags=["bookings"])
    _finding(router)
    _booking(router, org)
    _series(router, org)
    _waiting(router, org)
    _one(router, org)
    return router


def _finding(router: APIRouter) -> None:
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
        equipment: Annotated[list[SearchText] | None, Query()] = None,
    ) -> FreeSlots:
        """Venues free long enough on a day, the smallest that is large enough first."""
        need = Need(day, minutes, opens, closes, people, district, tuple(equipment or ()))
        found = await find_free(session, need)
        return FreeSlots(items=[FreeSlot(**vars(f)) for f in found])

    @router.get("")
    async def in_days(
        _staff: Reader,
        session: Tx,
        venue_id: UUID,
        first: Day,
        days: Annotated[int, Query(ge=1, le=62)] = 7,
    ) -> BookingList:
        """What stands at a venue (and what shares its hall) on some days."""
        venues = await reading.venues_by_id(session, [venue_id])
        halls = [v.hall_id for v in venues.values()]
        return BookingList(
            items=[BookingOut.of(b) for b in await reading.in_days(session, halls, first, days)]
        )


def _booking(router: APIRouter, org: OrgKit) -> None:
    desk = Desk(org)

    @router.post("", status_code=201)
    async def create(staff: Writer, session: Tx, once: Once, body: BookingIn) -> BookingOut:
        """Book: confirmed at once or waiting for approval; 409 with `alternatives` when it is taken."""
        ask = Ask(body.venue_id, body.start, body.end, body.title, booker_of(org, staff), body.people)

        async def work() -> BookingOut:
            return BookingOut.of(await book(session, org, ask, staff))

        if once.key is not None:  # key and booking must be committed together
            return await once(BookingOut, work)
        await hand_over(session)  # it only told who asks
        return BookingOut.of(await desk.book(ask, staff))


def _meant(org: OrgKit, staff: Staff, body: SeriesIn) -> series.Repeat:
    return series.Repeat(
        venue_id=body.venue_id, start=body.start, end=body.end, rule=body.rule, holidays=body.holidays,
        title=body.title, booker=booker_of(org, staff), people=body.people, left_out=frozenset(body.left_out),
        elsewhere=tuple((e.on, e.venue_id) for e in body.elsewhere),
    )  # fmt: skip


async def _shown(session: AsyncSession, series_id: UUID) -> SeriesOut:
    found = await series.get_series(session, series_id)
    return SeriesOut.of(found, await series.bookings_of(session, found))


async def _own(session: AsyncSession, series_id: UUID, staff: Staff) -> None:
    deciding.refuse_stranger(await series.get_series(session, series_id), staff)


def _series(router: APIRouter, org: OrgKit) -> None:
    @router.post("/series/preview")
    async def preview(staff: Reader, session: Tx, body: SeriesIn) -> PreviewList:
        """Every date of the rule: free, skipped, or why not and what instead."""
        seen = await series.preview(session, org, _meant(org, staff, body))
        return PreviewList(items=[PreviewOut.of(p) for p in seen])

    @router.post("/series", status_code=201)
    async def create(staff: Writer, session: Tx, once: Once, body: SeriesIn) -> SeriesOut:
        """Book every date that is wanted, or none: 409 with `dates` that cannot be had."""

        async def work() -> SeriesOut:
            made = await series.book_series(session, org, _meant(org, staff, body), staff)
            return await _shown(session, made.id)

        return await once(SeriesOut, work)

    @router.get("/series/{series_id}")
    async def read(_staff: Reader, session: Tx, series_id: UUID) -> SeriesOut:
        """A series with all its bookings."""
        return await _shown(session, series_id)

    @router.post("/series/{series_id}/out")
    async def take_out(staff: Writer, session: Tx, series_id: UUID, body: DatesOut) -> SeriesOut:
        """Dates that are not needed."""
        await _own(session, series_id, staff)
        await series.take_out(session, series_id, body.dates, body.reason, staff)
        return await _shown(session, series_id)

    @router.post("/series/{series_id}/back")
    async def put_back(staff: Writer, session: Tx, series_id: UUID, body: DateBack) -> SeriesOut:
        """A date is booked again, here or at another venue."""
        await _own(session, series_id, staff)
        await series.put_back(session, org, series_id, body.on, staff, body.venue_id)
        return await _shown(session, series_id)

    @router.post("/series/{series_id}/needed")
    async def needed(staff: Writer, session: Tx, series_id: UUID) -> SeriesOut:
        """It is still needed."""
        await _own(session, series_id, staff)
        await series.still_needed(session, series_id)
        return await _shown(session, series_id)


def _waiting(router: APIRouter, org: OrgKit) -> None:
    @router.post("/queue", status_code=201)
    async def queue(staff: Writer, session: Tx, body: BookingIn) -> WaiterOut:
        """A place on the waiting list for a time that is taken."""
        ask = Ask(body.venue_id, body.start, body.end, body.title, booker_of(org, staff), body.people)
        return WaiterOut.of(await using.queue(session, ask))

    @router.post("/queue/{waiter_id}/accept")
    async def accept(staff: Writer, session: Tx, waiter_id: UUID) -> BookingOut:
        """Take what was offered."""
        return BookingOut.of(await using.accept_offer(session, waiter_id, staff.id, staff))

    @router.post("/queue/{waiter_id}/leave", status_code=204)
    async def leave(staff: Writer, session: Tx, waiter_id: UUID) -> None:
        """Give the place up."""
        await using.leave_queue(session, waiter_id, staff.id, staff)


def _one(router: APIRouter, org: OrgKit) -> None:
    @router.get("/{booking_id}")
    async def read(_staff: Reader, session: Tx, booking_id: UUID) -> BookingDetail:
        """One booking with its history."""
        shown = BookingOut.of(await get_booking(session, booking_id))
        history = [ChangeOut.of(c) for c in await reading.history(session, booking_id)]
        return BookingDetail(**shown.model_dump(), history=history)

    @router.patch("/{booking_id}")
    async def edit(staff: Writer, session: Tx, booking_id: UUID, body: BookingEdit) -> BookingOut:
        """What it is for and how many come."""
        deciding.refuse_stranger(await get_booking(session, booking_id), staff)
        return BookingOut.of(
            await deciding.change(
                session, booking_id, title=body.title, people=body.people, version=body.version, actor=staff
            )
        )

    @router.post("/{booking_id}/move")
    async def move(staff: Writer, session: Tx, booking_id: UUID, body: BookingMove) -> BookingOut:
        """Another time, perhaps another venue; 409 leaves it as it is."""
        deciding.refuse_stranger(await get_booking(session, booking_id), staff)
        return BookingOut.of(
            await deciding.move(
                session, org, booking_id, start=body.start, end=body.end, venue_id=body.venue_id,
                version=body.version, actor=staff,
            )
        )  # fmt: skip

    @router.post("/{booking_id}/cancel")
    async def cancel(staff: Writer, session: Tx, booking_id: UUID, body: WhyNot) -> BookingOut:
        """The booking ends."""
        deciding.refuse_stranger(await get_booking(session, booking_id), staff)
        return BookingOut.of(await deciding.cancel(session, booking_id, body.reason, staff))

    @router.post("/{booking_id}/approve")
    async def approve(staff: Approver, session: Tx, booking_id: UUID) -> BookingOut:
        """A waiting booking takes effect."""
        return BookingOut.of(await deciding.approve(session, booking_id, staff))

    @router.post("/{booking_id}/refuse")
    async def refuse(staff: Approver, session: Tx, booking_id: UUID, body: Why) -> BookingOut:
        """A waiting booking is refused, with a reason."""
        return BookingOut.of(await deciding.refuse(session, booking_id, body.reason, staff))
