"""The roll as a page: scope, filters, search, export."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.pii import mask_card, name_keys
from shared.kit.staff import Staff, require
from shared.kit.types import FreeText200, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.downloads import Download, as_download
from shared.kit.web.filters import number as thousands
from shared.kit.workbook import XLSX
from shared.org.kit import OrgKit
from shared.org.members.export import FULL, MOST, export
from shared.org.members.filters import address, chips, parameters, saved
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.listing import conditions, count_to, read_page
from shared.org.members.models import Member
from shared.org.members.schemas import Blank, RollPage, RollQuery
from shared.org.members.search import found_by, note_search, recall, remember
from shared.org.units import below, find_units, get_unit, tree_to

Reader = Annotated[Staff, Depends(require("members.read"))]
Writer = Annotated[Staff, Depends(require("members.write"))]
Exporter = Annotated[Staff, Depends(require("members.export"))]
Typed = Annotated[FreeText200, Form()]
Ids = Annotated[list[UUID], Form(max_length=1000)]
OptionalIds = Annotated[tuple[UUID, ...], Form(max_length=1000)]
PAGE = 50


def list_pages(org: OrgKit) -> APIRouter:
    """Routes below /members that are about many."""
    router = APIRouter(prefix="/members")
    _looking(router, org)
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


def _exporting(router: APIRouter, org: OrgKit) -> None:
    @router.get("/export/number")
    async def number(session: Tx, staff: Exporter, query: Annotated[RollQuery, Query()]) -> Response:
        """How many would be exported: counted when the dialog opens, for the list counts to its cap only."""
        people = await count_to(session, await _meant(session, org, staff, query), MOST + 1)
        said = _("共%(n)s人") if people <= MOST else _("超过%(n)s人，请按单位分别导出")
        return HTMLResponse(said % {"n": thousands(min(people, MOST))})

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
            where = await _meant(session, org, staff, query)
        file = await export(session, org, where, staff, sort=query.sort, full=full, reason=reason)
        name = f"{org.profile.terms.roll}{clock.today():%Y%m%d}.xlsx"
        return as_download(Download(name, XLSX, file))


async def _meant(
    session: AsyncSession, org: OrgKit, staff: Staff, query: RollQuery
) -> list[ColumnElement[bool]]:
    """All the list shows, on whatever page."""
    path = (await get_unit(session, query.unit, staff.scope_path)).path if query.unit else ""
    where = conditions(query.filters(path), staff.scope_path)
    if query.q:
        where.append(found_by(org, await recall(session, org, staff, query.q)))
    return where


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
