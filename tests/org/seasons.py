"""A round for tests: a hall, wishes of the owner and of others, time set back so that it can be drawn."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rounds import WishIn
from shared.kit import clock
from shared.kit.staff import Staff
from shared.org.kit import OrgKit
from shared.org.rounds.drawing import draw_round
from shared.org.rounds.models import Round, SeasonWish
from shared.org.rounds.schemas import NewRound
from shared.org.rounds.service import open_round, wish
from shared.org.units import Unit
from shared.org.venues import Venue
from tests.org.people import CLERK
from tests.org.rooms import STRANGER, at, booker, venue

FIRST, LAST = 10, 30
"""days from today: the period has three of each weekday"""
KEEPER = Staff(
    id=uuid4(), login="keeper", name="吴保管", office="组织部", roles=("clerk", "approver"), scope_path="",
    permissions=frozenset({"*.read", "*.write", "*.approve"}), via="session",
)  # fmt: skip


def new_round(*venues: Venue) -> NewRound:
    """Three weeks from the tenth day on, wishes until tomorrow."""
    first, last = at(FIRST, 0).date(), at(LAST, 0).date()
    ids = tuple(v.id for v in venues)
    return NewRound(title="春季轮次", venues=ids, first=first, last=last, closes_at=at(1, 18))


async def season(session: AsyncSession, *venues: Venue) -> Round:
    """The same, opened."""
    return await open_round(session, new_round(*venues), KEEPER)


def wanted(place: Venue, **given: Any) -> WishIn:
    """The weekday of the first day, nine to eleven."""
    values = {"weekday": at(FIRST, 0).date().weekday(), "opens": 540, "closes": 660, "rank": 1}
    return WishIn(wish_id=uuid4(), venue_id=place.id, **({"title": "读书会"} | values | given))


async def wished(
    session: AsyncSession, org: OrgKit, opened: Round, place: Venue, code: str = "", **given: Any
) -> SeasonWish:
    """A wish that was entered."""
    who = booker(org, code).model_copy(update={"org_name": code or "本会", "staff_id": KEEPER.id})
    return await wish(session, org, opened.id, wanted(place, **given), who, CLERK)


async def drawn(
    session: AsyncSession, org: OrgKit, unit: Unit, code: str = "", **given: Any
) -> tuple[Round, Venue]:
    """A round with one hall and one wish for it, drawn."""
    hall = await venue(session, org, unit)
    opened = await season(session, hall)
    await wished(session, org, opened, hall, code, **given)
    await closed(session, opened.id)
    return await draw_round(session, org, opened.id, 1, KEEPER), hall


async def closed(session: AsyncSession, round_id: UUID) -> None:
    """The deadline is over."""
    opened = await session.get_one(Round, round_id)
    opened.closes_at = clock.now() - timedelta(minutes=1)
    await session.flush()


__all__ = ["FIRST", "KEEPER", "STRANGER", "closed", "drawn", "new_round", "season", "wanted", "wished"]
