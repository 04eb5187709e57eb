"""What other organisations ask by way of the hub: the rounds, one of them, wish, withdraw."""

from pydantic import BaseModel

from shared.contracts.rounds import (
    ROUND,
    ROUNDS,
    UNWISH,
    WISH,
    Done,
    RoundRequest,
    RoundsAnswer,
    RoundsRequest,
    UnwishRequest,
    WishRequest,
)
from shared.kit import audit
from shared.kit.module import Responder
from shared.org.kit import OrgKit
from shared.org.rounds.reading import lines, state_for
from shared.org.rounds.service import get_round, wish, withdraw


def responders(org: OrgKit) -> tuple[Responder, ...]:
    """The four answers. The hub alone may ask, and says for whom."""

    async def all_(_request: RoundsRequest) -> BaseModel:
        async with org.kit.database.transaction() as session:
            return RoundsAnswer(rounds=tuple(await lines(session, org)))

    async def one(request: RoundRequest) -> BaseModel:
        async with org.kit.database.transaction() as session:
            return await state_for(session, org, await get_round(session, request.round_id), request.org)

    async def wished(request: WishRequest) -> BaseModel:
        async with org.kit.database.transaction() as session:
            who = request.booker
            await wish(session, org, request.round_id, request.wish, who, _actor(who.org, who.staff_name))
        return Done()

    async def unwished(request: UnwishRequest) -> BaseModel:
        async with org.kit.database.transaction() as session:
            who = request.booker
            await withdraw(session, request.round_id, request.wish_id, who, _actor(who.org, who.staff_name))
        return Done()

    return (
        Responder(ROUNDS, RoundsRequest, all_),
        Responder(ROUND, RoundRequest, one),
        Responder(WISH, WishRequest, wished),
        Responder(UNWISH, UnwishRequest, unwished),
    )


def _actor(org: str, name: str) -> audit.System:
    return audit.System(f"{org} {name}")
