"""Rounds of other organisations, seen and wished for from one's own service: the hub passes it on."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from shared.contracts.bookings import Booker
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
from shared.kit import clock
from shared.kit.bus import BusAway, Declined
from shared.kit.errors import Invalid, Problem
from shared.kit.staff import Staff, require
from shared.kit.types import Slug
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.downloads import as_download
from shared.org.bookings.service import own_booker
from shared.org.kit import OrgKit
from shared.org.rounds import forms, titles
from shared.org.rounds.result_file import result_file

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Wisher = Annotated[Staff, Depends(require("bookings.write"))]
HUB = "hub"


def other_routes(router: APIRouter, org: OrgKit) -> None:
    """Routes below /venues/rounds/of."""

    @router.get("/of/{owner}/{round_id:uuid}")
    async def show(request: Request, staff: Reader, owner: Slug, round_id: UUID) -> Response:
        """A round of another organisation."""
        return await _page(request, org, staff, owner, round_id)

    @router.get("/of/{owner}/{round_id:uuid}/result.xlsx")
    async def result(staff: Reader, owner: Slug, round_id: UUID) -> Response:
        """Its published result as a file."""
        state = await _ask(org, owner, round_id)  # before the transaction: the hub may take its time
        async with org.kit.database.transaction() as session:
            return as_download(await result_file(session, org, state, staff))

    @router.post("/of/{owner}/{round_id:uuid}/wishes")
    async def enter(
        request: Request,
        staff: Wisher,
        owner: Slug,
        round_id: UUID,
        typed: Annotated[dict[str, str], Depends(forms.wish)],
    ) -> Response:
        """A wish for it."""
        booker = _booker(org, staff)
        try:
            given = forms.meant_wish(typed)
            question = WishRequest(owner=owner, round_id=round_id, booker=booker, wish=given)
            await org.kit.bus.request(HUB, WISH, question, Done)
        except (Declined, Invalid) as problem:
            return await _page(request, org, staff, owner, round_id, problem, typed)
        return see_other(_at(owner, round_id), _("已填报"))

    @router.post("/of/{owner}/{round_id:uuid}/wishes/{wish_id:uuid}/withdraw")
    async def withdraw(staff: Wisher, owner: Slug, round_id: UUID, wish_id: UUID) -> Response:
        """Take it back."""
        booker = _booker(org, staff)
        question = UnwishRequest(owner=owner, round_id=round_id, booker=booker, wish_id=wish_id)
        await org.kit.bus.request(HUB, UNWISH, question, Done)
        return see_other(_at(owner, round_id), _("已撤回"))


async def ask_all(org: OrgKit) -> tuple[RoundsAnswer, Problem | None]:
    """What the hub says; its absence is told on the page, one's own rounds do not need it."""
    try:
        question = RoundsRequest(org=org.profile.code)
        return await org.kit.bus.request(HUB, ROUNDS, question, RoundsAnswer), None
    except (BusAway, Declined) as problem:
        return RoundsAnswer(), problem


async def _page(
    request: Request,
    org: OrgKit,
    staff: Staff,
    owner: str,
    round_id: UUID,
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    state = await _ask(org, owner, round_id)
    return render(
        request, "rounds/show.html", problem.status if problem else 200, problem=problem, version=0,
        keeper=False, approver=False, **shown(state, staff, _at(owner, round_id), typed),
    )  # fmt: skip


async def _ask(org: OrgKit, owner: str, round_id: UUID) -> RoundState:
    question = RoundRequest(owner=owner, org=org.profile.code, round_id=round_id)
    return await org.kit.bus.request(HUB, ROUND, question, RoundState)


def _at(owner: str, round_id: UUID) -> str:
    return f"/venues/rounds/of/{owner}/{round_id}"


def _booker(org: OrgKit, staff: Staff) -> Booker:
    return own_booker(org, staff.office[:100], staff.name[:60], staff.id)


def shown(state: RoundState, staff: Staff, at: str, typed: dict[str, str] | None) -> dict[str, Any]:
    """What both a round of one's own and one of another organisation show; `typed` of a refused wish."""
    entering = state.status == "open" and state.closes_at > clock.now()
    return {
        "round": state, "at": at, "titles": titles, "entering": entering,
        "typed": typed or {**forms.BLANK_WISH, "wish_id": str(uuid4())},
        "may_wish": entering and staff.can("bookings.write"),
        "choices": [(c.venue_id, c.name) for c in state.choices],
    }  # fmt: skip
