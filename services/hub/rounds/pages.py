"""Rounds of all organisations for the joint office, which wishes like anybody else."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.hub.rounds.answers import of_others
from services.hub.venues.moving import JOINT
from shared.contracts.bookings import Booker
from shared.contracts.rounds import RoundsRequest
from shared.joint.rounds import Side, titles
from shared.kit import clock
from shared.kit.context import Kit
from shared.kit.staff import Staff, require
from shared.kit.web import render

AT = "/rooms/rounds"
Reader = Annotated[Staff, Depends(require("rooms.read"))]


def booker(staff: Staff) -> Booker:
    """Somebody of the joint office, with its mark."""
    code, name, letter, palette = JOINT
    return Booker(
        org=code, office=staff.office[:100], staff_name=staff.name[:60], staff_id=staff.id, org_name=name,
        letter=letter, palette=palette,
    )  # fmt: skip


SIDE = Side(
    code=JOINT[0], at=AT, api="/api/v1/rooms/rounds",
    reads="rooms.read", writes="rooms.write", booker=booker, asks=lambda owner: owner,
    above=(("共享阵地", "/rooms"), ("场地轮次", AT)),
)  # fmt: skip


def pages(kit: Kit) -> APIRouter:
    """The list; what is below it is that of every service."""
    router = APIRouter(prefix=AT)

    @router.get("")
    async def show_list(request: Request, _staff: Reader) -> Response:
        """Rounds of all organisations."""
        answer = await of_others(kit, RoundsRequest(org=SIDE.code))
        return render(
            request,
            "seasons/list.html",
            answer=answer,
            above=SIDE.above,
            at=AT,
            titles=titles,
            now_=clock.now(),
        )

    return router
