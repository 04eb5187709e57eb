"""Pages about many chosen people: to another unit, away, found in order."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.errors import Invalid, NotFound, Problem, Refused
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other, translate
from shared.org.kit import OrgKit
from shared.org.members.listing import order_of
from shared.org.members.models import Member
from shared.org.members.service import leave_many, move_many, step_many
from shared.org.units import below, choose, find_units, units_by_id

Writer = Annotated[Staff, Depends(require("members.write"))]
Typed = Annotated[FreeText200, Form()]
Ids = Annotated[list[UUID], Form(max_length=1000)]
OptionalIds = Annotated[tuple[UUID, ...], Form(max_length=1000)]
DOINGS = frozenset({"move", "leave", "resume"})
Led = tuple[str, str]
"""The address to go to, and what is said there."""
Act = Callable[[list[Member]], Awaitable[Led]]


def bulk_pages(org: OrgKit) -> APIRouter:
    """Routes below /members/bulk."""
    router = APIRouter(prefix="/members")
    _moving(router, org)
    _leaving(router, org)
    _resuming(router, org)
    return router


def _moving(router: APIRouter, org: OrgKit) -> None:
    @router.post("/bulk")
    async def bulk(
        request: Request,
        session: Tx,
        staff: Writer,
        ids: OptionalIds = (),
        do: Typed = "",
    ) -> Response:
        """What shall happen to the chosen people: asks for the particulars."""
        if do not in DOINGS:
            raise NotFound("没有这种操作")
        if not ids:
            return see_other("/members", _("请先选择人员"), "warn")
        people = await _chosen(session, staff, list(ids))
        return await _bulk_page(request, session, org, staff, do, people)

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

        async def act(people: list[Member]) -> Led:
            unit = await choose(session, staff.scope_path, unit_id, unit_q)
            moved = await move_many(session, org, people, unit.id, staff, reason, scope=staff.scope_path)
            said = _("%(n)s人已调整到“%(unit)s”") % {"n": len(moved), "unit": unit.name}
            return f"/members?unit={unit.id}", said

        typed = {"unit_q": unit_q, "reason": reason}
        return await _done(request, session, org, staff, ids, act, "move", typed)


def _leaving(router: APIRouter, org: OrgKit) -> None:
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

        async def act(people: list[Member]) -> Led:
            why, scope = other.strip() or reason, staff.scope_path
            gone = await leave_many(session, org, people, left_on, why, staff, scope=scope)
            leaving = translate(org.profile.terms.leave)
            return "/members", _("%(n)s人已办理%(leave)s") % {"n": len(gone), "leave": leaving}

        typed = {"left_on": left_on.isoformat(), "reason": reason, "other": other}
        return await _done(request, session, org, staff, ids, act, "leave", typed)


def _resuming(router: APIRouter, org: OrgKit) -> None:
    @router.post("/bulk/resume")
    async def resume(request: Request, session: Tx, staff: Writer, ids: Ids, reason: Typed = "") -> Response:
        """What is on file about the chosen people was checked and is right."""

        async def act(people: list[Member]) -> Led:
            held = await step_many(session, org, people, "resume", staff, reason, scope=staff.scope_path)
            return "/members?standing=pending", _("%(n)s人已核对无误") % {"n": len(held)}

        return await _done(request, session, org, staff, ids, act, "resume", {"reason": reason})


async def _chosen(session: AsyncSession, staff: Staff, ids: list[UUID]) -> list[Member]:
    query = select(Member).where(Member.id.in_(ids), below(Member.unit_path, staff.scope_path))
    people = list(await session.scalars(query.order_by(*order_of("name"))))
    if len(people) != len(set(ids)):
        raise NotFound("有人不在您的管理范围内", hint="请返回名册重新选择。")
    return people


async def _done(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    ids: list[UUID],
    act: Act,
    do: str,
    typed: dict[str, str],
) -> Response:
    """Do it for all and go where it leads; a refusal asks again with what was typed."""
    people = await _chosen(session, staff, ids)
    try:
        async with session.begin_nested():
            address, said = await act(people)
    except (Invalid, Refused) as problem:
        people = await _chosen(session, staff, ids)  # as they are now, not as they were about to be
        return await _bulk_page(request, session, org, staff, do, people, problem, typed)
    return see_other(address, said)


async def _bulk_page(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    do: str,
    people: list[Member],
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
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
