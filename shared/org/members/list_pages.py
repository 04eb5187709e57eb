"""The roll as a page: scope, filters, search, bulk work, export."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.errors import Invalid, NotFound, Problem, Refused
from shared.kit.pii import mask_card, name_keys
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other, translate
from shared.kit.web.downloads import Download, as_download
from shared.org.kit import OrgKit
from shared.org.members.export import FULL, export
from shared.org.members.filters import address, chips, parameters, saved
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.listing import conditions, order_of, read_page
from shared.org.members.models import Member
from shared.org.members.schemas import Blank, RollPage, RollQuery
from shared.org.members.search import found_by, note_search, recall, remember
from shared.org.members.service import leave_many, move_many
from shared.org.units import below, choose, find_units, get_unit, tree_to, units_by_id

Reader = Annotated[Staff, Depends(require("members.read"))]
Writer = Annotated[Staff, Depends(require("members.write"))]
Exporter = Annotated[Staff, Depends(require("members.export"))]
Typed = Annotated[FreeText200, Form()]
Ids = Annotated[list[UUID], Form(max_length=1000)]
OptionalIds = Annotated[tuple[UUID, ...], Form(max_length=1000)]
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 50


def list_pages(org: OrgKit) -> APIRouter:
    """Routes below /members that are about many."""
    router = APIRouter(prefix="/members")
    _looking(router, org)
    _bulk(router, org)
    _bulk_leaving(router, org)
    _exporting(router, org)
    return router


def _looking(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def show(
        request: Request, session: Tx, staff: Reader, query: Annotated[RollPage, Query()]
    ) -> Response:
        """One page of the roll."""
        unit = await get_unit(session, query.unit, staff.scope_path) if query.unit else None
        typed = await recall(session, org, staff, query.q) if query.q else ""
        where = conditions(query.filters(unit.path if unit else ""), staff.scope_path)
        if typed:
            where.append(found_by(org, typed))
        page = await read_page(session, org, where, sort=query.sort, after=query.after, size=PAGE)
        if typed:
            note_search(session, staff, page)
        return render(
            request,
            "members/list.html",
            root=await tree_to(session, org, staff.scope_path, unit),
            found=await find_units(session, query.find, staff.scope_path) if query.find else None,
            unit=unit,
            page=page,
            query=query,
            typed=typed,
            saved=saved(org, query),
            chips=chips(org, query),
            kept=parameters(query, find=None),
            clear_href=address(RollQuery(unit=query.unit)),
            link=lambda **changes: address(query, **changes),
            at=lambda cursor: _cursor_address(query, cursor),
            **_words(org, staff),
        )

    @router.post("/search")
    async def search(
        session: Tx,
        staff: Reader,
        q: Annotated[SearchText, Form()] = "",
        unit: Annotated[UUID | None, Form(), Blank] = None,
    ) -> Response:
        """Keep what was typed and go to the list that shows what it finds."""
        if not q.strip():
            return see_other(address(RollQuery(unit=unit)))
        query_id = await remember(session, org, staff, q.strip())
        return see_other(address(RollQuery(unit=unit, q=query_id, standing="all")))


def _bulk(router: APIRouter, org: OrgKit) -> None:
    @router.post("/bulk")
    async def bulk(
        request: Request,
        session: Tx,
        staff: Writer,
        ids: OptionalIds = (),
        do: Typed = "",
    ) -> Response:
        """What shall happen to the chosen people: asks for the particulars."""
        if do not in {"move", "leave"}:
            raise NotFound("没有这种操作")
        if not ids:
            return see_other("/members", _("请先选择人员"), "warn")
        return await _bulk_page(request, session, org, staff, do, list(ids))

    @router.post("/bulk/move")
    async def move(
        request: Request,
        session: Tx,
        staff: Writer,
        ids: Ids,
        unit_q: Typed = "",
        unit_id: Annotated[UUID | None, Form()] = None,
        reason: Typed = "",
    ) -> Response:
        """The chosen people go to another unit."""
        people = await _chosen(session, staff, ids)
        try:
            async with session.begin_nested():
                unit = await choose(session, staff.scope_path, unit_id, unit_q)
                moved = await move_many(session, org, people, unit.id, staff, reason, scope=staff.scope_path)
        except (Invalid, Refused) as problem:
            return await _bulk_page(
                request, session, org, staff, "move", ids, problem, {"unit_q": unit_q, "reason": reason}
            )
        text = _("%(n)s人已调整到“%(unit)s”") % {"n": len(moved), "unit": unit.name}
        return see_other(f"/members?unit={unit.id}", text)


def _bulk_leaving(router: APIRouter, org: OrgKit) -> None:
    @router.post("/bulk/leave")
    async def leave(
        request: Request,
        session: Tx,
        staff: Writer,
        ids: Ids,
        left_on: Annotated[Day, Form()],
        reason: Typed = "",
        other: Typed = "",
    ) -> Response:
        """The chosen people leave."""
        people = await _chosen(session, staff, ids)
        typed = {"left_on": left_on.isoformat(), "reason": reason, "other": other}
        try:
            async with session.begin_nested():
                gone = await leave_many(session, org, people, left_on, other.strip() or reason, staff)
        except (Invalid, Refused) as problem:
            return await _bulk_page(request, session, org, staff, "leave", ids, problem, typed)
        return see_other(
            "/members",
            _("%(n)s人已办理%(leave)s") % {"n": len(gone), "leave": translate(org.profile.terms.leave)},
        )


def _exporting(router: APIRouter, org: OrgKit) -> None:
    @router.post("/export")
    async def export_roll(
        session: Tx,
        staff: Exporter,
        query: Annotated[RollQuery, Query()],
        ids: OptionalIds = (),
        full: Annotated[bool, Form()] = False,
        reason: Typed = "",
    ) -> Response:
        """A workbook of the chosen people, or of all the list shows."""
        if ids:
            where = [below(Member.unit_path, staff.scope_path), Member.id.in_(ids)]
        else:
            path = (await get_unit(session, query.unit, staff.scope_path)).path if query.unit else ""
            where = conditions(query.filters(path), staff.scope_path)
            if query.q:
                where.append(found_by(org, await recall(session, org, staff, query.q)))
        file = await export(session, org, where, staff, sort=query.sort, full=full, reason=reason)
        name = f"{org.profile.terms.roll}{clock.today():%Y%m%d}.xlsx"
        return as_download(Download(name, SHEET, file))


async def _chosen(session: AsyncSession, staff: Staff, ids: list[UUID]) -> list[Member]:
    query = select(Member).where(Member.id.in_(ids), below(Member.unit_path, staff.scope_path))
    people = list(await session.scalars(query.order_by(*order_of("name"))))
    if len(people) != len(set(ids)):
        raise NotFound("有人不在您的管理范围内", hint="请返回名册重新选择。")
    return people


async def _bulk_page(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    do: str,
    ids: list[UUID],
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    people = await _chosen(session, staff, ids)
    unit_q = (typed or {}).get("unit_q", "")
    return render(
        request,
        "members/bulk.html",
        problem.status if problem else 200,
        do=do,
        people=people,
        units=await units_by_id(session, {m.unit_id for m in people}),
        problem=problem,
        errors=problem.fields if problem else {},
        typed={"left_on": clock.today().isoformat(), **(typed or {})},
        options=await find_units(session, unit_q, staff.scope_path, 12) if unit_q else [],
        reason_options=[(text, text) for text in org.policy.leave_reasons],
        terms=org.profile.terms,
    )


def _cursor_address(query: RollQuery, cursor: str | None) -> str:
    if cursor is None:
        return ""
    here = address(query)
    return f"{here}{'&' if '?' in here else '?'}after={cursor}"


def _words(org: OrgKit, staff: Staff) -> dict[str, Any]:
    """What the templates need to speak the organisation's language."""
    return {
        "terms": org.profile.terms,
        "kind_options": [(kind.code, kind.title) for kind in org.policy.kinds],
        "yes_no": [("true", _("有")), ("false", _("无"))],
        "standings": org.policy.standings,
        "kind_title": lambda code: kind_of(org, code).title,
        "standing_title": lambda member: standing_title(org, member.standing, member.kind),
        "spoken": lambda name: name_keys(name).spoken,
        "mask_card": lambda number: mask_card(number) if number else "",
        "may_write": staff.can("members.write"),
        "may_found": staff.can("units.write"),
        "may_import": staff.can("imports.run"),
        "may_export": staff.can("members.export"),
        "may_export_full": staff.can(FULL),
    }
