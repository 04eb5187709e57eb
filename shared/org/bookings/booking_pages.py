"""Pages of one booking and of one series: history, moving, deciding, dates out and back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import CHINA
from shared.kit.db import Tx
from shared.kit.errors import Invalid, Problem, Refused, Stale
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200, Int64, OptionalDay
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.overtaken import overtaken
from shared.org.bookings import deciding, reading, series
from shared.org.bookings.panel import Typed, moments
from shared.org.bookings.rules import occurrences
from shared.org.bookings.service import get_booking
from shared.org.bookings.states import FACTS, STATUSES
from shared.org.kit import OrgKit
from shared.org.venues import get_venue

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Writer = Annotated[Staff, Depends(require("bookings.write"))]
Approver = Annotated[Staff, Depends(require("bookings.approve"))]
Words = Annotated[FreeText200, Form()]


@dataclass(frozen=True)
class Refusal:
    """Which step (`move`, `cancel`, `refuse`) will not do, why, and what was typed for it."""

    step: str
    problem: Problem
    typed: Typed | None = None
    reason: str = ""


def booking_routes(router: APIRouter, org: OrgKit) -> None:
    """Routes below /venues/bookings and /venues/series."""
    _booking(router, org)
    _deciding(router)
    _series(router, org)


def _booking(router: APIRouter, org: OrgKit) -> None:
    @router.get("/bookings/{booking_id}")
    async def show(request: Request, session: Tx, staff: Reader, booking_id: UUID) -> Response:
        """One booking with its history."""
        return await _page(request, session, staff, booking_id)

    @router.post("/bookings/{booking_id}/move")
    async def move(
        request: Request,
        session: Tx,
        staff: Writer,
        booking_id: UUID,
        version: Annotated[Int64, Form()],
        on: Annotated[OptionalDay, Form()] = None,
        opens: Words = "",
        closes: Words = "",
    ) -> Response:
        """Another time of the same venue."""
        booking = await get_booking(session, booking_id)
        deciding.refuse_stranger(booking, staff)
        typed = Typed(booking.venue_id, on, opens, closes)
        try:
            async with session.begin_nested():
                start, end = moments(typed)
                await deciding.move(
                    session, org, booking_id, start=start, end=end, version=version, actor=staff
                )
        except (Invalid, Refused) as problem:
            return await _page(request, session, staff, booking_id, Refusal("move", problem, typed))
        return see_other(f"/venues/bookings/{booking_id}", _("已改期"))

    @router.post("/bookings/{booking_id}/cancel")
    async def cancel(
        request: Request, session: Tx, staff: Writer, booking_id: UUID, reason: Words = ""
    ) -> Response:
        """The booking ends."""
        deciding.refuse_stranger(await get_booking(session, booking_id), staff)
        try:
            async with session.begin_nested():
                await deciding.cancel(session, booking_id, reason, staff)
        except (Invalid, Refused) as problem:
            return await _page(request, session, staff, booking_id, Refusal("cancel", problem, reason=reason))
        return see_other(f"/venues/bookings/{booking_id}", _("已取消"))


def _deciding(router: APIRouter) -> None:
    @router.post("/bookings/{booking_id}/approve")
    async def approve(session: Tx, staff: Approver, booking_id: UUID) -> Response:
        """A waiting booking takes effect."""
        await deciding.approve(session, booking_id, staff)
        return see_other("/venues/waiting", _("已批准"))

    @router.post("/bookings/{booking_id}/refuse")
    async def refuse(
        request: Request, session: Tx, staff: Approver, booking_id: UUID, reason: Words = ""
    ) -> Response:
        """A waiting booking is refused with a reason."""
        try:
            async with session.begin_nested():
                await deciding.refuse(session, booking_id, reason, staff)
        except (Invalid, Refused) as problem:
            return await _page(request, session, staff, booking_id, Refusal("refuse", problem, reason=reason))
        return see_other("/venues/waiting", _("已拒绝"))


def _series(router: APIRouter, org: OrgKit) -> None:
    @router.get("/series/{series_id}")
    async def show(request: Request, session: Tx, staff: Reader, series_id: UUID) -> Response:
        """A series, date by date."""
        found = await series.get_series(session, series_id)
        made = {b.series_on: b for b in await series.bookings_of(session, found)}
        all_ = occurrences(found.rule, found.starts_at, found.ends_at, series.holidays_of(found))
        venues = await reading.venues_by_id(session, [found.venue_id, *(b.venue_id for b in made.values())])
        return render(
            request, "bookings/series.html", series=found, venues=venues,
            dates=[(o, made.get(o.on)) for o in all_],
            statuses=STATUSES, may=staff.can("bookings.write") and deciding.may_change(found, staff),
        )  # fmt: skip

    @router.post("/series/{series_id}/out")
    async def take_out(session: Tx, staff: Writer, series_id: UUID, on: Annotated[Day, Form()]) -> Response:
        """A date is not needed."""
        deciding.refuse_stranger(await series.get_series(session, series_id), staff)
        await series.take_out(session, series_id, [on], "", staff)
        return see_other(f"/venues/series/{series_id}", _("已去掉这一次"))

    @router.post("/series/{series_id}/back")
    async def put_back(session: Tx, staff: Writer, series_id: UUID, on: Annotated[Day, Form()]) -> Response:
        """A date is booked again."""
        deciding.refuse_stranger(await series.get_series(session, series_id), staff)
        await series.put_back(session, org, series_id, on, staff)
        return see_other(f"/venues/series/{series_id}", _("已恢复这一次"))

    @router.post("/series/{series_id}/needed")
    async def needed(session: Tx, staff: Writer, series_id: UUID) -> Response:
        """It is still needed."""
        deciding.refuse_stranger(await series.get_series(session, series_id), staff)
        await series.still_needed(session, series_id)
        return see_other(f"/venues/series/{series_id}", _("已确认仍需使用"))


async def _page(
    request: Request, session: AsyncSession, staff: Staff, booking_id: UUID, refused: Refusal | None = None
) -> Response:
    problem = refused.problem if refused else None
    booking = await get_booking(session, booking_id)
    start, end = booking.start.astimezone(CHINA), booking.end.astimezone(CHINA)
    changes = await reading.history(session, booking_id)
    stands = booking.status in ("held", "waiting", "confirmed")
    lines = [
        _Line(c.at, f"{FACTS.get(c.fact, c.fact)}", " ".join(filter(None, (c.actor, c.reason))))
        for c in changes
    ]
    now = Typed(booking.venue_id, start.date(), f"{start:%H:%M}", f"{end:%H:%M}")
    typed = (refused and refused.typed) or now
    if isinstance(problem, Stale):
        problem.fields |= overtaken(vars(now), vars(typed), {})
    return render(
        request,
        "bookings/booking.html",
        problem.status if problem else 200,
        booking=booking,
        venue=await get_venue(session, booking.venue_id),
        lines=lines,
        status=STATUSES[booking.status],
        may=stands and staff.can("bookings.write") and deciding.may_change(booking, staff),
        may_approve=booking.status == "waiting" and staff.can("bookings.approve"),
        problem=problem,
        refused=refused,
        conflict=isinstance(problem, Stale),
        typed=typed,
    )


class _Line:
    """One entry of the history as the page shows it."""

    kind = ""

    def __init__(self, at: datetime, text: str, detail: str) -> None:
        self.at, self.text, self.detail = at, text, detail
