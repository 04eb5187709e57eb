"""Passing on: rounds of all organisations, one round, a wish, its withdrawal. The owner decides and keeps."""

import asyncio

from pydantic import BaseModel

from services.hub.directory import organisations
from services.hub.venues.moving import marked
from shared.contracts.rounds import (
    ROUND,
    ROUNDS,
    UNWISH,
    WISH,
    Done,
    RoundRequest,
    RoundsAnswer,
    RoundsRequest,
    RoundState,
    UnwishRequest,
    WishRequest,
)
from shared.kit.bus import BusAway, Declined
from shared.kit.context import Kit
from shared.kit.errors import Forbidden, NotFound
from shared.kit.events.responders import requester
from shared.kit.module import Responder


def responders(kit: Kit) -> tuple[Responder, ...]:
    """The four answers."""

    async def all_(request: RoundsRequest) -> BaseModel:
        _refuse_others(request.org)
        return await of_others(kit, request)

    async def one(request: RoundRequest) -> BaseModel:
        _refuse_others(request.org)
        return await _pass_on(kit, request.owner, ROUND, request, RoundState)

    async def wish(request: WishRequest) -> BaseModel:
        _refuse_others(request.booker.org)
        if request.booker.staff_id is None:
            raise Forbidden("只能为本组织申请")  # nobody could ever take it back
        async with kit.database.transaction() as session:
            booker = await marked(session, request.booker)
        question = request.model_copy(update={"booker": booker})
        return await _pass_on(kit, request.owner, WISH, question, Done)

    async def unwish(request: UnwishRequest) -> BaseModel:
        _refuse_others(request.booker.org)
        return await _pass_on(kit, request.owner, UNWISH, request, Done)

    return (
        Responder(ROUNDS, RoundsRequest, all_),
        Responder(ROUND, RoundRequest, one),
        Responder(WISH, WishRequest, wish),
        Responder(UNWISH, UnwishRequest, unwish),
    )


async def of_others(kit: Kit, request: RoundsRequest) -> RoundsAnswer:
    """The rounds of all but the asker; who does not answer is named."""
    others = {code: name for code, name in (await _known(kit)).items() if code != request.org}
    answers = await asyncio.gather(*(_of_owner(kit, *owner, request) for owner in others.items()))
    lines = [line for answer in answers for line in answer.rounds]
    return RoundsAnswer(
        rounds=tuple(sorted(lines, key=lambda line: line.closes_at, reverse=True)),
        away=tuple(name for answer in answers for name in answer.away),
    )


def _refuse_others(org: str) -> None:
    """The account tells who asks, never the message."""
    if org != requester():
        raise Forbidden("只能为本组织申请")


async def _known(kit: Kit) -> dict[str, str]:
    async with kit.database.transaction() as session:
        return {o.code: o.short_name for o in await organisations(session)}


async def _of_owner(kit: Kit, owner: str, name: str, request: RoundsRequest) -> RoundsAnswer:
    try:
        return await kit.bus.request(owner, ROUNDS, request, RoundsAnswer, timeout=3)
    except (BusAway, Declined):
        return RoundsAnswer(away=(name,))


async def _pass_on(kit: Kit, owner: str, name: str, request: BaseModel, answer: type[BaseModel]) -> BaseModel:
    if owner not in await _known(kit):
        raise NotFound("没有这个组织")
    return await kit.bus.request(owner, name, request, answer, timeout=4)
