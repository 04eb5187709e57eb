"""The JSON API of the roll; the same use cases as the pages."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.idempotency import Once
from shared.kit.staff import Staff, require
from shared.org.kit import OrgKit
from shared.org.members.admitting import admit_one
from shared.org.members.changing import change
from shared.org.members.listing import Row, conditions, get_member, read_page
from shared.org.members.reading import COMMON_FIELDS, read_entry, refuse_unknown
from shared.org.members.schemas import (
    MemberIn,
    MemberLeave,
    MemberList,
    MemberOut,
    MemberPatch,
    RollQuery,
    Search,
    StrictRollQuery,
)
from shared.org.members.search import found_by, note_search, recall
from shared.org.members.service import leave_many
from shared.org.units import get_unit

Reader = Annotated[Staff, Depends(require("members.read"))]
Writer = Annotated[Staff, Depends(require("members.write"))]
Asked = Annotated[StrictRollQuery, Query()]


def api(org: OrgKit) -> APIRouter:
    """Routes below /api/v1/members."""
    router = APIRouter(prefix="/api/v1/members", tags=["members"])
    _reading(router, org)
    _writing(router, org)
    return router


def _reading(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def list_members(staff: Reader, session: Tx, query: Asked) -> MemberList:
        """One page of the roll."""
        return await _list(session, org, staff, query, "")

    @router.post("/search")
    async def search(staff: Reader, session: Tx, body: Search, query: Asked) -> MemberList:
        """People found by name, pinyin, initials, phone, identity or card number."""
        return await _list(session, org, staff, query, body.text)

    @router.get("/{member_id}")
    async def read_member(staff: Reader, session: Tx, member_id: UUID) -> MemberOut:
        """One person, masked."""
        row = await get_member(session, member_id, staff.scope_path)
        audit.record(session, actor=staff, action="member.viewed", target=("member", member_id))
        return await _out(session, org, row)


def _writing(router: APIRouter, org: OrgKit) -> None:
    @router.post("", status_code=201)
    async def create(staff: Writer, session: Tx, once: Once, body: MemberIn) -> MemberOut:
        """Admit somebody; sent again with the same `Idempotency-Key`, the same person is the answer."""

        async def admit() -> MemberOut:
            refuse_unknown(org, body.fields)
            entry = read_entry(org, body.fields, body.unit_id)
            member_id = await admit_one(session, org, entry, staff, body.reason, scope=staff.scope_path)
            return await _out(session, org, await get_member(session, member_id, staff.scope_path))

        return await once(MemberOut, admit)

    @router.patch("/{member_id}")
    async def patch(staff: Writer, session: Tx, member_id: UUID, body: MemberPatch) -> MemberOut:
        """Change what is given, empty what is in `clear`, keep the rest."""
        row = await get_member(session, member_id, staff.scope_path)
        refuse_unknown(org, [*body.fields, *body.clear])
        raw: dict[str, Any] = {"name": row.member.name, "kind": row.member.kind} | body.fields
        entry = read_entry(org, raw, body.unit_id or row.member.unit_id)
        await change(
            session, org, row.member, entry, staff,
            version=body.version, reason=body.reason, scope=staff.scope_path,
            clear=frozenset(body.clear) & _clearable(org),
        )  # fmt: skip
        return await _out(session, org, await get_member(session, member_id, staff.scope_path))

    @router.post("/{member_id}/leave")
    async def leave(staff: Writer, session: Tx, member_id: UUID, body: MemberLeave) -> MemberOut:
        """End the affiliation."""
        row = await get_member(session, member_id, staff.scope_path)
        scope = staff.scope_path
        await leave_many(session, org, [row.member], body.left_on, body.reason, staff, scope=scope)
        return await _out(session, org, await get_member(session, member_id, staff.scope_path))


async def _list(session: AsyncSession, org: OrgKit, staff: Staff, query: RollQuery, text: str) -> MemberList:
    path = (await get_unit(session, query.unit, staff.scope_path)).path if query.unit else ""
    where = conditions(query.filters(path), staff.scope_path)
    if query.q:  # what was typed on a page, by its id
        text = await recall(session, org, staff, query.q)
    if text:
        where.append(found_by(org, text))
    page = await read_page(session, org, where, sort=query.sort, after=query.after)
    if text:
        note_search(session, staff, page)
    return MemberList(
        items=[MemberOut.of(org, row) for row in page.rows],
        total=page.total,
        total_is_capped=page.capped,
        previous=page.previous,
        next=page.next,
    )


async def _out(session: AsyncSession, org: OrgKit, row: Row) -> MemberOut:
    facts = await org.policy.load(session, [row.member.id])
    return MemberOut.of(org, row, facts.get(row.member.id))


def _clearable(org: OrgKit) -> frozenset[str]:
    """Everything but the name, the kind and the answer about sharing may be emptied."""
    common = set(COMMON_FIELDS) - {"name", "kind", "consent"}
    return frozenset(common | {own.code for own in org.policy.own_fields})
