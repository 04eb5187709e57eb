"""Venues of other organisations, booked from one's own service: the hub asks their owners."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from shared.contracts.bookings import (
    ASK,
    FREE,
    LOOK,
    Asked,
    AskedList,
    AskRequest,
    FreeAnswer,
    FreeRequest,
    FreeVenue,
    LookRequest,
    Wanted,
)
from shared.kit import clock
from shared.kit.bus import BusAway, Declined
from shared.kit.clock import CHINA
from shared.kit.errors import Invalid, Problem
from shared.kit.pii.free_text import refuse_words
from shared.kit.staff import Staff, require
from shared.kit.types import Day, FreeText200, Moment
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.org.bookings.service import own_booker
from shared.org.kit import OrgKit

Reader = Annotated[Staff, Depends(require("bookings.read"))]
Writer = Annotated[Staff, Depends(require("bookings.write"))]
Hours = Annotated[int, Query(ge=1, le=12)]
People = Annotated[int, Query(ge=0, le=100_000)]
HUB = "hub"
STATUSES = {
    "asking": "正在询问场地方", "confirming": "正在确认", "releasing": "正在释放", "waiting": "待场地方审批",
    "confirmed": "全部生效", "refused": "未订成", "cancelled": "已取消",
}  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A wish that was not passed on, or nobody knows whether: what was asked and typed, why not."""

    request_id: UUID
    venue: UUID
    start: datetime
    end: datetime
    title: str
    problem: Problem

    @property
    def same(self) -> bool:
        """Sent once more it is the same wish: it may have arrived. After a no another time is asked for."""
        return not isinstance(self.problem, Declined)


@dataclass(frozen=True)
class Search:
    """On which day, for how many hours and people."""

    day: date
    hours: Hours = 2
    people: People = 30


def other_routes(router: APIRouter, org: OrgKit) -> None:
    """Routes below /venues/others."""

    @router.get("/others")
    async def find(
        request: Request, staff: Reader, day: Day | None = None, hours: Hours = 2, people: People = 30
    ) -> Response:
        """Free venues of the others on a day, and how one's own requests stand."""
        on = day or clock.today() + timedelta(days=1)
        return await _page(request, org, staff, Search(on, hours, people))

    @router.post("/others")
    async def ask(
        request: Request,
        staff: Writer,
        request_id: Annotated[UUID, Form()],
        venue: Annotated[UUID, Form()],
        start: Annotated[Moment, Form()],
        end: Annotated[Moment, Form()],
        title: Annotated[FreeText200, Form()] = "",
        hours: Annotated[int, Form(ge=1, le=12)] = 2,
        people: Annotated[int, Form(ge=0, le=100_000)] = 30,
    ) -> Response:
        """The owner is asked by way of the hub; a request sent twice is one."""
        try:
            answer = await _ask(org, staff, request_id, title, (venue, start, end))
        except Problem as problem:
            search = Search(start.astimezone(CHINA).date(), hours, people)
            refused = Refused(request_id, venue, start, end, title, problem)
            return await _page(request, org, staff, search, refused)
        said = _(STATUSES.get(answer.status, answer.status))
        kind = "ok" if answer.status in ("confirmed", "waiting") else "warn"
        return see_other("/venues/others", f"{said}　{answer.reason}".strip(), kind)


async def _ask(
    org: OrgKit, staff: Staff, request_id: UUID, title: str, wish: tuple[UUID, datetime, datetime]
) -> Asked:
    if not title:
        raise Invalid("请填写活动名称", fields={"title": "请填写活动名称"})
    refuse_words(title=title)
    venue, start, end = wish
    question = AskRequest(
        request_id=request_id, title=title[:60],
        booker=own_booker(org, staff.office[:100], staff.name[:60], staff.id),
        wanted=(Wanted(booking_id=uuid4(), venue_id=venue, start=start, end=end),),
    )  # fmt: skip
    return await org.kit.bus.request(HUB, ASK, question, Asked, timeout=15)


async def _page(
    request: Request, org: OrgKit, staff: Staff, search: Search, refused: Refused | None = None
) -> Response:
    found, asked, problem = await _ask_hub(org, staff, search)
    gone = refused is not None and refused.venue not in {f.venue_id for f in found}
    return render(
        request, "bookings/others.html", refused.problem.status if refused else 200, found=found, asked=asked,
        problem=problem, day=search.day, hours=search.hours, people=search.people, statuses=STATUSES,
        may=staff.can("bookings.write"), new_id=str(uuid4()), refused=refused, gone=gone,
    )  # fmt: skip


async def _ask_hub(
    org: OrgKit, staff: Staff, search: Search
) -> tuple[list[FreeVenue], list[Asked], Problem | None]:
    """What the hub says; its absence is told on the page, one's own venues do not need it."""
    question = FreeRequest(day=search.day, minutes=search.hours * 60, people=search.people)
    try:
        free = await org.kit.bus.request(HUB, FREE, question, FreeAnswer)
        asked = await org.kit.bus.request(HUB, LOOK, LookRequest(staff_id=staff.id), AskedList)
    except (BusAway, Declined) as problem:
        return [], [], problem
    others = [v for v in free.venues if v.owner != org.profile.code]
    return others, list(asked.requests), None
