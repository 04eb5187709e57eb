"""Pages of the registry: list, one venue, its form."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Reading, Tx
from shared.kit.errors import Invalid, Problem, Refused, Stale
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200, Int64, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.overtaken import overtaken
from shared.org.kit import OrgKit
from shared.org.naming import HUB
from shared.org.past import LATEST, past_of
from shared.org.units import choose, find_units
from shared.org.venues import dated, forms, service, titles
from shared.org.venues.models import Venue
from shared.org.venues.photo_pages import photo_routes
from shared.org.venues.reading import (
    Search,
    districts_of,
    get_venue,
    halls_of,
    list_venues,
    managed,
    sharing_of,
)
from shared.org.venues.schemas import NewVenue
from shared.org.venues.showing import Shown, kinds_of

Reader = Annotated[Staff, Depends(require("venues.read"))]
Looker = Annotated[Staff, Depends(require("venues.read", reading=True))]
Writer = Annotated[Staff, Depends(require("venues.write"))]
Typed = Annotated[FreeText200, Form()]
Version = Annotated[Int64, Form()]


def pages(org: OrgKit) -> APIRouter:
    """Routes below /venues."""
    router = APIRouter(prefix="/venues")
    shown = Shown(org)
    _looking(router, org, shown)
    _writing(router, org, shown)
    _changing(router, org, shown)
    _steps(router, org, shown)
    _closing(router, org, shown)
    photo_routes(router, shown)
    return router


def _looking(router: APIRouter, org: OrgKit, shown: Shown) -> None:
    @router.get("/list")
    async def show_list(
        request: Request,
        session: Reading,
        staff: Looker,
        q: Annotated[SearchText, Query()] = "",
        kind: Annotated[SearchText, Query()] = "",
        district: Annotated[SearchText, Query()] = "",
        closed: bool = False,
    ) -> Response:
        """All venues of the organisation that fit."""
        found = await list_venues(session, Search(text=q, kind=kind, district=district, closed=closed))
        return render(
            request,
            "venues/list.html",
            venues=found,
            halls=await halls_of(session, found),
            kinds=kinds_of(org),
            levels=titles.LEVELS,
            districts=await districts_of(session),
            q=q,
            kind=kind,
            district=district,
            closed=closed,
            may_write=staff.can("venues.write"),
            sharing_of=sharing_of,
            shares=titles.SHARES,
            approvals=titles.APPROVALS,
        )

    @router.get("/{venue_id:uuid}")
    async def show(request: Request, session: Tx, staff: Reader, venue_id: UUID) -> Response:
        """One venue with its hours, rule and station's facts."""
        return await shown.page(request, session, staff, await get_venue(session, venue_id))


