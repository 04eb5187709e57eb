"""Pages of one person: the file, admission, correction."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.db import Tx
from shared.kit.errors import Invalid, Problem, Refused, Stale
from shared.kit.pii import name_keys
from shared.kit.staff import Staff, require
from shared.kit.types import FreeText200, Int64, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.overtaken import overtaken
from shared.org.kit import OrgKit
from shared.org.members.admitting import admit_one
from shared.org.members.changes import SEXES, consent_text, fact_text
from shared.org.members.changing import change
from shared.org.members.filling import Plain, plain_of
from shared.org.members.forms import Typed, inputs, masked, typed_in, values_of
from shared.org.members.history import history_of
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.listing import Row, get_member
from shared.org.members.reading import read_entry
from shared.org.members.rules import may_be_shared, standing_after
from shared.org.members.schemas import Blank
from shared.org.members.service import note
from shared.org.members.state import identity_mask
from shared.org.policy import Entry
from shared.org.units import Unit, choose, find_units, get_unit

Reader = Annotated[Staff, Depends(require("members.read"))]
Writer = Annotated[Staff, Depends(require("members.write"))]
Revealer = Annotated[Staff, Depends(require("members.read", "members.reveal"))]
Reason = Annotated[FreeText200, Form()]
LONGEST_REASON = 200
OPTIONS = 12
_NOWHERE = UUID(int=0)
"""Stands for the unit while the rest of a form without one is read."""


def pages(org: OrgKit) -> APIRouter:
    """Routes below /members that are about one."""
    router = APIRouter(prefix="/members")
    _admission(router, org)
    _file(router, org)
    _correction(router, org)
    return router


def _admission(router: APIRouter, org: OrgKit) -> None:
    @router.get("/new")
    async def new(request: Request, session: Tx, staff: Writer, unit: UUID | None = None) -> Response:
        """The form of an admission; the unit comes from the list it was opened from."""
        chosen = await get_unit(session, unit, staff.scope_path) if unit else None
        kind = org.policy.kinds[0].code
        return await _form(request, session, org, staff, {"kind": kind}, unit=chosen)

    @router.post("/new")
    async def admit(
        request: Request,
        session: Tx,
        staff: Writer,
        unit_id: Annotated[UUID | None, Form(), Blank] = None,
        unit_q: Annotated[SearchText, Form()] = "",
        reason: Reason = "",
    ) -> Response:
        """Somebody comes onto the roll."""
        typed = typed_in(org, await request.form())
        try:
            async with session.begin_nested():
                entry = await _entry(session, org, staff, typed.cells, unit_id, unit_q)
                member_id = await admit_one(session, org, entry, staff, reason, scope=staff.scope_path)
        except (Invalid, Refused) as problem:
            chosen = await get_unit(session, unit_id, staff.scope_path) if unit_id else None
            return await _form(
                request, session, org, staff, typed.cells, unit=chosen, unit_q=unit_q, problem=problem
            )
        return see_other(f"/members/{member_id}", _("已登记%(name)s") % {"name": entry.name})


async def _entry(
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    cells: Mapping[str, str],
    unit_id: UUID | None,
    unit_q: str,
) -> Entry:
    """What was typed, read whole: a missing unit is told together with everything else that is wrong."""
    try:
        unit = await choose(session, staff.scope_path, unit_id, unit_q)
    except Invalid as missing:
        try:
            read_entry(org, cells, _NOWHERE)
        except Invalid as others:
            missing.fields = {**missing.fields, **others.fields}
        raise missing from None
    return read_entry(org, cells, unit.id)


def _file(router: APIRouter, org: OrgKit) -> None:
    @router.get("/{member_id}")
    async def show(request: Request, session: Tx, staff: Reader, member_id: UUID) -> Response:
        """The person's file, masked."""
        row = await get_member(session, member_id, staff.scope_path)
        audit.record(session, actor=staff, action="member.viewed", target=("member", member_id))
        return await file_page(request, session, org, staff, row)

    @router.post("/{member_id}/reveal")
    async def reveal(
        request: Request, session: Tx, staff: Revealer, member_id: UUID, reason: Reason = ""
    ) -> Response:
        """Numbers and birth date in the clear, this once; the reason is on record before they are shown."""
        row = await get_member(session, member_id, staff.scope_path)
        if not reason:
            problem = Invalid("请写明用途", fields={"reveal": "请写明用途"})
            return await file_page(request, session, org, staff, row, problem=problem)
        audit.record(
            session, actor=staff, action="member.revealed", target=("member", member_id), purpose=reason
        )
        await note(session, [(row.member, "revealed", {})], staff, reason, None)
        response = await file_page(request, session, org, staff, row, plain=plain_of(org, row.member))
        response.headers["Cache-Control"] = "no-store"
        return response


