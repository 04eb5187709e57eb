"""Finding the unit that limits what a staff account may see."""

import re
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.staff import Scope
from shared.org.units import resolve_units

SEPARATOR = " / "


async def unit_scope(session: AsyncSession, typed: str) -> Sequence[Scope]:
    """The units an administrator may mean by a name, or by names from the top down with "/" between them.

    A unit is called by its name alone where no other has it, else with all above it.
    """
    path = tuple(name for part in re.split(r"[/／]", typed) if (name := part.strip()))
    if not path:
        return []
    last = path[-1:]
    found = await resolve_units(session, [path, last])
    alone = len(found[last]) == 1
    return [
        Scope(path=unit.path, unit=unit.id, name=unit.name if alone else SEPARATOR.join(unit.names))
        for unit in found[path]
    ]
