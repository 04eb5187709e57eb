"""Pages of rooms in use: door display, check-in by QR, a day's sheet, waiting list, how much is used."""

import io
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from markupsafe import Markup

from shared.kit import clock
from shared.kit.calendar import open_spans
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200, OptionalDay
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.org.bookings import reading, using
from shared.org.bookings.panel import Typed, ask_of
from shared.org.bookings.utilisation import month_of, utilisation
from shared.org.kit import OrgKit
from shared.org.venues import full_name, get_venue, opening_of

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Writer = Annotated[Staff, Depends(require("bookings.write"))]
Words = Annotated[FreeText200, Form()]


def use_routes(router: APIRouter, org: OrgKit) -> None:
    """Routes below /venues."""
    _door(router, org)
    _queue(router, org)

    @router.get("/use")
    async def use(request: Request, session: Tx, _staff: Reader, day: Day | None = None) -> Response:
        """How much each venue was used in a month, and by whom."""
        first, following = month_of(day or clock.today())
        found = await utilisation(session, first, following)
        return render(request, "bookings/use.html", rows=found, first=first)


def _door(router: APIRouter, org: OrgKit) -> None:
    @router.get("/{venue_id:uuid}/door")
    async def door(request: Request, session: Tx, _staff: Reader, venue_id: UUID) -> Response:
        """For a tablet at the door: what is on, what comes next, the code to check in."""
        venue = await get_venue(session, venue_id)
        today = await reading.in_days(session, [venue.hall_id], clock.today(), 1)
        now = clock.now()
        on = next((b for b in today if b.start <= now < b.end), None)
        link = f"{org.kit.settings.base_url}/venues/{venue_id}/checkin"
        return render(
            request, "bookings/door.html", venue=venue,
            name=full_name(venue, await get_venue(session, venue.hall_id)),
            on=on, coming=[b for b in today if b.start > now][:4], qr=qr(link), link=link,
        )  # fmt: skip

    @router.get("/{venue_id:uuid}/sheet")
    async def sheet(
        request: Request, session: Tx, _staff: Reader, venue_id: UUID, day: Day | None = None
    ) -> Response:
        """A day's bookings, to be printed."""
        venue, on = await get_venue(session, venue_id), day or clock.today()
        found = await reading.in_days(session, [venue.hall_id], on, 1)
        opened = open_spans(opening_of(venue), on)
        return render(request, "bookings/sheet.html", venue=venue, day=on, bookings=found, opened=opened)

    @router.get("/{venue_id:uuid}/checkin")
    async def ask(request: Request, session: Tx, _staff: Writer, venue_id: UUID) -> Response:
        """Where the code at the door leads."""
        venue = await get_venue(session, venue_id)
        return render(request, "bookings/checkin.html", venue=venue)

    @router.post("/{venue_id:uuid}/checkin")
    async def check_in(session: Tx, staff: Writer, venue_id: UUID) -> Response:
        """Somebody is there."""
        booking = await using.check_in(session, venue_id, staff)
        return see_other(f"/venues/bookings/{booking.id}", _("已签到"))


def _queue(router: APIRouter, org: OrgKit) -> None:
    @router.post("/queue")
    async def queue(
        session: Tx,
        staff: Writer,
        venue: Annotated[UUID, Form()],
        on: Annotated[OptionalDay, Form()] = None,
        opens: Words = "",
        closes: Words = "",
        title: Words = "",
    ) -> Response:
        """A place on the waiting list."""
        await using.queue(session, ask_of(org, staff, Typed(venue, on, opens, closes, title[:60])))
        return see_other("/venues/mine", _("已加入候补，到位后会暂留给您"))

    @router.post("/queue/{waiter_id}/accept")
    async def accept(session: Tx, staff: Writer, waiter_id: UUID) -> Response:
        """Take what was offered."""
        booking = await using.accept_offer(session, waiter_id, staff.id, staff)
        return see_other(f"/venues/bookings/{booking.id}", _("预订已生效"))

    @router.post("/queue/{waiter_id}/leave")
    async def leave(session: Tx, staff: Writer, waiter_id: UUID) -> Response:
        """Give the place up."""
        await using.leave_queue(session, waiter_id, staff.id, staff)
        return see_other("/venues/mine", _("已放弃候补"))


def qr(link: str) -> Markup:
    """The code as inline SVG."""
    out = io.BytesIO()
    segno.make(link, error="m").save(out, kind="svg", xmldecl=False, svgns=False, scale=4, border=2)
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn here from our own address
