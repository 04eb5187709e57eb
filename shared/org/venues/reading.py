"""Questions about venues; what staff manage is restricted to their subtree of units."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.venues import Opening, Sharing
from shared.kit.errors import NotFound, Refused, Stale
from shared.org.units import Unit, below, in_scope
from shared.org.venues.models import Venue

LISTED_AT_MOST = 200
NO_SUCH_VENUE = "没有这个场地"


@dataclass(frozen=True)
class Search:
    """Conditions of a list; empty ones are none."""

    text: str = ""
    kind: str = ""
    people: int = 0
    district: str = ""
    closed: bool = False
    unit_path: str = ""


async def get_venue(session: AsyncSession, venue_id: UUID) -> Venue:
    """The venue, or NotFound."""
    venue = await session.get(Venue, venue_id)
    if venue is None:
        raise NotFound(NO_SUCH_VENUE)
    return venue


async def managed(session: AsyncSession, venue_id: UUID, scope: str) -> Venue:
    """The venue if it belongs to a unit the asker manages."""
    venue = await get_venue(session, venue_id)
    unit = await session.get_one(Unit, venue.unit_id)
    if not in_scope(unit.path, scope):
        raise NotFound(NO_SUCH_VENUE, hint="它不在您的管理范围内。")
    return venue


async def held(session: AsyncSession, venue_id: UUID, version: int, scope: str) -> Venue:
    """The managed, active venue, locked, if it is still in the state the asker saw."""
    await managed(session, venue_id, scope)
    query = select(Venue).where(Venue.id == venue_id).with_for_update()
    venue = (await session.scalars(query.execution_options(populate_existing=True))).one()
    if venue.status != "active":
        raise Refused(f"“{venue.name}”已停用")
    if venue.version != version:
        raise Stale("这个场地刚被别人改过", version=venue.version)
    return venue


async def list_venues(session: AsyncSession, search: Search, limit: int = LISTED_AT_MOST) -> list[Venue]:
    """Venues by hall, the hall before its parts."""
    where: list[ColumnElement[bool]] = [Venue.status == ("closed" if search.closed else "active")]
    if search.text:
        where.append(
            Venue.name.contains(search.text, autoescape=True)
            | Venue.address.contains(search.text, autoescape=True)
        )
    if search.kind:
        where.append(Venue.kind == search.kind)
    if search.people:
        where.append(Venue.capacity >= search.people)
    if search.district:
        where.append(Venue.district == search.district)
    if search.unit_path:
        where.append(Venue.unit_id.in_(select(Unit.id).where(below(Unit.path, search.unit_path))))
    query = (
        select(Venue)
        .where(*where)
        .order_by(Venue.district.nulls_first(), Venue.hall_id, Venue.id != Venue.hall_id, Venue.place)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def halls_of(session: AsyncSession, venues: Iterable[Venue]) -> Mapping[UUID, Venue]:
    """The halls these venues are parts of, by id."""
    found = {v.id: v for v in venues}
    halls = {v.hall_id: found.get(v.hall_id) for v in found.values()}
    if away := [hall_id for hall_id, hall in halls.items() if hall is None]:
        halls |= {v.id: v for v in await session.scalars(select(Venue).where(Venue.id.in_(away)))}
    return {hall_id: hall for hall_id, hall in halls.items() if hall}


async def parts_of(session: AsyncSession, hall: Venue) -> list[Venue]:
    """Active parts of a hall."""
    query = select(Venue).where(Venue.hall_id == hall.id, Venue.id != hall.id, Venue.status == "active")
    return list(await session.scalars(query.order_by(Venue.place)))


async def districts_of(session: AsyncSession) -> list[str]:
    """Districts with venues."""
    query = select(Venue.district).where(Venue.status == "active", Venue.district.is_not(None)).distinct()
    return sorted(str(d) for d in await session.scalars(query))


def opening_of(venue: Venue) -> Opening:
    """Its opening hours."""
    return Opening.model_validate(venue.opening)


def sharing_of(venue: Venue) -> Sharing:
    """Its sharing rule."""
    return Sharing.model_validate(venue.sharing)


def full_name(venue: Venue, hall: Venue | None) -> str:
    """A part with its hall's name before it."""
    return venue.name if hall is None or hall.id == venue.id else f"{hall.name}·{venue.name}"
