"""Venues and bookings for tests: a hall that is always open, times on days to come."""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.bookings import Booker
from shared.contracts.venues import Opening, Sharing, WeekdayHours
from shared.kit import clock
from shared.kit.clock import CHINA
from shared.org.bookings import Ask, Booking, book
from shared.org.kit import OrgKit
from shared.org.units import Unit
from shared.org.venues import NewVenue, Venue, create_venue
from tests.org.people import CLERK

ALWAYS = Opening(
    weekly=tuple(WeekdayHours(weekday=d, opens=0, closes=1440) for d in range(7)), holidays="as_usual"
)
STRANGER = "neighbours"
BAD_TEXTS = [
    ("联系12812345678", "证件号或手机号"), ("茶\x00话会", "控制字符"), ("茶\u202e话会", "控制字符"),
]  # fmt: skip
"""What may not stand in a text others read, and what is said of it."""


def at(days: int, hour: float) -> datetime:
    """So many days from today at that hour in China."""
    day = clock.today() + timedelta(days=days)
    return datetime.combine(day, time(), CHINA) + timedelta(hours=hour)


def new_venue(org: OrgKit, unit: Unit, **given: Any) -> NewVenue:
    """A hall of the unit, open day and night, free for everybody at once."""
    sharing = Sharing(approval="nobody", notice_hours=0, **given.pop("sharing", {}))
    values: dict[str, Any] = {
        "name": "多功能厅",
        "kind": "hall",
        "capacity": 300,
        "address": "工人路18号",
        "opening": ALWAYS,
        "sharing": sharing,
        "unit_id": unit.id,
    }
    return NewVenue(**(values | given))


async def venue(session: AsyncSession, org: OrgKit, unit: Unit, **given: Any) -> Venue:
    """The same, listed."""
    return await create_venue(session, org, new_venue(org, unit, **given), actor=CLERK)


def booker(org: OrgKit, code: str = "") -> Booker:
    """Somebody of the owner, or of another organisation."""
    return Booker(org=code or org.profile.code, office="组织部", staff_name="何静怡")


def ask(org: OrgKit, place: Venue, start: datetime, hours: float = 2, **given: Any) -> Ask:
    """A wish for the venue."""
    who = booker(org, given.pop("code", ""))
    return Ask(place.id, start, start + timedelta(hours=hours), given.pop("title", "骨干培训"), who, **given)


async def booked(
    session: AsyncSession, org: OrgKit, place: Venue, start: datetime, hours: float = 2, **given: Any
) -> Booking:
    """A booking that was made."""
    return await book(session, org, ask(org, place, start, hours, **given), CLERK)
