"""What every use case of the tree needs: one writer at a time, no twins, telling others."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.units import UnitChanged
from shared.kit import clock
from shared.kit.errors import Refused
from shared.kit.events.outbox import emit_many
from shared.kit.pii import PersonNameError, name_keys
from shared.org.kit import OrgKit
from shared.org.units.models import Unit

_TREE_LOCK = 7_231_001
"""Advisory lock of whoever changes the shape of the tree: two moves at once could close a circle."""


async def hold_tree(session: AsyncSession) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TREE_LOCK})


async def refuse_twin(session: AsyncSession, parent_id: UUID, name: str, me: UUID | None) -> None:
    query = select(Unit.id).where(Unit.parent_id == parent_id, Unit.status == "active", Unit.name == name)
    if (found := await session.scalar(query)) and found != me:
        raise Refused(f"这里已有名为“{name}”的单位", fields={"name": "同级单位名称不能相同"})


def spelling(name: str) -> tuple[str, str]:
    """Full pinyin and initials of a unit's name, for finding it."""
    try:
        keys = name_keys(name[:60], person=False)
    except PersonNameError:
        return "", ""
    return keys.pinyins[0], keys.initials[0]


def state_of(org: OrgKit, unit: Unit) -> UnitChanged:
    """What others may know of the unit: all of it."""
    return UnitChanged(
        unit_id=unit.id,
        version=unit.version,
        parent_id=unit.parent_id,
        path=unit.path,
        names=tuple(unit.names),
        kind=unit.kind,
        kind_title=org.profile.kind(unit.kind).title,
        district=unit.district,
        status="closed" if unit.status == "closed" else "active",
    )


async def tell(session: AsyncSession, org: OrgKit, units: Sequence[Unit]) -> None:
    at = clock.now()
    for unit in units:
        unit.version += 1
        unit.changed_at = at
    await session.flush()
    await emit_many(session, [(unit.id, state_of(org, unit)) for unit in units])
