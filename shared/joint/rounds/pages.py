"""A round of another organisation: seen, wished for, its result as a file; all is asked of its owner."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from shared.contracts.rounds import RoundState
from shared.joint.rounds import asking, forms, titles
from shared.joint.rounds.result_file import result_file
from shared.joint.rounds.side import Side
from shared.kit import clock
from shared.kit.bus import Declined
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.errors import Invalid, Problem
from shared.kit.staff import Staff, require
from shared.kit.types import Slug
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.downloads import as_download

Typed = Annotated[dict[str, str], Depends(forms.wish)]


def pages(kit: Kit, side: Side) -> APIRouter:
    """Routes below `side.at`."""
    router = APIRouter(prefix=side.at)
    _looking(router, kit, side)
    _wishing(router, kit, side)
    return router


def _looking(router: APIRouter, kit: Kit, side: Side) -> None:
    Reader = Annotated[Staff, Depends(require(side.reads))]  # noqa: N806 - a type

    @router.get("/{owner}/{round_id:uuid}")
    async def show(request: Request, staff: Reader, owner: Slug, round_id: UUID) -> Response:
        """A round of another organisation."""
        return await _page(request, kit, side, staff, owner, round_id)

    @router.get("/{owner}/{round_id:uuid}/result.xlsx")
    async def result(session: Tx, staff: Reader, owner: Slug, round_id: UUID) -> Response:
        """Its published result as a file."""
        state = await asking.look(kit, side, owner, round_id)
        return as_download(await result_file(session, kit, state, staff))


def _wishing(router: APIRouter, kit: Kit, side: Side) -> None:
    Wisher = Annotated[Staff, Depends(require(side.writes))]  # noqa: N806 - a type

    @router.post("/{owner}/{round_id:uuid}/wishes")
    async def enter(
        request: Request, session: Tx, staff: Wisher, owner: Slug, round_id: UUID, typed: Typed
    ) -> Response:
        """A wish for it."""
        try:
            await asking.wish(session, kit, side, staff, owner, round_id, forms.meant_wish(typed))
        except (Declined, Invalid) as problem:
            return await _page(request, kit, side, staff, owner, round_id, problem, typed)
        return see_other(f"{side.at}/{owner}/{round_id}", _("已填报"))

    @router.post("/{owner}/{round_id:uuid}/wishes/{wish_id:uuid}/withdraw")
    async def withdraw(session: Tx, staff: Wisher, owner: Slug, round_id: UUID, wish_id: UUID) -> Response:
        """Take it back."""
        await asking.withdraw(session, kit, side, staff, owner, round_id, wish_id)
        return see_other(f"{side.at}/{owner}/{round_id}", _("已撤回"))


async def _page(
    request: Request,
    kit: Kit,
    side: Side,
    staff: Staff,
    owner: str,
    round_id: UUID,
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    state = await asking.look(kit, side, owner, round_id)
    return render(
        request, "rounds/show.html", problem.status if problem else 200, problem=problem, version=0,
        keeper=False, approver=False, **shown(state, side, staff, f"{side.at}/{owner}/{round_id}", typed),
    )  # fmt: skip


def shown(
    state: RoundState, side: Side, staff: Staff, at: str, typed: dict[str, str] | None
) -> dict[str, Any]:
    """What both a round of one's own and one of another organisation show; `typed` of a refused wish."""
    entering = state.status == "open" and state.closes_at > clock.now()
    return {
        "round": state, "at": at, "above": side.above, "titles": titles, "entering": entering,
        "typed": typed or {**forms.BLANK_WISH, "wish_id": str(uuid4()), "rank": _next_rank(state)},
        "may_wish": entering and staff.can(side.writes),
        "choices": [(c.venue_id, c.name) for c in state.choices],
    }  # fmt: skip


def _next_rank(state: RoundState) -> str:
    """Behind one's own wishes: those of one rank are drawn by lot."""
    return str(min(max((wish.rank for wish in state.wishes if wish.mine), default=0) + 1, 40))
