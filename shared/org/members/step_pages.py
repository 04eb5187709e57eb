"""What may be done to one person besides correcting: leave, restore, retain, move, answer about sharing."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Tx
from shared.kit.errors import Invalid, Refused
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200
from shared.kit.web import gettext as _
from shared.kit.web import see_other, translate
from shared.org.kit import OrgKit
from shared.org.members.listing import Row, get_member
from shared.org.members.pages import file_page
from shared.org.members.service import leave_many, move_many, set_consent, step_many
from shared.org.units import choose

Writer = Annotated[Staff, Depends(require("members.write"))]
Typed = Annotated[FreeText200, Form()]
Act = Callable[[Row], Awaitable[object]]


def step_pages(org: OrgKit) -> APIRouter:
    """Routes below /members/{member_id}."""
    router = APIRouter(prefix="/members/{member_id}")
    _ending(router, org)
    _placing(router, org)
    return router


def _ending(router: APIRouter, org: OrgKit) -> None:
    @router.post("/leave")
    async def leave(
        request: Request,
        session: Tx,
        staff: Writer,
        member_id: UUID,
        left_on: Annotated[Day, Form()],
        reason: Typed = "",
        other: Typed = "",
    ) -> Response:
        """The affiliation ends."""

        async def act(row: Row) -> object:
            why = other.strip() or reason
            return await leave_many(session, org, [row.member], left_on, why, staff, scope=staff.scope_path)

        typed = {"left_on": left_on.isoformat(), "reason": reason, "other": other}
        done = _("已办理%(leave)s") % {"leave": translate(org.profile.terms.leave)}
        return await _done(request, session, org, staff, member_id, act, done, "leave", typed)

    @router.post("/step")
    async def step(
        request: Request,
        session: Tx,
        staff: Writer,
        member_id: UUID,
        step: Annotated[Literal["retain", "resume", "restore"], Form()],
        reason: Typed = "",
    ) -> Response:
        """Retain, resume or restore."""

        async def act(row: Row) -> object:
            return await step_many(session, org, [row.member], step, staff, reason, scope=staff.scope_path)

        return await _done(
            request, session, org, staff, member_id, act, _("已办理"), "step", {"reason": reason}
        )


def _placing(router: APIRouter, org: OrgKit) -> None:
    @router.post("/move")
    async def move(
        request: Request,
        session: Tx,
        staff: Writer,
        member_id: UUID,
        unit_q: Typed = "",
        unit_id: Annotated[UUID | None, Form()] = None,
        reason: Typed = "",
    ) -> Response:
        """To another unit."""

        async def act(row: Row) -> object:
            unit = await choose(session, staff.scope_path, unit_id, unit_q)
            return await move_many(session, org, [row.member], unit.id, staff, reason, scope=staff.scope_path)

        typed = {"unit_q": unit_q, "reason": reason}
        return await _done(request, session, org, staff, member_id, act, _("已调整单位"), "move", typed)

    @router.post("/consent")
    async def consent(
        request: Request,
        session: Tx,
        staff: Writer,
        member_id: UUID,
        answer: Annotated[Literal["yes", "no"], Form()],
        reason: Typed = "",
    ) -> Response:
        """The person's answer about being shown at the hub."""

        async def act(row: Row) -> object:
            agreed, scope = answer == "yes", staff.scope_path
            return await set_consent(session, org, row.member, agreed, staff, reason, scope=scope)

        text = _("已记录本人同意") if answer == "yes" else _("已记录本人不同意，协同平台随即撤下")
        return await _done(request, session, org, staff, member_id, act, text, "consent", {"reason": reason})


async def _done(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    member_id: UUID,
    act: Act,
    text: str,
    action: str,
    typed: dict[str, str],
) -> Response:
    """Do it and go back to the file; a refusal shows the file with the dialog open and the text kept."""
    row = await get_member(session, member_id, staff.scope_path)
    try:
        async with session.begin_nested():
            await act(row)
    except (Invalid, Refused) as problem:
        await session.refresh(row.member)
        await session.refresh(row.unit)
        return await file_page(request, session, org, staff, row, problem=problem, action=action, typed=typed)
    return see_other(f"/members/{member_id}", text)
