"""Finding the unit that limits what a staff account may see."""

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.staff import Scope
from shared.org.units import find_units


async def unit_scope(session: AsyncSession, typed: str) -> Scope | None:
    """The unit an administrator typed by its name; None when there is none or several of that name."""
    found = [unit for unit in await find_units(session, typed) if unit.name == typed.strip()]
    if len(found) != 1:
        return None
    return Scope(path=found[0].path, unit=found[0].id, name=found[0].name)
