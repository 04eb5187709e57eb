"""Pages of bookings: week grid with its panel, one booking, one's own, what waits."""

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.calendar import HERE, Look, Span
from shared.kit.db import Reading, Tx
from shared.kit.errors import Invalid, NotFound, Problem, Refused
from shared.kit.staff import Staff, require
from shared.kit.types import Count, Day, FreeText200, OptionalDay, SearchText
from shared.kit.web import get_locale, render, see_other
from shared.kit.web import gettext as _
from shared.org.bookings import present, reading, series
from shared.org.bookings.booking_pages import booking_routes
from shared.org.bookings.feeds import feed_routes
from shared.org.bookings.other_pages import other_routes
from shared.org.bookings.panel import HOLIDAYS, REPEATS, Typed, ask_of, looked_at, repeat_of
from shared.org.bookings.service import book
from shared.org.bookings.states import STATUSES
from shared.org.bookings.use_pages import use_routes
from shared.org.kit import OrgKit
from shared.org.venues import Search, full_name, get_venue

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Looker = Annotated[Staff, Depends(require("bookings.read", reading=True))]
Writer = Annotated[Staff, Depends(require("bookings.write"))]
Words = Annotated[FreeText200, Form()]


def pages(org: OrgKit) -> APIRouter:
    """Routes below /venues."""
    router = APIRouter(prefix="/venues")
    _grid(router, org)
    _panel(router, org)
    _asking(router, org)
    _mine(router)
    booking_routes(router, org)
    use_routes(router, org)
    feed_routes(router, org)
    other_routes(router, org)
    return router


class At:
    """Addresses of the grid: the same view with something changed."""

    def __init__(self, **now: Any) -> None:
        self.now = now
        self.before_pick = self.to() + ("&" if any(now.values()) else "?")

    def to(self, **changed: Any) -> str:
        """The address with these values; empty ones are left out."""
        values = {k: v for k, v in (self.now | changed).items() if v}
        return f"/venues?{urlencode(values)}" if values else "/venues"

    def pick(self, venue: str, day: date, offer: Span) -> str:
        """The address that opens the panel for a free slot, as rows keep it: `before_pick` is left out."""
        opens, closes = _clock(offer.opens), _clock(min(offer.closes, offer.opens + 180))
        picked = f"venue={venue}&on={day}&opens={opens}&closes={closes}".replace(":", "%3A")
        return f"{HERE}{picked}#panel"  # hundreds on a page: what stands before is set in at the end

    def day(self, day: date) -> str:
        """The address of one day."""
        return self.to(view="day", day=day.isoformat())


