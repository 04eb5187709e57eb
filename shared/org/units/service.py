"""Changing known units: rename, move; every change raises the version and is told as unit.changed."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import NotFound, Refused, Stale
from shared.kit.pii.free_text import refuse_number
from shared.org.kit import OrgKit
from shared.org.units.models import Unit
from shared.org.units.reading import NO_SUCH_UNIT, below, get_unit
from shared.org.units.rules import DEEPEST, clean_name, in_scope, label, may_stand_below
from shared.org.units.state import hold_tree, refuse_twin, spelling, tell

# whatever carries a unit's path goes with it; plain SQL because these modules stand above this one
_CARRIERS = (
    ("member", "unit_path"),
    ("staff_account", "scope_path"),
    ("api_token", "scope_path"),
    ("import_batch", "scope"),
)
_MOVE_CARRIERS = tuple(
    text(
        f"UPDATE {table} SET {column} = :now || substr({column}, :cut) "  # noqa: S608 - names from above
        f"WHERE {column} = :was OR ({column} > :low AND {column} < :high)"
    )
    for table, column in _CARRIERS
)

_RENAME_SCOPES = text("UPDATE staff_account SET scope_name = :name WHERE scope_unit = :unit")


async def rename_unit(
    session: AsyncSession,
    org: OrgKit,
    unit_id: UUID,
    name: str,
    *,
    version: int,
    actor: audit.Actor,
    scope: str = "",
) -> Unit:
    """Another name; the units below show it in their path of names."""
    await hold_tree(session)
    unit = await held_unit(session, unit_id, version, scope)
    wanted = clean_name(name)
    if wanted == unit.name:
        return unit
    if unit.parent_id is not None:
        await refuse_twin(session, unit.parent_id, wanted, unit.id)
    was = unit.name
    place = unit.depth
    tree = await _subtree(session, unit)
    for each in tree:
        each.names = [*each.names[:place], wanted, *each.names[place + 1 :]]
    unit.name = wanted
    unit.name_py, unit.name_initials = spelling(wanted)
    await session.execute(_RENAME_SCOPES, {"name": wanted, "unit": unit.id})
    audit.record(
        session,
        actor=actor,
        action="unit.renamed",
        target=("unit", unit.id),
        detail={"from": was, "to": wanted},
    )
    await tell(session, org, tree)
    return unit


async def move_unit(
    session: AsyncSession,
    org: OrgKit,
    unit_id: UUID,
    parent_id: UUID,
    *,
    version: int,
    actor: audit.Actor,
    reason: str,
    scope: str = "",
) -> Unit:
    """The unit with everything below it (units, people) goes below another unit."""
    refuse_number(reason)
    await hold_tree(session)
    unit = await held_unit(session, unit_id, version, scope)
    parent = await get_unit(session, parent_id, scope)
    _refuse_move(org, unit, parent, scope)
    if unit.parent_id == parent.id:
        return unit
    await refuse_twin(session, parent.id, unit.name, unit.id)
    tree = await _subtree(session, unit)
    was, names_before, depth_before = unit.path, len(unit.names) - 1, unit.depth
    deeper = parent.depth + 1 - depth_before
    if max(each.depth for each in tree) + deeper > DEEPEST:
        raise Refused(f"单位层级最多 {DEEPEST} 级")
    now_at = f"{parent.path}/{label(unit.number)}"
    for each in tree:
        each.path = now_at + each.path[len(was) :]
        each.names = [*parent.names, *each.names[names_before:]]
        each.depth += deeper
    unit.parent_id = parent.id
    await session.flush()
    span = {"now": now_at, "cut": len(was) + 1, "was": was, "low": f"{was}/", "high": f"{was}0"}
    for statement in _MOVE_CARRIERS:
        await session.execute(statement, span)
    audit.record(
        session, actor=actor, action="unit.moved", target=("unit", unit.id), purpose=reason,
        detail={"to": parent.name, "units": len(tree)},
    )  # fmt: skip
    await tell(session, org, tree)
    return unit


async def held_unit(
    session: AsyncSession, unit_id: UUID, version: int, scope: str, *, status: str = "active"
) -> Unit:
    """The unit, locked, if it is still in the state the asker saw."""
    unit: Unit | None = await session.scalar(
        select(Unit).where(Unit.id == unit_id).with_for_update().execution_options(populate_existing=True)
    )
    if unit is None or not in_scope(unit.path, scope):
        raise NotFound(NO_SUCH_UNIT)
    if unit.status != status:
        raise Refused(f"“{unit.name}”已撤销" if unit.status == "closed" else f"“{unit.name}”没有撤销")
    if unit.version != version:
        raise Stale("这个单位刚被别人改过", version=unit.version)
    return unit


async def _subtree(session: AsyncSession, unit: Unit) -> list[Unit]:
    query = select(Unit).where(below(Unit.path, unit.path)).order_by(Unit.path).with_for_update()
    return list(await session.scalars(query))


def _refuse_move(org: OrgKit, unit: Unit, parent: Unit, scope: str) -> None:
    if unit.parent_id is None or unit.path == scope:
        raise Refused("最上层的单位不能移动")
    if parent.status != "active":
        raise Refused(f"“{parent.name}”已撤销")
    if in_scope(parent.path, unit.path):
        raise Refused("不能移到自己或自己的下级单位下面")
    if not may_stand_below(org.profile, parent.kind, unit.kind):
        raise Refused(f"{org.profile.kind(parent.kind).title}下面不能设立{org.profile.kind(unit.kind).title}")


audit.describe(
    {
        "unit.founded": "建立单位",
        "unit.renamed": "单位更名",
        "unit.moved": "单位调整隶属",
        "unit.closed": "撤销单位",
        "unit.reopened": "恢复单位",
    }
)
