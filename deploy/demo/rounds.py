"""A seasonal round of the demo city: one still open, one published with its reasons."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.demo.data import table
from deploy.demo.places import Organisation
from deploy.demo.rooms import booker_of
from deploy.demo.trail import ACTOR
from shared.contracts.rounds import WishIn
from shared.kit import clock
from shared.kit.clock import CHINA
from shared.kit.staff import Staff, StaffAccount
from shared.org.kit import OrgKit
from shared.org.rounds.drawing import confirm, draw_round
from shared.org.rounds.models import Round
from shared.org.rounds.schemas import NewRound
from shared.org.rounds.service import open_round, wish
from shared.org.venues import Venue

CLERK = "clerk"
AHEAD, LONG = timedelta(days=7), timedelta(days=41)
"""The period: six weeks, the first of them among the single bookings of the coming days."""


async def ensure_round(org: OrgKit, organisation: Organisation) -> None:
    """The organisation's round, where it has none yet and its halls are there."""
    row = table("rooms")["rounds"].get(organisation)
    async with org.kit.database.transaction() as session:
        if row is None or await session.scalar(select(Round.id).limit(1)) is not None:
            return
        halls = {
            v.name: v.id for v in await session.scalars(select(Venue).where(Venue.name.in_(row["venues"])))
        }
        staff = await _clerk(session)
        if staff is None or len(halls) < len(row["venues"]):
            return
        made = await _open(session, row, halls, staff)
        for wanted in row["wishes"]:
            await _wish(session, org, made.id, wanted, halls, staff)
        if not row["published"]:
            return
        made.closes_at = clock.now()  # in the demo city the weeks until the deadline are over at once
        await session.flush()
        await draw_round(session, org, made.id, made.version, staff)
    await confirm(org, made.id, made.version, staff)


async def _clerk(session: AsyncSession) -> Staff | None:
    found = await session.scalar(select(StaffAccount).where(StaffAccount.login == CLERK))
    if found is None:
        return None
    return Staff(
        id=found.id, login=found.login, name=found.name, office=found.office, roles=tuple(found.roles),
        scope_path="", permissions=frozenset(), via="session",
    )  # fmt: skip


async def _open(session: AsyncSession, row: dict[str, Any], halls: dict[str, UUID], staff: Staff) -> Round:
    first = clock.today() + AHEAD
    new = NewRound(
        title=row["title"], note=row["note"], venues=tuple(halls.values()), first=first, last=first + LONG,
        closes_at=datetime.combine(first - timedelta(days=4), time(18), CHINA),
    )  # fmt: skip
    return await open_round(session, new, staff)


async def _wish(
    session: AsyncSession,
    org: OrgKit,
    round_id: UUID,
    wanted: list[Any],
    halls: dict[str, UUID],
    staff: Staff,
) -> None:
    user, hall, weekday, opens, closes, rank, title = wanted
    given = WishIn(
        wish_id=uuid4(), venue_id=halls[hall], weekday=weekday, opens=opens * 60, closes=closes * 60,
        rank=rank, title=title, people=30,
    )  # fmt: skip
    booker = booker_of(user, staff.id if user == org.profile.code else None)
    await wish(session, org, round_id, given, booker, ACTOR)