def _writing(router: APIRouter, org: OrgKit, shown: Shown) -> None:
    @router.get("/new")
    async def empty(request: Request, session: Tx, staff: Writer, hall: UUID | None = None) -> Response:
        """The empty form, or that of a new part of a hall."""
        return await _form(request, session, org, shown, staff, forms.blank(), hall_id=hall)

    @router.post("/new")
    async def create(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_q: Typed = "",
        unit_id: Annotated[UUID | None, Form()] = None,
        hall: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        """List a venue."""
        typed = forms.typed_in(await request.form())
        try:
            async with session.begin_nested():
                given = forms.meant(typed)
                home = (await managed(session, hall, staff.scope_path)).unit_id if hall else None
                unit = home or (await choose(session, staff.scope_path, unit_id, unit_q)).id
                new = NewVenue(**given.model_dump(), unit_id=unit, hall_id=hall)
                venue = await service.create_venue(session, org, new, actor=staff, scope=staff.scope_path)
        except (Invalid, Refused) as problem:
            return await _form(
                request, session, org, shown, staff, typed, hall_id=hall, problem=problem, unit_q=unit_q
            )
        return see_other(f"/venues/{venue.id}", _("已登记“%(name)s”") % {"name": venue.name})


def _changing(router: APIRouter, org: OrgKit, shown: Shown) -> None:
    @router.get("/{venue_id:uuid}/edit")
    async def edit(request: Request, session: Tx, staff: Writer, venue_id: UUID) -> Response:
        """The form of a known venue."""
        venue = await managed(session, venue_id, staff.scope_path)
        return await _form(request, session, org, shown, staff, forms.shown(venue), venue=venue)

    @router.post("/{venue_id:uuid}/edit")
    async def change(
        request: Request, session: Tx, staff: Writer, venue_id: UUID, version: Version
    ) -> Response:
        """Everything of it anew."""
        venue = await managed(session, venue_id, staff.scope_path)
        typed = forms.typed_in(await request.form())
        try:
            async with session.begin_nested():
                await service.change_venue(
                    session,
                    org,
                    venue_id,
                    forms.meant(typed, venue),
                    version=version,
                    actor=staff,
                    scope=staff.scope_path,
                )
        except (Invalid, Refused) as problem:
            return await _form(request, session, org, shown, staff, typed, venue=venue, problem=problem)
        return see_other(f"/venues/{venue_id}", _("已保存"))


def _steps(router: APIRouter, org: OrgKit, shown: Shown) -> None:
    @router.post("/{venue_id:uuid}/hours")
    async def hours(
        request: Request,
        session: Tx,
        staff: Writer,
        venue_id: UUID,
        version: Version,
        first: Typed = "",
        last: Typed = "",
        spans: Typed = "",
        reason: Typed = "",
    ) -> Response:
        """Other hours, or none, for some days."""
        typed = {"first": first, "last": last, "spans": spans, "reason": reason}
        try:
            async with session.begin_nested():
                exception = forms.dated_hours(typed)
                await dated.except_days(
                    session, org, venue_id, exception, version=version, actor=staff, scope=staff.scope_path
                )
        except (Invalid, Refused) as problem:
            return await shown.again(request, session, staff, venue_id, problem, "hours", typed)
        return see_other(f"/venues/{venue_id}", _("已调整开放日"))

    @router.post("/{venue_id:uuid}/hours/usual")
    async def usual(
        request: Request,
        session: Tx,
        staff: Writer,
        venue_id: UUID,
        version: Version,
        first: Annotated[Day, Form()],
    ) -> Response:
        """Those days are as usual again."""
        try:
            async with session.begin_nested():
                await dated.usual_days(
                    session, org, venue_id, first, version=version, actor=staff, scope=staff.scope_path
                )
        except (Invalid, Refused) as problem:
            return await shown.again(request, session, staff, venue_id, problem, "hours", {})
        return see_other(f"/venues/{venue_id}", _("已恢复平常的开放时间"))

    @router.post("/{venue_id:uuid}/inspection")
    async def inspect(
        request: Request, session: Tx, staff: Writer, venue_id: UUID, version: Version, note: Typed = ""
    ) -> Response:
        """Which of the seven the station has."""
        ticked = {str(v) for v in (await request.form()).getlist("found")}
        found = {code: code in ticked for code in titles.HAVES}
        try:
            async with session.begin_nested():
                await service.inspect_venue(
                    session, org, venue_id, found, note, version=version, actor=staff, scope=staff.scope_path
                )
        except (Invalid, Refused) as problem:
            typed = {"found": ticked, "note": note}
            return await shown.again(request, session, staff, venue_id, problem, "inspection", typed)
        return see_other(f"/venues/{venue_id}", _("已记录检查结果"))


def _closing(router: APIRouter, org: OrgKit, shown: Shown) -> None:
    @router.post("/{venue_id:uuid}/close")
    async def close(
        request: Request, session: Tx, staff: Writer, venue_id: UUID, version: Version, reason: Typed = ""
    ) -> Response:
        """No more bookings."""
        try:
            async with session.begin_nested():
                if not reason:
                    raise Invalid("请写明停用的原因", fields={"reason": "请写明停用的原因"})
                await service.close_venue(
                    session,
                    org,
                    venue_id,
                    version=version,
                    reason=reason,
                    actor=staff,
                    scope=staff.scope_path,
                )
        except (Invalid, Refused) as problem:
            return await shown.again(request, session, staff, venue_id, problem, "close", {"reason": reason})
        return see_other("/venues/list", _("已停用"))


async def _form(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    shown: Shown,
    staff: Staff,
    typed: dict[str, Any],
    *,
    venue: Venue | None = None,
    hall_id: UUID | None = None,
    problem: Problem | None = None,
    unit_q: str = "",
) -> Response:
    hall = await managed(session, hall_id, staff.scope_path) if hall_id else None
    kinds, orgs, latest = kinds_of(org), await shown.to_choose(typed), []
    if venue and isinstance(problem, Stale):
        await session.refresh(venue)
        problem.fields |= overtaken(forms.shown(venue), typed, titles.choices(kinds, orgs))
        latest = await past_of(session, "venue", venue.id, LATEST)
    return render(
        request,
        "venues/form.html",
        problem.status if problem else 200,
        venue=venue,
        hall=hall,
        typed=typed,
        problem=problem,
        errors=problem.fields if problem else {},
        unit_q=unit_q,
        options=await find_units(session, unit_q, staff.scope_path) if unit_q else [],
        conflict=isinstance(problem, Stale),
        latest=latest,
        kinds=list(kinds.items()),
        orgs=orgs,
        own=org.profile.code,
        hub=HUB,
        words=titles,
    )
