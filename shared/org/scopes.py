"""Finding the unit that limits what a staff account may see."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.staff import Scope
from shared.org.units import Unit, find_units


class UnitScopes:
    """The units of the organisation as limits."""

    async def find(self, session: AsyncSession, typed: str) -> Sequence[Scope]:
        """Active units by their name or its pinyin."""
        return [_scope(unit) for unit in await find_units(session, typed, limit=12)]

    async def get(self, session: AsyncSession, unit_id: UUID) -> Scope | None:
        """The unit of that id; who is limited to a closed one stays so until somebody chooses anew."""
        unit = await session.get(Unit, unit_id)
        return _scope(unit) if unit else None

    async def at(self, session: AsyncSession, paths: Collection[str]) -> Mapping[str, Scope]:
        """The units at these paths."""
        units = await session.scalars(select(Unit).where(Unit.path.in_(paths)))
        return {unit.path: _scope(unit) for unit in units}


def _scope(unit: Unit) -> Scope:
    return Scope(path=unit.path, id=unit.id, names=tuple(unit.names))