def _correction(router: APIRouter, org: OrgKit) -> None:
    @router.get("/{member_id}/edit")
    async def edit(request: Request, session: Tx, staff: Writer, member_id: UUID) -> Response:
        """The form of a correction."""
        row = await get_member(session, member_id, staff.scope_path)
        audit.record(session, actor=staff, action="member.viewed", target=("member", member_id))
        facts = (await org.policy.load(session, [member_id])).get(member_id, {})
        values = values_of(org, row.member, facts)
        return await _form(request, session, org, staff, values, unit=row.unit, row=row)

    @router.post("/{member_id}/edit")
    async def correct(
        request: Request,
        session: Tx,
        staff: Writer,
        member_id: UUID,
        version: Annotated[Int64 | None, Form()] = None,
        reason: Reason = "",
    ) -> Response:
        """Write what differs; who was slower keeps what was typed and sees what changed."""
        row = await get_member(session, member_id, staff.scope_path)
        typed = typed_in(org, await request.form())
        try:
            async with session.begin_nested():
                changed = await _change(session, org, row, typed, version, staff, reason)
        except (Invalid, Refused) as problem:
            await session.refresh(row.member)
            values = {**typed.cells, "reason": reason}
            if isinstance(problem, Stale):
                facts = (await org.policy.load(session, [member_id])).get(member_id, {})
                options = {each.code: dict(each.options) for each in inputs(org)}
                problem.fields |= overtaken(values_of(org, row.member, facts), typed.cells, options)
            return await _form(
                request, session, org, staff, values, unit=row.unit, row=row, problem=problem, typed=typed
            )
        if not changed:
            return see_other(f"/members/{member_id}", _("没有改动"), "info")
        return see_other(f"/members/{member_id}", _("已更正"))


async def _change(
    session: AsyncSession, org: OrgKit, row: Row, typed: Typed, version: int | None, staff: Staff, reason: str
) -> bool:
    """Write what differs; whether anything did."""
    if version is None:
        raise Invalid("页面已失效", hint="请重新打开后再更正。")
    entry = read_entry(org, typed.cells, row.member.unit_id)
    held = await change(
        session, org, row.member, entry, staff,
        version=version, reason=reason, clear=typed.clear, scope=staff.scope_path,
    )  # fmt: skip
    return held.version != version


async def _form(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    values: Any,
    *,
    unit: Unit | None,
    unit_q: str = "",
    row: Row | None = None,
    problem: Problem | None = None,
    typed: Typed | None = None,
) -> Response:
    member = row.member if row else None
    conflict = isinstance(problem, Stale)
    asked = inputs(org, member)
    return render(
        request,
        "members/form.html",
        problem.status if problem else 200,
        member=member,
        inputs=asked,
        titles={each.code: each.title for each in asked},
        values=values,
        unit=unit,
        unit_q=unit_q,
        options=await find_units(session, unit_q, staff.scope_path, OPTIONS) if unit_q else [],
        problem=problem,
        errors=problem.fields if problem else {},
        conflict=conflict,
        latest=await history_of(session, org, member.id, 3) if member and conflict else [],
        cleared=typed.clear if typed else frozenset(),
        terms=org.profile.terms,
        longest_reason=LONGEST_REASON,
    )


async def file_page(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    row: Row,
    *,
    plain: Plain | None = None,
    problem: Problem | None = None,
    action: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    """The person's file: particulars, history, sharing; after a refusal the dialog of `action` is open."""
    member = row.member
    kind = kind_of(org, member.kind)
    facts = (await org.policy.load(session, [member.id])).get(member.id, {})
    steps = [s for s in ("retain", "resume", "restore") if _possible(org, member.standing, s)]
    return render(
        request,
        "members/show.html",
        problem.status if problem else 200,
        member=member,
        unit=row.unit,
        spoken=name_keys(member.name).spoken,
        kind=kind,
        sex=SEXES.get(member.sex or "", ""),
        standing=standing_title(org, member.standing, member.kind),
        identity=(plain.identity if plain else None) or identity_mask(member),
        phone=(plain.phone if plain else None) or member.phone_mask,
        card=member.card_no if plain else masked(member)["card_no"],
        revealed=plain is not None,
        own=[(own.title, fact_text(own, facts.get(own.code))) for own in org.policy.own_fields],
        history=await history_of(session, org, member.id),
        consent=consent_text(member.consent),
        shared=may_be_shared(kind, member.consent),
        steps=steps,
        reason_options=[(text, text) for text in org.policy.leave_reasons],
        today=clock.today().isoformat(),
        problem=problem,
        errors=problem.fields if problem else {},
        action=action,
        typed=typed or {},
        terms=org.profile.terms,
        retained=org.policy.standings.get("retained", ""),
        may_write=staff.can("members.write"),
        may_reveal=staff.can("members.reveal"),
        may_read_units=staff.can("units.read"),
        longest_reason=LONGEST_REASON,
    )


def _possible(org: OrgKit, standing: str, step: Any) -> bool:
    after = standing_after(standing, step)
    return after is not None and after in org.policy.standings
