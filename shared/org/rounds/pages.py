"""Pages of rounds: one's own and those of others, wishes, the owner's steps, the published result."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.joint.rounds import titles
from shared.joint.rounds.forms import Words, meant_wish
from shared.joint.rounds.forms import wish as wish_form
from shared.joint.rounds.pages import shown
from shared.joint.rounds.result_file import result_file
from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.errors import Invalid, NotFound, Problem, Refused
from shared.kit.staff import Staff, require
from shared.kit.types import Int64, OptionalDay, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.downloads import as_download
from shared.org.kit import OrgKit
from shared.org.rounds import drawing, forms, service
from shared.org.rounds.others import ask_all, side_of
from shared.org.rounds.reading import lines, state_for
from shared.org.venues import Search, full_name, halls_of, list_venues

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Wisher = Annotated[Staff, Depends(require("bookings.write"))]
Keeper = Annotated[Staff, Depends(require("venues.write"))]
Approver = Annotated[Staff, Depends(require("bookings.approve"))]
Version = Annotated[Int64, Form()]


def pages(org: OrgKit) -> APIRouter:
    """Routes below /venues/rounds."""
    router = APIRouter(prefix="/venues/rounds")
    _looking(router, org)
    _opening(router)
    _wishing(router, org)
    _steps(router, org)
    _ending(router, org)
    return router


def _looking(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def show_list(request: Request, session: Tx, staff: Reader) -> Response:
        """Rounds of this organisation and of the others."""
        others, problem = await ask_all(org)
        own = await lines(session, org)
        return render(
            request, "rounds/list.html", own=own, others=others, problem=problem,
            titles=titles, may_open=staff.can("venues.write"), now_=clock.now(),
        )  # fmt: skip

    @router.get("/{round_id:uuid}")
    async def show(request: Request, session: Tx, staff: Reader, round_id: UUID) -> Response:
        """One round."""
        return await _page(request, session, org, staff, round_id)

    @router.get("/{round_id:uuid}/result.xlsx")
    async def result(session: Tx, staff: Reader, round_id: UUID) -> Response:
        """The published result as a file."""
        season = await service.get_round(session, round_id)
        state = await state_for(session, org, season, org.profile.code)
        return as_download(await result_file(session, org.kit, state, staff))


def _opening(router: APIRouter) -> None:
    @router.get("/new")
    async def empty(request: Request, session: Tx, _staff: Keeper) -> Response:
        """The empty form."""
        return await _form(request, session, {**forms.BLANK})

    @router.post("/new")
    async def create(
        request: Request,
        session: Tx,
        staff: Keeper,
        typed: Annotated[dict[str, Any], Depends(forms.new_round)],
    ) -> Response:
        """Open a round."""
        try:
            async with session.begin_nested():
                made = await service.open_round(session, forms.meant(typed), staff)
        except (Invalid, Refused, NotFound) as problem:
            return await _form(request, session, typed, problem)
        return see_other(f"/venues/rounds/{made.id}", _("轮次已发布，各组织现在可以填报"))


def _wishing(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{round_id:uuid}/wishes")
    async def enter(
        request: Request,
        session: Tx,
        staff: Wisher,
        round_id: UUID,
        typed: Annotated[dict[str, str], Depends(wish_form)],
    ) -> Response:
        """Enter a wish."""
        try:
            async with session.begin_nested():
                booker = side_of(org).booker(staff)
                await service.wish(session, org, round_id, meant_wish(typed), booker, staff)
        except (Invalid, Refused) as problem:
            return await _page(request, session, org, staff, round_id, problem, typed)
        return see_other(f"/venues/rounds/{round_id}", _("已填报"))

    @router.post("/{round_id:uuid}/wishes/{wish_id:uuid}/withdraw")
    async def withdraw(session: Tx, staff: Wisher, round_id: UUID, wish_id: UUID) -> Response:
        """Take it back."""
        booker = side_of(org).booker(staff)
        await service.withdraw(session, round_id, wish_id, booker, staff)
        return see_other(f"/venues/rounds/{round_id}", _("已撤回"))


def _steps(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{round_id:uuid}/draw")
    async def draw(
        request: Request, session: Tx, staff: Keeper, round_id: UUID, version: Version
    ) -> Response:
        """Who would get what, for the owner to look at."""
        try:
            async with session.begin_nested():
                await drawing.draw_round(session, org, round_id, version, staff)
        except Refused as problem:
            return await _page(request, session, org, staff, round_id, problem)
        return see_other(f"/venues/rounds/{round_id}", _("已分配，请核对后确认"))

    @router.post("/{round_id:uuid}/confirm")
    async def confirm(staff: Approver, round_id: UUID, version: Version) -> Response:
        """Bookings of all that was given, and the result for everybody."""
        await drawing.confirm(org, round_id, version, staff)
        return see_other(f"/venues/rounds/{round_id}", _("已预订，结果已公布"))


def _ending(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{round_id:uuid}/undo")
    async def undo(
        request: Request,
        session: Tx,
        staff: Keeper,
        round_id: UUID,
        version: Version,
        reason: Words = "",
        closes_on: Annotated[OptionalDay, Form()] = None,
        closes_at: Annotated[SearchText, Form()] = "",
    ) -> Response:
        """Back to entering wishes, until another deadline."""
        try:
            async with session.begin_nested():
                until, why = forms.undoing(closes_on, closes_at, reason)
                await drawing.undo(session, round_id, version, until, why, staff)
        except (Invalid, Refused) as problem:
            ending = {"step": "undo", "reason": reason, "closes_on": closes_on or "", "closes_at": closes_at}
            return await _page(request, session, org, staff, round_id, problem, ending=ending)
        return see_other(f"/venues/rounds/{round_id}", _("已撤销分配，可以继续填报"))

    @router.post("/{round_id:uuid}/cancel")
    async def cancel(
        request: Request,
        session: Tx,
        staff: Keeper,
        round_id: UUID,
        version: Version,
        reason: Words = "",
    ) -> Response:
        """No drawing takes place."""
        try:
            async with session.begin_nested():
                await service.cancel(session, round_id, version, forms.why(reason), staff)
        except (Invalid, Refused) as problem:
            ending = {"step": "cancel", "reason": reason}
            return await _page(request, session, org, staff, round_id, problem, ending=ending)
        return see_other(f"/venues/rounds/{round_id}", _("轮次已取消"))


async def _page(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    round_id: UUID,
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
    ending: dict[str, Any] | None = None,
) -> Response:
    season = await service.get_round(session, round_id)
    await session.refresh(season)
    state = await state_for(session, org, season, org.profile.code)
    return render(
        request, "rounds/show.html", problem.status if problem else 200, version=season.version,
        problem=problem, ending=ending or {},
        keeper=staff.can("venues.write"), approver=staff.can("bookings.approve"),
        **shown(state, side_of(org), staff, f"/venues/rounds/{round_id}", typed),
    )  # fmt: skip


async def _form(
    request: Request, session: AsyncSession, typed: dict[str, Any], problem: Problem | None = None
) -> Response:
    venues = await list_venues(session, Search())
    halls = await halls_of(session, venues)
    return render(
        request, "rounds/new.html", problem.status if problem else 200, typed=typed, problem=problem,
        errors=problem.fields if problem else {},
        venues=[(v.id, full_name(v, halls.get(v.hall_id))) for v in venues],
    )  # fmt: skip
