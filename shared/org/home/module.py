"""The desk as a service mounts it: the first page after signing in."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Reading
from shared.kit.module import Module
from shared.kit.pagination import CAP
from shared.kit.staff import Staff, require
from shared.kit.web import NavItem, render
from shared.org.home import reading
from shared.org.kit import OrgKit
from shared.org.members.tally import tally

Anybody = Annotated[Staff, Depends(require(reading=True))]


def home(org: OrgKit) -> Module:
    """What waits, today's figures, shortcuts."""
    return Module(
        name="home",
        title="工作台",
        pages=pages(org),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("home", "工作台", "/", "home"),),
    )


def pages(org: OrgKit) -> APIRouter:
    """The one route."""
    router = APIRouter()

    @router.get("/")
    async def desk(request: Request, session: Reading, staff: Anybody) -> Response:
        """The desk; who has no business permission sees where to go instead."""
        sees = staff.can("members.read")
        waiting = await _waiting(session, org, staff) if sees else {}
        return render(
            request,
            "home/index.html",
            sees=sees,
            terms=org.profile.terms,
            may_write=staff.can("members.write"),
            may_import=staff.can("imports.run"),
            cap=CAP,
            **waiting,
        )

    return router


async def _waiting(session: AsyncSession, org: OrgKit, staff: Staff) -> dict[str, Any]:
    scope = staff.scope_path
    there = await tally(session, scope)
    ageing, soon = await reading.ageing(session, org, scope)
    may_import, none = staff.can("imports.run"), reading.Waiting(0, ())
    return {
        "approvals": await reading.approvals(session, scope) if staff.can("bookings.approve") else none,
        "confirm": await reading.imports_waiting(session, scope) if may_import else none,
        "refused": await reading.imports_refused(session, scope) if may_import else none,
        "ageing": ageing,
        "born_to": reading.born_to(org),
        "soon": soon,
        "gaps": await reading.gaps(session, org, scope, there),
        "figures": await reading.figures(session, org, scope, there),
        "scope_name": staff.scope_name or org.name,
    }
