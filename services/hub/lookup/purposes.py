"""Purposes: a dated list; no lookup without one."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.models import Purpose
from services.hub.lookup.schemas import PurposeChoice
from shared.kit.errors import Invalid


async def purposes_on(session: AsyncSession, day: date) -> list[Purpose]:
    """The purposes that may be chosen on a day, in their order."""
    statement = (
        select(Purpose)
        .where(Purpose.valid_from <= day, or_(Purpose.valid_to.is_(None), Purpose.valid_to >= day))
        .order_by(Purpose.position)
    )
    return list(await session.scalars(statement))


def chosen(purposes: Iterable[PurposeChoice], code: str, reason: str | None) -> PurposeChoice:
    """The purpose of that code among today's, or a refusal that names what is missing."""
    purpose = next((p for p in purposes if p.code == code), None)
    if purpose is None:
        raise Invalid("请选择查询用途", hint="没有用途不能查询。", fields={"purpose": "请选择查询用途"})
    if purpose.needs_reason and not reason:
        raise Invalid("请写明事由", hint="选择这项用途时须写明事由。", fields={"reason": "请写明事由"})
    return purpose
