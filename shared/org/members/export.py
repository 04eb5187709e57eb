"""The roll as a workbook: masked unless somebody may and says why; no cell is ever a formula."""

import asyncio
from collections.abc import Sequence
from typing import IO, Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import Forbidden, Invalid, Refused
from shared.kit.pii import mask_card
from shared.kit.pii.free_text import refuse_number
from shared.kit.staff import Staff
from shared.kit.workbook import Sheets
from shared.org.kit import OrgKit
from shared.org.members.changes import SEXES, fact_text
from shared.org.members.filling import plain_of
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.listing import Sort, order_of
from shared.org.members.models import Member
from shared.org.members.state import identity_mask
from shared.org.units import Unit

MOST = 100_000
CHUNK = 2000
FULL = "members.export.full"
_WIDTHS = (12, 6, 12, 40, 14, 16, 22, 16, 20, 12, 12)


async def export(
    session: AsyncSession,
    org: OrgKit,
    where: Sequence[ColumnElement[bool]],
    staff: Staff,
    *,
    sort: Sort = "changed",
    full: bool,
    reason: str,
) -> IO[bytes]:
    """The workbook as an unnamed file, which the caller closes; audited with the number of people."""
    if full and not staff.can(FULL):
        raise Forbidden("您不能导出完整的证件号码和手机号码", hint="可以导出遮盖后的名册。")
    refuse_number(reason)
    if full and not reason.strip():
        raise Invalid("请写明导出完整信息的用途", fields={"reason": "请写明用途"})
    number = await session.scalar(select(func.count()).select_from(Member).where(*where)) or 0
    if number > MOST:
        raise Refused(f"一次最多导出 {MOST:,} 人，现在选了 {number:,} 人", hint="请按单位分别导出。")
    audit.record(
        session,
        actor=staff,
        action="member.exported",
        purpose=reason,
        detail={"people": number, "full": full},
    )
    file = org.kit.working.file()
    try:
        book = await asyncio.to_thread(_begun, file, org)
        await _fill(session, org, where, book, sort, full=full)
        await asyncio.to_thread(book.close)
    except BaseException:
        file.close()
        raise
    return file


def _begun(file: IO[bytes], org: OrgKit) -> Sheets:
    book = Sheets(file, org.kit.working.folder)
    book.begin(org.profile.terms.roll, _WIDTHS)
    book.write([titles(org)])
    return book


def titles(org: OrgKit) -> list[str]:
    """Column heads; a roster with these can be imported again."""
    terms = org.profile.terms
    common = [
        "姓名",
        "性别",
        "出生日期",
        "单位",
        "类别",
        "职务",
        "证件号码",
        "手机号码",
        terms.card,
        terms.joined,
        "状态",
    ]
    return [*common, *(own.title for own in org.policy.own_fields)]


async def _fill(
    session: AsyncSession,
    org: OrgKit,
    where: Sequence[ColumnElement[bool]],
    book: Sheets,
    sort: Sort,
    *,
    full: bool,
) -> None:
    # the order is asked once: who is changed meanwhile is neither missed nor written twice
    ids = list(await session.scalars(select(Member.id).where(*where).order_by(*order_of(sort))))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        query = select(Member, Unit).join(Unit, Unit.id == Member.unit_id).where(Member.id.in_(chunk))
        found = {member.id: (member, unit) for member, unit in await session.execute(query)}
        rows = [found[member_id] for member_id in chunk if member_id in found]
        facts = await org.policy.load(session, [member.id for member, _ in rows])
        lines = [_line(org, member, unit, facts.get(member.id, {}), full=full) for member, unit in rows]
        await asyncio.to_thread(book.write, lines)
        for member, unit in rows:
            session.expunge(member)
            if unit in session:
                session.expunge(unit)


def _line(org: OrgKit, member: Member, unit: Unit, facts: dict[str, Any], *, full: bool) -> list[str]:
    plain = plain_of(org, member) if full else None
    birth = member.birth
    return [
        member.name,
        SEXES.get(member.sex or "", ""),
        "" if birth is None else birth.isoformat() if full else f"{birth.year}-{birth.month:02}",
        "/".join(unit.names),
        kind_of(org, member.kind).title,
        member.post or "",
        (plain.identity if plain else identity_mask(member)) or "",
        (plain.phone if plain else member.phone_mask) or "",
        (member.card_no if full else mask_card(member.card_no)) or "" if member.card_no else "",
        member.joined_on.isoformat() if member.joined_on else "",
        standing_title(org, member.standing, member.kind),
        *(fact_text(own, facts.get(own.code)) for own in org.policy.own_fields),
    ]
