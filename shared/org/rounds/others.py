"""Rounds of other organisations as an organisation's own service reaches them: by way of the hub."""

from shared.contracts.bookings import Booker
from shared.contracts.rounds import ROUNDS, RoundsAnswer, RoundsRequest
from shared.joint.rounds import Side
from shared.kit.bus import BusAway, Declined
from shared.kit.errors import Problem
from shared.kit.staff import Staff
from shared.org.bookings.service import own_booker
from shared.org.kit import OrgKit

HUB = "hub"


def side_of(org: OrgKit) -> Side:
    """From where its staff look."""

    def booker(staff: Staff) -> Booker:
        return own_booker(org, staff.office[:100], staff.name[:60], staff.id)

    return Side(
        code=org.profile.code, at="/venues/rounds/of", api="/api/v1/rounds/of",
        reads="bookings.read", writes="bookings.write",
        above=(("阵地", "/venues"), ("场地轮次", "/venues/rounds")), booker=booker, asks=lambda _owner: HUB,
    )  # fmt: skip


async def ask_all(org: OrgKit) -> tuple[RoundsAnswer, Problem | None]:
    """What the hub says; its absence is told on the page, one's own rounds do not need it."""
    try:
        question = RoundsRequest(org=org.profile.code)
        return await org.kit.bus.request(HUB, ROUNDS, question, RoundsAnswer), None
    except (BusAway, Declined) as problem:
        return RoundsAnswer(), problem
