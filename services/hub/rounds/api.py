"""The list of all organisations' rounds for programs; what is below it is that of every service."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.hub.rounds.answers import of_others
from services.hub.rounds.pages import SIDE
from shared.contracts.rounds import RoundsAnswer, RoundsRequest
from shared.kit.context import Kit
from shared.kit.staff import Staff, require

Reader = Annotated[Staff, Depends(require("rooms.read"))]


def api(kit: Kit) -> APIRouter:
    """The list, below /api/v1/rooms/rounds."""
    router = APIRouter(prefix=SIDE.api, tags=["rounds"])

    @router.get("")
    async def list_all(_staff: Reader) -> RoundsAnswer:
        """Rounds of all organisations; `away` names owners that did not answer."""
        return await of_others(kit, RoundsRequest(org=SIDE.code))

    return router
