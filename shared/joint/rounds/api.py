"""The JSON API of rounds of other organisations; the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from shared.contracts.rounds import RoundState, WishIn
from shared.joint.rounds import asking
from shared.joint.rounds.side import Side
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.types import Slug


def api(kit: Kit, side: Side) -> APIRouter:
    """Routes below `side.api`."""
    router = APIRouter(prefix=side.api, tags=["rounds"])
    Reader = Annotated[Staff, Depends(require(side.reads))]  # noqa: N806 - a type
    Wisher = Annotated[Staff, Depends(require(side.writes))]  # noqa: N806 - a type

    @router.get("/{owner}/{round_id}")
    async def read(_staff: Reader, owner: Slug, round_id: UUID) -> RoundState:
        """One round with one's own wishes and, once published, everybody's with the reason of each."""
        return await asking.look(kit, side, owner, round_id)

    @router.post("/{owner}/{round_id}/wishes", status_code=201)
    async def wish(staff: Wisher, session: Tx, owner: Slug, round_id: UUID, body: WishIn) -> RoundState:
        """Enter a wish; the same one sent twice is one."""
        await asking.wish(session, kit, side, staff, owner, round_id, body)
        return await asking.look(kit, side, owner, round_id)

    @router.post("/{owner}/{round_id}/wishes/{wish_id}/withdraw")
    async def withdraw(staff: Wisher, session: Tx, owner: Slug, round_id: UUID, wish_id: UUID) -> RoundState:
        """Take a wish back."""
        await asking.withdraw(session, kit, side, staff, owner, round_id, wish_id)
        return await asking.look(kit, side, owner, round_id)

    return router
