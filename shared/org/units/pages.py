"""Pages of the unit tree."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Reading, Tx
from shared.kit.errors import Invalid, Problem, Refused, Stale
from shared.kit.staff import Staff, require
from shared.kit.types import FreeText200, Int64, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.overtaken import overtaken
from shared.org.kit import OrgKit
from shared.org.past import past_of
from shared.org.units import closing, founding, service
from shared.org.units.models import Unit
from shared.org.units.reading import ancestors_of, children_of, closed_below, find_units, get_unit, top_of
from shared.org.units.rules import LONGEST_NAME
from shared.org.units.tree import people_in, tree_to

Reader = Annotated[Staff, Depends(require("units.read"))]
Looker = Annotated[Staff, Depends(require("units.read", reading=True))]
Writer = Annotated[Staff, Depends(require("units.write"))]
Typed = Annotated[FreeText200, Form()]
OPTIONS = 12
Led = tuple[UUID | None, str]
"""The unit to show next, and what is said there."""
Act = Callable[[], Awaitable[Led]]


def pages(org: OrgKit) -> APIRouter:
    """Routes below /units."""
    router = APIRouter(prefix="/units")
    _looking(router, org)
    _founding(router, org)
    _changing(router, org)
    _moving(router, org)
    _closing(router, org)
    _reopening(router, org)
    return router


def _looking(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def show(
        request: Request,
        session: Reading,
        staff: Looker,
        at: UUID | None = None,
        q: Annotated[SearchText, Query()] = "",
    ) -> Response:
        """The tree with one unit open, or what was found by name."""
        unit = await get_unit(session, at, staff.scope_path) if at else None
        return await _page(request, session, org, staff, unit, q=q)

    @router.get("/options")
    async def options(
        request: Request,
        session: Tx,
        staff: Reader,
        unit_q: Annotated[SearchText, Query()] = "",
        without: UUID | None = None,
    ) -> Response:
        """The part with units to choose from, as a form asks for it while somebody types."""
        leave = await get_unit(session, without, staff.scope_path) if without else None
        found = await find_units(session, unit_q, staff.scope_path, OPTIONS, leave)
        return render(request, "parts/places.html", name="unit_id", options=found, chosen=None, typed=unit_q)


def _founding(router: APIRouter, org: OrgKit) -> None:
    @router.post("/top")
    async def found_top(session: Tx, staff: Writer) -> Response:
        """The first unit of an empty tree."""
        top = await founding.ensure_top_unit(session, org, staff)
        return see_other(f"/units?at={top.id}", _("已建立“%(name)s”") % {"name": top.name})

    @router.post("/{unit_id}/units")
    async def create(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_id: UUID,
        name: Typed = "",
        kind: Typed = "",
        district: Typed = "",
    ) -> Response:
        """A unit below this one."""

        async def act() -> Led:
            unit = await founding.create_unit(
                session, org, parent_id=unit_id, name=name, kind=kind, district=district.strip() or None,
                actor=staff, scope=staff.scope_path,
            )  # fmt: skip
            return unit.parent_id, _("已建立“%(name)s”") % {"name": unit.name}

        typed = {"name": name, "kind": kind, "district": district}
        return await _done(request, session, org, staff, unit_id, act, "create", typed)


def _changing(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{unit_id}/rename")
    async def rename(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_id: UUID,
        version: Annotated[Int64, Form()],
        name: Typed = "",
    ) -> Response:
        """Another name."""

        async def act() -> Led:
            await service.rename_unit(
                session, org, unit_id, name, version=version, actor=staff, scope=staff.scope_path
            )
            return unit_id, _("已更名")

        return await _done(request, session, org, staff, unit_id, act, "rename", {"name": name})


def _moving(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{unit_id}/move")
    async def move(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_id: UUID,
        version: Annotated[Int64, Form()],
        unit_q: Typed = "",
        to: Annotated[UUID | None, Form(alias="unit_id")] = None,
        reason: Typed = "",
    ) -> Response:
        """Another place in the tree."""

        async def act() -> Led:
            target = await choose(session, staff.scope_path, to, unit_q)
            await service.move_unit(
                session, org, unit_id, target.id,
                version=version, reason=reason, actor=staff, scope=staff.scope_path,
            )  # fmt: skip
            return unit_id, _("已移动，下级单位和人员一并调整")

        typed = {"unit_q": unit_q, "reason": reason}
        return await _done(request, session, org, staff, unit_id, act, "move", typed)


def _closing(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{unit_id}/close")
    async def close(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_id: UUID,
        version: Annotated[Int64, Form()],
        reason: Typed = "",
    ) -> Response:
        """The end of an empty unit."""

        async def act() -> Led:
            unit = await closing.close_unit(
                session, org, unit_id, version=version, reason=reason, actor=staff, scope=staff.scope_path
            )
            return unit.parent_id, _("已撤销“%(name)s”") % {"name": unit.name}

        return await _done(request, session, org, staff, unit_id, act, "close", {"reason": reason})


def _reopening(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{unit_id}/reopen")
    async def reopen(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_id: UUID,
        version: Annotated[Int64, Form()],
        reason: Typed = "",
    ) -> Response:
        """A closed unit stands again."""

        async def act() -> Led:
            unit = await closing.reopen_unit(
                session, org, unit_id, version=version, reason=reason, actor=staff, scope=staff.scope_path
            )
            return unit.id, _("已恢复“%(name)s”") % {"name": unit.name}

        return await _done(request, session, org, staff, unit_id, act, "reopen", {"reason": reason})


async def choose(session: AsyncSession, scope: str, unit_id: UUID | None, typed: str) -> Unit:
    """The unit somebody picked, or the only one that fits what was typed (a browser without script)."""
    if unit_id is not None:
        return await get_unit(session, unit_id, scope)
    found = await find_units(session, typed, scope, OPTIONS)
    exact = [unit for unit in found if unit.name == typed.strip()]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    text = "请从找到的单位中选一个" if found else "请输入单位名称并选择"
    raise Invalid("没有选定单位", fields={"unit_q": text})


async def _done(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    unit_id: UUID,
    act: Act,
    action: str,
    typed: dict[str, Any],
) -> Response:
    """Do it and go where it leads; a refusal shows the unit with the dialog open and the text kept."""
    try:
        async with session.begin_nested():
            at, said = await act()
    except (Invalid, Refused) as problem:
        unit = await get_unit(session, unit_id, staff.scope_path)
        await session.refresh(unit)
        if isinstance(problem, Stale) and action == "rename":
            problem.fields |= overtaken({"name": unit.name}, typed, {})
        return await _page(request, session, org, staff, unit, problem=problem, action=action, typed=typed)
    return see_other(f"/units?at={at}", said)


async def _page(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    unit: Unit | None,
    *,
    q: str = "",
    problem: Problem | None = None,
    action: str = "",
    typed: dict[str, Any] | None = None,
) -> Response:
    here = unit or await top_of(session, staff.scope_path)
    root = await tree_to(session, org, staff.scope_path, here)
    children = await children_of(session, here.id) if here else []
    kinds = {kind.code: kind for kind in org.profile.unit_kinds}
    unit_q = str((typed or {}).get("unit_q", ""))
    return render(
        request,
        "units/list.html",
        problem.status if problem else 200,
        root=root,
        unit=here,
        above=await ancestors_of(session, here, staff.scope_path) if here else [],
        children=children,
        closed=await closed_below(session, here.id) if here else [],
        history=await past_of(session, "unit", here.id) if here else [],
        numbers=await people_in(session, org, [u.path for u in children]),
        kinds=kinds,
        has_others=any(not kind.counted for kind in org.policy.kinds),
        below_options=[(code, kinds[code].title) for code in kinds[here.kind].children] if here else [],
        found=await find_units(session, q, staff.scope_path) if q else None,
        options=await find_units(session, unit_q, staff.scope_path, OPTIONS, here) if unit_q else [],
        q=q,
        problem=problem,
        conflict=isinstance(problem, Stale),
        action=action,
        typed=typed or {},
        longest=LONGEST_NAME,
        may_write=staff.can("units.write"),
        org_name=org.name,
    )
