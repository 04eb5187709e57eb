"""Use cases of venues: list, change, close, inspect; each change raises the version and is told."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.venues import VenueChanged
from shared.kit import audit, clock
from shared.kit.errors import Invalid, Refused
from shared.kit.events import emit
from shared.kit.pii.free_text import refuse_words
from shared.org.kit import OrgKit
from shared.org.units import Unit, get_unit
from shared.org.venues.models import Venue
from shared.org.venues.reading import held, managed, opening_of, sharing_of
from shared.org.venues.schemas import NewVenue, VenueIn

_FIELDS = tuple(VenueIn.model_fields)


async def create_venue(
    session: AsyncSession, org: OrgKit, new: NewVenue, *, actor: audit.Actor, scope: str = ""
) -> Venue:
    """A hall, or a part of one."""
    _refuse_texts(new)
    _refuse_kind(org, new.kind)
    _refuse_leaderless(new)
    unit = await get_unit(session, new.unit_id, scope)
    hall = await _hall(session, new.hall_id, scope) if new.hall_id else None
    if hall is not None:
        unit = await session.get_one(Unit, hall.unit_id)
    elif unit.status != "active":
        raise Refused(f"“{unit.name}”已撤销")
    await _refuse_twin(session, unit.id, hall, new.name, None)
    venue = Venue(
        id=uuid4(), unit_id=unit.id, district=unit.district, status="active", version=1, parts=0, haves={}
    )
    venue.hall_id = hall.id if hall else venue.id
    venue.place = _next_place(hall) if hall else Range(0, None)
    _fill(venue, new)
    session.add(venue)
    await session.flush()
    note_of(session, actor, "venue.listed", venue)
    await _tell(session, org, venue)
    return venue


async def change_venue(
    session: AsyncSession,
    org: OrgKit,
    venue_id: UUID,
    given: VenueIn,
    *,
    version: int,
    actor: audit.Actor,
    scope: str = "",
) -> Venue:
    """Everything the keeper may say of it, anew."""
    _refuse_texts(given)
    _refuse_kind(org, given.kind)
    _refuse_leaderless(given)
    venue = await held(session, venue_id, version, scope)
    hall = await session.get_one(Venue, venue.hall_id) if venue.hall_id != venue.id else None
    await _refuse_twin(session, venue.unit_id, hall, given.name, venue.id)
    renamed = given.name != venue.name
    _fill(venue, given)
    note_of(session, actor, "venue.changed", venue)
    await changed(session, org, venue)
    if renamed and hall is None:
        for part in await session.scalars(
            select(Venue).where(Venue.hall_id == venue.id, Venue.id != venue.id)
        ):
            await changed(session, org, part)
    return venue


async def inspect_venue(
    session: AsyncSession,
    org: OrgKit,
    venue_id: UUID,
    found: dict[str, bool],
    note: str,
    *,
    version: int,
    actor: audit.Actor,
    scope: str = "",
) -> Venue:
    """Which of the seven the station has, seen today."""
    refuse_words(note=note)
    venue = await held(session, venue_id, version, scope)
    at = clock.now().isoformat()
    venue.haves = {"found": found, "note": note, "at": at, "by": actor.name}
    note_of(
        session, actor, "venue.inspected", venue, {"missing": sorted(c for c, ok in found.items() if not ok)}
    )
    await changed(session, org, venue)
    return venue


async def close_venue(
    session: AsyncSession,
    org: OrgKit,
    venue_id: UUID,
    *,
    version: int,
    reason: str,
    actor: audit.Actor,
    scope: str = "",
) -> Venue:
    """No more bookings; a hall's parts are closed first."""
    refuse_words(reason=reason)
    venue = await held(session, venue_id, version, scope)
    if venue.hall_id == venue.id and await session.scalar(
        select(Venue.id)
        .where(Venue.hall_id == venue.id, Venue.id != venue.id, Venue.status == "active")
        .limit(1)
    ):
        raise Refused("还有分场地在用", hint="请先停用它的各个分场地。")
    venue.status = "closed"
    audit.record(session, actor=actor, action="venue.closed", target=("venue", venue.id), purpose=reason)
    await changed(session, org, venue)
    return venue


