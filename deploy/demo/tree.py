"""The units of an organisation, founded as its staff would found them."""

from sqlalchemy.ext.asyncio import AsyncSession

from deploy.demo.places import Organisation, districts, places
from deploy.demo.staff import DEMO_DISTRICT
from deploy.demo.trail import ACTOR
from shared.kit.staff import Scope
from shared.org.kit import OrgKit
from shared.org.units import (
    Unit,
    create_unit,
    create_units,
    ensure_top_unit,
    guess_kind,
    resolve_units,
    top_of,
)

Path = tuple[str, ...]


async def ensure_tree(org: OrgKit, organisation: Organisation) -> Scope | None:
    """All units, founded when there is none yet; the scope of the demo district, if it still is called so."""
    async with org.kit.database.transaction() as session:
        if await top_of(session) is None:
            await _found(session, org, organisation)
        district = await unit_called(session, district_unit(organisation))
    if district is None:
        return None
    return Scope(district.path, district.id, tuple(district.names))


def district_unit(organisation: Organisation) -> str:
    """The unit of the demo district."""
    return next(d for d in districts() if d.name == DEMO_DISTRICT).unit(organisation)


async def unit_called(session: AsyncSession, name: str) -> Unit | None:
    """The one unit of this name; staff may have renamed or closed it since, and nothing is founded again."""
    (found,) = (await resolve_units(session, [(name,)])).values()
    return found[0] if len(found) == 1 else None


async def units_of(session: AsyncSession, org: OrgKit, paths: list[Path]) -> dict[Path, Unit]:
    """The units at these paths below the top; what staff removed since is founded again."""
    return await create_units(session, org, paths, actor=ACTOR)


async def _found(session: AsyncSession, org: OrgKit, organisation: Organisation) -> None:
    top = await ensure_top_unit(session, org, ACTOR)
    for district in districts():
        name = district.unit(organisation)
        kind = guess_kind(org.profile, top.kind, name) or "district"
        await create_unit(
            session, org, parent_id=top.id, name=name, kind=kind, actor=ACTOR, district=district.name
        )
    await units_of(session, org, [place.path for place in places(organisation)])
