"""The end of a unit, and the way back."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import Invalid, Refused
from shared.kit.pii.free_text import refuse_number
from shared.org.kit import OrgKit
from shared.org.units.models import Unit
from shared.org.units.reading import get_unit
from shared.org.units.service import held_unit
from shared.org.units.state import hold_tree, refuse_twin, tell

_PEOPLED = text(
    "SELECT DISTINCT unit_id FROM member WHERE unit_id = ANY(:ids) AND standing <> 'left'"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def close_unit(
    session: AsyncSession,
    org: OrgKit,
    unit_id: UUID,
    *,
    version: int,
    reason: str,
    actor: audit.Actor,
    scope: str = "",
) -> Unit:
    """The unit is dissolved: nobody may be on its roll and no active unit below it."""
    refuse_number(reason)
    await hold_tree(session)
    unit = await held_unit(session, unit_id, version, scope)
    if not reason.strip():
        raise Invalid("请写明撤销的原因", fields={"reason": "请写明撤销的原因"})
    if unit.parent_id is None:
        raise Refused("顶层单位不能撤销")
    lower = await session.scalar(
        select(func.count()).select_from(Unit).where(Unit.parent_id == unit.id, Unit.status == "active")
    )
    if lower:
        raise Refused(f"下面还有 {lower} 个单位，不能撤销", hint="请先把它们移到别处或撤销。")
    people = await session.scalar(
        text("SELECT count(*) FROM member WHERE unit_id = :id AND standing <> 'left'"), {"id": unit.id}
    )
    if people:
        raise Refused(f"还有 {people} 人在册，不能撤销", hint="请先把人员调整到别的单位。")
    unit.status = "closed"
    audit.record(session, actor=actor, action="unit.closed", target=("unit", unit.id), purpose=reason)
    await tell(session, org, [unit])
    return unit


async def close_empty(
    session: AsyncSession, org: OrgKit, unit_ids: Iterable[UUID], *, reason: str, actor: audit.Actor
) -> list[Unit]:
    """Dissolve those of these units that hold neither people nor other active units; the closed ones."""
    await hold_tree(session)
    query = select(Unit).where(Unit.id.in_(set(unit_ids)), Unit.status == "active")
    units = list(await session.scalars(query.order_by(Unit.depth.desc(), Unit.id).with_for_update()))
    ids = [unit.id for unit in units]
    below_them = select(Unit.id, Unit.parent_id).where(Unit.parent_id.in_(ids), Unit.status == "active")
    children: dict[UUID | None, set[UUID]] = {}
    for child, above in await session.execute(below_them):
        children.setdefault(above, set()).add(child)
    peopled = set(await session.scalars(_PEOPLED, {"ids": ids}))
    closed: dict[UUID, Unit] = {}
    for unit in units:  # the deepest first: who holds only units that close is empty too
        if unit.parent_id and unit.id not in peopled and children.get(unit.id, set()) <= closed.keys():
            unit.status = "closed"
            closed[unit.id] = unit
            audit.record(session, actor=actor, action="unit.closed", target=("unit", unit.id), purpose=reason)
    await tell(session, org, list(closed.values()))
    return list(closed.values())


async def reopen_unit(
    session: AsyncSession,
    org: OrgKit,
    unit_id: UUID,
    *,
    version: int,
    reason: str,
    actor: audit.Actor,
    scope: str = "",
) -> Unit:
    """A closed unit stands again where it stood, when its place is still there and nobody took its name."""
    refuse_number(reason)
    await hold_tree(session)
    unit = await held_unit(session, unit_id, version, scope, status="closed")
    if not reason.strip():
        raise Invalid("请写明恢复的原因", fields={"reason": "请写明恢复的原因"})
    assert unit.parent_id is not None, "the top unit is never closed"
    parent = await get_unit(session, unit.parent_id)
    if parent.status != "active":
        raise Refused(f"上级“{parent.name}”已撤销", hint="请先恢复上级单位。")
    await refuse_twin(session, parent.id, unit.name, unit.id)
    unit.status = "active"
    audit.record(session, actor=actor, action="unit.reopened", target=("unit", unit.id), purpose=reason)
    await tell(session, org, [unit])
    return unit