def _grid(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def week(
        request: Request,
        session: Reading,
        staff: Looker,
        view: present.View = "week",
        day: Day | None = None,
        hall: UUID | None = None,
        district: Annotated[SearchText, Query()] = "",
        people: Annotated[Count, Query()] = 0,
        venue: UUID | None = None,
        on: Day | None = None,
        opens: Annotated[SearchText, Query()] = "",
        closes: Annotated[SearchText, Query()] = "",
    ) -> Response:
        """Venues and what stands in them; with a free slot picked the panel is open."""
        typed = Typed(venue, on, opens, closes) if venue and on else None
        where = Where(view, day or on or clock.today(), hall, district, people)
        return await show_grid(request, session, org, staff, where, typed)


class Where:
    """Which part of the grid is shown."""

    def __init__(self, view: present.View, day: date, hall: UUID | None, district: str, people: int) -> None:
        self.view, self.day, self.hall, self.district, self.people = view, day, hall, district, people

    @property
    def at(self) -> At:
        """Its address."""
        return At(view=self.view if self.view != "week" else "", day=self.day.isoformat(), hall=self.hall,
                  district=self.district, people=self.people)  # fmt: skip

    def beside(self, forwards: bool) -> date:
        """The day the next or previous view begins with."""
        first, number = present.first_day(self.view, self.day)
        return first + timedelta(days=number if forwards else -1)


async def show_grid(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    where: Where,
    typed: Typed | None,
    problem: Problem | None = None,
) -> Response:
    """The page, with a refusal beside the panel when there is one."""
    search = Search(district=where.district, people=where.people)
    selected = _selected(typed)
    look = _look(selected) if where.view != "month" else None
    shown = await present.grid(session, org, where.view, where.day, search, where.hall, look)
    venue = await get_venue(session, typed.venue) if typed else None
    hall = await get_venue(session, venue.hall_id) if venue else None
    previews = await _previews(session, org, staff, typed) if typed and not problem else []
    return render(
        request,
        "bookings/week.html",
        problem.status if problem else 200,
        grid=shown,
        where=where,
        at=where.at,
        typed=typed,
        venue=venue,
        venue_name=full_name(venue, hall) if venue else "",
        previews=previews,
        problem=problem,
        errors=problem.fields if problem else {},
        repeats=list(REPEATS.items()),
        holidays=list(HOLIDAYS.items()),
        may_book=staff.can("bookings.write"),
        selected=selected,
        profile=org.profile,
    )


def _selected(typed: Typed | None) -> str:
    """The free slot that is picked, as the grid calls it."""
    return f"{typed.venue}{typed.day.isoformat()}{_minutes(typed.opens)}" if typed and typed.day else ""


def _look(selected: str) -> Look:
    locale = get_locale()
    return lambda venue: (locale, selected if selected.startswith(venue) else "")


async def _previews(session: AsyncSession, org: OrgKit, staff: Staff, typed: Typed) -> list[series.Preview]:
    try:
        return await looked_at(session, org, staff, typed)
    except (Invalid, Refused, NotFound):
        return []


def _panel(router: APIRouter, org: OrgKit) -> None:
    @router.get("/check")
    async def check(
        request: Request,
        session: Tx,
        staff: Reader,
        venue: UUID,
        on: Annotated[OptionalDay, Query()] = None,
        opens: Annotated[SearchText, Query()] = "",
        closes: Annotated[SearchText, Query()] = "",
        people: Annotated[SearchText, Query()] = "",
        repeat: Annotated[SearchText, Query()] = "",
        times: Annotated[SearchText, Query()] = "",
        holidays: Annotated[SearchText, Query()] = "shift",
    ) -> Response:
        """The part of the panel that tells whether it can be had, while somebody types."""
        typed = Typed(venue, on, opens, closes, "", _number(people), repeat, _number(times), holidays)
        try:
            seen, problem = await looked_at(session, org, staff, typed), None
        except (Invalid, Refused, NotFound) as error:
            seen, problem = [], error
        return render(request, "bookings/check.html", previews=seen, problem=problem)


def _asking(router: APIRouter, org: OrgKit) -> None:
    @router.post("/book")
    async def make(
        request: Request,
        session: Tx,
        staff: Writer,
        venue: Annotated[UUID, Form()],
        on: Annotated[OptionalDay, Form()] = None,
        opens: Words = "",
        closes: Words = "",
        title: Words = "",
        people: Words = "",
        repeat: Words = "",
        times: Words = "",
        holidays: Words = "shift",
        left_out: Annotated[list[Day] | None, Form()] = None,
    ) -> Response:
        """Book once, or again and again; what cannot be had is told beside the panel."""
        typed = Typed(venue, on, opens, closes, title[:60], _number(people), repeat, _number(times), holidays,
                      tuple(left_out or ()))  # fmt: skip
        try:
            async with session.begin_nested():
                ask = ask_of(org, staff, typed)
                if typed.repeats:
                    made = await series.book_series(session, org, repeat_of(org, staff, typed), staff)
                    return see_other(f"/venues/series/{made.id}", _("系列预订已提交"))
                booking = await book(session, org, ask, staff)
        except (Invalid, Refused) as problem:
            where = Where("week", typed.day or clock.today(), None, "", 0)
            return await show_grid(request, session, org, staff, where, typed, problem)
        said = _("已提交，等待审批") if booking.status == "waiting" else _("预订已生效")
        return see_other(f"/venues/bookings/{booking.id}", said)


def _mine(router: APIRouter) -> None:
    @router.get("/mine")
    async def mine(request: Request, session: Tx, staff: Reader) -> Response:
        """One's own bookings, series and places on waiting lists."""
        own = await reading.of_staff(session, staff.id)
        waiting = await reading.own_places(session, staff.id)
        wanted = [*(b.venue_id for b in own), *(w.venue_id for w in waiting)]
        return render(
            request, "bookings/mine.html", bookings=own, series=await reading.own_series(session, staff.id),
            waiting=waiting, statuses=STATUSES, now_=clock.now(),
            venues=await reading.venues_by_id(session, wanted),
        )  # fmt: skip

    @router.get("/waiting")
    async def waiting(request: Request, session: Tx, staff: Reader) -> Response:
        """What somebody must decide."""
        found = await reading.waiting_for_approval(session, staff.scope_path)
        venues = await reading.venues_by_id(session, [b.venue_id for b in found])
        may = staff.can("bookings.approve")
        return render(request, "bookings/waiting.html", bookings=found, venues=venues, may_approve=may)


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def _minutes(text: str) -> int:
    hour, _colon, minute = text.partition(":")
    return int(hour) * 60 + int(minute) if hour.isdigit() and minute.isdigit() else -1


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
