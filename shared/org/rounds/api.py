"""The JSON API of rounds; the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rounds import RoundsAnswer, RoundState, WishIn
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.org.kit import OrgKit
from shared.org.rounds import drawing, service
from shared.org.rounds.others import ask_all, side_of
from shared.org.rounds.reading import lines, state_for
from shared.org.rounds.schemas import Ending, NewRound, RoundOut, Step, Undoing

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Wisher = Annotated[Staff, Depends(require("bookings.write"))]
Keeper = Annotated[Staff, Depends(require("venues.write"))]
Approver = Annotated[Staff, Depends(require("bookings.approve"))]


def api(org: OrgKit) -> APIRouter:
    """Routes below /api/v1/rounds."""
    router = APIRouter(prefix="/api/v1/rounds", tags=["rounds"])
    _reading(router, org)
    _wishing(router, org)
    _steps(router, org)
    return router


def _reading(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def list_all(_staff: Reader, session: Tx) -> RoundsAnswer:
        """Rounds of this organisation."""
        return RoundsAnswer(rounds=tuple(await lines(session, org)))

    @router.get("/of")
    async def of_others(_staff: Reader) -> RoundsAnswer:
        """Rounds of the other organisations, as the hub tells; 503 when it is away."""
        found, problem = await ask_all(org)
        if problem is not None:
            raise problem
        return found

    @router.get("/{round_id}")
    async def read(_staff: Reader, session: Tx, round_id: UUID) -> RoundState:
        """One round with its wishes and, once published, the reason of each."""
        return await _state(session, org, round_id)


def _wishing(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{round_id}/wishes", status_code=201)
    async def wish(staff: Wisher, session: Tx, round_id: UUID, body: WishIn) -> RoundState:
        """Enter a wish."""
        await service.wish(session, org, round_id, body, side_of(org).booker(staff), staff)
        return await _state(session, org, round_id)

    @router.post("/{round_id}/wishes/{wish_id}/withdraw")
    async def withdraw(staff: Wisher, session: Tx, round_id: UUID, wish_id: UUID) -> RoundState:
        """Take a wish back."""
        await service.withdraw(session, round_id, wish_id, side_of(org).booker(staff), staff)
        return await _state(session, org, round_id)


def _steps(router: APIRouter, org: OrgKit) -> None:
    @router.post("", status_code=201)
    async def open_round(staff: Keeper, session: Tx, body: NewRound) -> RoundOut:
        """Open a round."""
        return RoundOut.model_validate(await service.open_round(session, body, staff))

    @router.post("/{round_id}/draw")
    async def draw(staff: Keeper, session: Tx, round_id: UUID, body: Step) -> RoundOut:
        """Who would get what."""
        return RoundOut.model_validate(await drawing.draw_round(session, org, round_id, body.version, staff))

    @router.post("/{round_id}/undo")
    async def undo(staff: Keeper, session: Tx, round_id: UUID, body: Undoing) -> RoundOut:
        """Back to entering wishes."""
        season = await drawing.undo(session, round_id, body.version, body.closes_at, body.reason, staff)
        return RoundOut.model_validate(season)

    @router.post("/{round_id}/cancel")
    async def cancel(staff: Keeper, session: Tx, round_id: UUID, body: Ending) -> RoundOut:
        """No drawing takes place."""
        return RoundOut.model_validate(
            await service.cancel(session, round_id, body.version, body.reason, staff)
        )

    @router.post("/{round_id}/confirm")
    async def confirm(staff: Approver, session: Tx, round_id: UUID, body: Step) -> RoundOut:
        """Bookings of all that was given."""
        await drawing.confirm(org, round_id, body.version, staff)
        return RoundOut.model_validate(await service.get_round(session, round_id))


async def _state(session: AsyncSession, org: OrgKit, round_id: UUID) -> RoundState:
    """The round as the owner's own staff may see it."""
    return await state_for(session, org, await service.get_round(session, round_id), org.profile.code)