async def state_of(session: AsyncSession, org: OrgKit, venue: Venue) -> VenueChanged:
    """What others may know of the venue."""
    unit = await session.get_one(Unit, venue.unit_id)
    hall = venue if venue.hall_id == venue.id else await session.get_one(Venue, venue.hall_id)
    kinds = {k.code: k.title for k in org.profile.all_venue_kinds}
    return VenueChanged(
        venue_id=venue.id,
        version=venue.version,
        hall_id=venue.hall_id,
        place_from=venue.place.lower or 0,
        place_to=venue.place.upper,
        name=venue.name,
        names=(venue.name,) if hall is venue else (hall.name, venue.name),
        kind=venue.kind,
        kind_title=kinds.get(venue.kind, venue.kind),
        grade=venue.grade,
        cluster=venue.cluster,
        capacity=venue.capacity,
        equipment=tuple(venue.equipment),
        address=venue.address,
        district=venue.district,
        latitude=venue.latitude,
        longitude=venue.longitude,
        unit_id=venue.unit_id,
        unit_names=tuple(unit.names),
        lead_org=venue.lead_org,
        tenants=tuple(venue.tenants),
        opening=opening_of(venue),
        sharing=sharing_of(venue),
        status="closed" if venue.status == "closed" else "active",
    )


async def _hall(session: AsyncSession, hall_id: UUID, scope: str) -> Venue:
    """The hall, locked: its next part takes the next place."""
    hall = await managed(session, hall_id, scope)
    await session.refresh(hall, with_for_update=True)
    if hall.hall_id != hall.id:
        raise Refused("分场地不能再分")
    if hall.status != "active":
        raise Refused(f"“{hall.name}”已停用")
    return hall


def _next_place(hall: Venue) -> Range[int]:
    place = Range(hall.parts, hall.parts + 1)
    hall.parts += 1
    return place


async def _refuse_twin(
    session: AsyncSession, unit_id: UUID, hall: Venue | None, name: str, me: UUID | None
) -> None:
    same = [Venue.unit_id == unit_id, Venue.name == name, Venue.status == "active"]
    # a hall is its own hall: two halls of a unit never share hall_id, so this is what tells them apart
    same.append(Venue.hall_id == hall.id if hall else Venue.hall_id == Venue.id)
    found = await session.scalar(select(Venue.id).where(*same))
    if found is not None and found != me:
        raise Refused(f"这里已有名为“{name}”的场地", fields={"name": "场地名称不能相同"})


def _refuse_texts(given: VenueIn) -> None:
    """What others read of it holds nothing hidden and nobody's number."""
    refuse_words(
        name=given.name, grade=given.grade, cluster=given.cluster, address=given.address,
        pledge=given.sharing.pledge,
    )  # fmt: skip
    for each in given.equipment:
        refuse_words(equipment=each)
    for each in given.sharing.partners:
        refuse_words(partners=each)
    for exception in given.opening.exceptions:
        refuse_words(hours=exception.reason)


def _refuse_kind(org: OrgKit, kind: str) -> None:
    if kind not in {k.code for k in org.profile.all_venue_kinds}:
        raise Invalid("没有这类场地", fields={"kind": "请选择场地类别"})


def _refuse_leaderless(given: VenueIn) -> None:
    """One leads, up to eight move in: the pattern names who leads, and nobody is both."""
    if given.staffing == "lead_eight" and not given.lead_org:
        raise Invalid("请填写牵头组织", fields={"lead_org": "“一家牵头、八家进入”须写明牵头组织"})
    if given.lead_org and given.lead_org in given.tenants:
        raise Invalid("牵头组织不用再列为入驻组织", fields={"tenants": "牵头组织不用再列为入驻组织"})


def _fill(venue: Venue, given: VenueIn) -> None:
    for field in _FIELDS:
        value: Any = getattr(given, field)
        if field in ("opening", "sharing"):
            value = value.model_dump(mode="json")
        setattr(venue, field, list(value) if isinstance(value, tuple) else value)


async def changed(session: AsyncSession, org: OrgKit, venue: Venue) -> None:
    """The next version, told to everybody."""
    venue.version += 1
    venue.changed_at = clock.now()
    await session.flush()
    await _tell(session, org, venue)


async def _tell(session: AsyncSession, org: OrgKit, venue: Venue) -> None:
    emit(session, await state_of(session, org, venue), key=venue.id)


def note_of(
    session: AsyncSession, actor: audit.Actor, action: str, venue: Venue, detail: dict[str, Any] | None = None
) -> None:
    """Into the audit log, with the venue's name."""
    audit.record(
        session,
        actor=actor,
        action=action,
        target=("venue", venue.id),
        detail={"name": venue.name, **(detail or {})},
    )


audit.describe(
    {
        "venue.listed": "登记场地",
        "venue.changed": "修改场地",
        "venue.inspected": "检查“七有”",
        "venue.closed": "停用场地",
    }
)
