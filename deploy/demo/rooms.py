"""Venues of the demo city with bookings of the coming days, made as staff would make them."""

import random
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.demo.data import table
from deploy.demo.organisations import PROFILES
from deploy.demo.pictures import picture
from deploy.demo.places import ORGANISATIONS, Organisation, districts
from deploy.demo.trail import ACTOR
from deploy.demo.tree import unit_called
from shared.contracts.bookings import Booker
from shared.contracts.venues import Opening, Sharing, WeekdayHours
from shared.kit import clock
from shared.kit.clock import CHINA
from shared.kit.errors import Problem
from shared.org.bookings import Ask, book
from shared.org.kit import OrgKit
from shared.org.venues import NewVenue, Venue, create_venue
from shared.org.venues.photos import add_photo

DAYS = 14
PICTURED = 80
"""From so many people on a hall has a picture."""
STARTS = ((9, 2), (9, 3), (14, 2), (14, 3), (15, 2), (19, 2))
_HOURS = tuple(
    WeekdayHours(weekday=day, opens=opens, closes=closes)
    for day in range(7)
    for opens, closes in ((8 * 60, 21 * 60 + 30 if day < 5 else 18 * 60),)
)


async def ensure_rooms(org: OrgKit, organisation: Organisation) -> None:
    """All venues and some bookings, where there is no venue yet."""
    async with org.kit.database.transaction() as session:
        if await session.scalar(select(Venue.id).limit(1)) is not None:
            return
        chance = random.Random(f"rooms of {organisation}")  # noqa: S311 - a demo, no secrets
        for row in table("rooms")[organisation]:
            await _venue(session, org, organisation, row, chance)


async def _venue(
    session: AsyncSession, org: OrgKit, organisation: Organisation, row: list[Any], chance: random.Random
) -> None:
    name, kind, capacity, district, address, equipment, parts = row
    top = next(d for d in districts() if d.name == district).unit(organisation)
    unit = await unit_called(session, top)
    if unit is None:
        return
    tenants = tuple(table("rooms")["tenants"].get(name, ()))
    new = NewVenue(
        name=name, kind=kind, capacity=capacity, address=district + address, equipment=tuple(equipment),
        unit_id=unit.id, lead_org=organisation if tenants else "", tenants=tenants,
        opening=Opening(weekly=_HOURS, holidays="as_sunday"),
        sharing=Sharing(notice_hours=0, buffer_after=15, approval="others" if capacity > 100 else "nobody"),
    )  # fmt: skip
    hall = await create_venue(session, org, new, actor=ACTOR)
    for part in parts:
        values = {**new.model_dump(), "name": part, "capacity": capacity // 2, "hall_id": hall.id}
        await create_venue(session, org, NewVenue(**values), actor=ACTOR)
    for _ in range(9):
        await _book(session, org, hall, chance)
    if capacity >= PICTURED:
        await add_photo(
            session, hall.id, picture(PROFILES[organisation].palette), table("rooms")["photo"], ACTOR
        )


def booker_of(user: Organisation, staff_id: UUID | None = None) -> Booker:
    """Somebody of the organisation, with its mark."""
    profile = PROFILES[user]
    return Booker(
        org=user, office="办公室", staff_name="顾清和", staff_id=staff_id, org_name=profile.short_name,
        letter=profile.letter, palette=profile.palette,
    )  # fmt: skip


async def _book(session: AsyncSession, org: OrgKit, hall: Venue, chance: random.Random) -> None:
    """Mostly the owner's own, some of the others'; a time that is taken or closed stays free."""
    user = chance.choice((*ORGANISATIONS, *([c for c in ORGANISATIONS if c == org.profile.code] * 3)))
    hour, hours = chance.choice(STARTS)
    day = clock.today() + timedelta(days=chance.randrange(1, DAYS))
    start = datetime.combine(day, time(hour), CHINA)
    title = chance.choice(table("rooms")["titles"][user])
    ask = Ask(
        hall.id,
        start,
        start + timedelta(hours=hours),
        title,
        booker_of(user),
        chance.randrange(10, hall.capacity),
    )
    try:
        async with session.begin_nested():
            await book(session, org, ask, ACTOR)
    except Problem:
        return
