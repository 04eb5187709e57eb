"""What staff do in a round of another organisation, by page or API: its owner is asked."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rounds import (
    ROUND,
    UNWISH,
    WISH,
    Done,
    RoundRequest,
    RoundState,
    UnwishRequest,
    WishIn,
    WishRequest,
)
from shared.joint.rounds.auditing import in_words
from shared.joint.rounds.side import Side
from shared.kit import audit
from shared.kit.context import Kit
from shared.kit.staff import Staff


async def look(kit: Kit, side: Side, owner: str, round_id: UUID) -> RoundState:
    """The round as one's own side may see it."""
    question = RoundRequest(owner=owner, org=side.code, round_id=round_id)
    return await kit.bus.request(side.asks(owner), ROUND, question, RoundState)


async def wish(
    session: AsyncSession, kit: Kit, side: Side, staff: Staff, owner: str, round_id: UUID, given: WishIn
) -> None:
    """A wish for it."""
    question = WishRequest(owner=owner, round_id=round_id, booker=side.booker(staff), wish=given)
    await kit.bus.request(side.asks(owner), WISH, question, Done)
    detail = {"owner": owner, "name": given.title, **in_words(given)}
    audit.record(
        session, actor=staff, action="round.wished_elsewhere", target=("round", round_id), detail=detail
    )


async def withdraw(
    session: AsyncSession, kit: Kit, side: Side, staff: Staff, owner: str, round_id: UUID, wish_id: UUID
) -> None:
    """The wish is taken back."""
    question = UnwishRequest(owner=owner, round_id=round_id, booker=side.booker(staff), wish_id=wish_id)
    await kit.bus.request(side.asks(owner), UNWISH, question, Done)
    detail = {"owner": owner, "wish": str(wish_id)}
    audit.record(
        session, actor=staff, action="round.unwished_elsewhere", target=("round", round_id), detail=detail
    )
