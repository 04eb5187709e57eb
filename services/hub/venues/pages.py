"""Pages of shared venues: everybody's week, a request for several venues, how it stands, free venues."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import Known, organisations
from services.hub.venues import present
from services.hub.venues.finding import Need, find_free
from services.hub.venues.models import RequestItem
from services.hub.venues.moving import JOINT, move_on
from services.hub.venues.picking import Pick, pick_of, picks_in, wishes_of
from services.hub.venues.requests import cancel_request, get_request, items_of, make_request, of_staff
from shared.contracts.bookings import Alternative
from shared.contracts.venues import Opening, Sharing
from shared.joint import venues as words
from shared.kit import clock
from shared.kit.calendar import HERE, Span, weekly_lines
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.errors import Invalid, NotFound, Problem, Refused
from shared.kit.staff import Staff, require
from shared.kit.types import Count, Day, FreeText200, SearchText
from shared.kit.web import get_locale, render, see_other
from shared.kit.web import gettext as _

Reader = Annotated[Staff, Depends(require("rooms.read"))]
Writer = Annotated[Staff, Depends(require("rooms.write"))]
Words = Annotated[FreeText200, Form()]
STATUSES = {
    "asking": "正在询问场地方", "confirming": "正在确认", "releasing": "正在释放", "waiting": "待场地方审批",
    "confirmed": "全部生效", "refused": "未订成", "cancelled": "已取消",
}  # fmt: skip
ITEMS = {
    "asking": "待询问", "away": "等待场地方应答", "held": "已暂留", "waiting": "待审批",
    "confirmed": "已生效", "refused": "被拒绝", "released": "已释放", "cancelled": "已取消",
    "expired": "已过期",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form of a request, as it was typed."""

    title: str = ""
    people: str = ""
    org: str = ""


class At:
    """Addresses of the grid with something changed; picked venues go along."""

    def __init__(self, where: present.Where, picks: tuple[Pick, ...]) -> None:
        self.where, self.picks = where, picks
        self.before_pick = f"{self.to()}&"
        self.picked = tuple(f"{p.venue_id}{p.day.isoformat()}{p.opens}" for p in picks)
        self._locale = get_locale()

    def to(self, picks: tuple[Pick, ...] | None = None, **changed: Any) -> str:
        """The address with these values; empty ones are left out."""
        w = self.where
        now = {"view": "day" if w.view == "day" else "", "day": w.day.isoformat(), "org": w.org,
               "district": w.district, "people": w.people, "q": w.text}  # fmt: skip
        pairs = [(k, v) for k, v in (now | changed).items() if v]
        pairs += [("pick", str(p)) for p in (self.picks if picks is None else picks)]
        return f"/rooms?{urlencode(pairs)}"

    def pick(self, venue: str, day: date, offer: Span) -> str:
        """The address with this free slot picked too, as rows keep it: `before_pick` is left out."""
        new = Pick(UUID(venue), day, offer.opens, min(offer.closes, offer.opens + 180))
        return f"{HERE}{urlencode({'pick': str(new)})}#panel"  # hundreds on a page

    def look(self, venue: str) -> Hashable:
        """What a venue's row is written with: language, and which of its slots are picked."""
        return self._locale, tuple(p for p in self.picked if p.startswith(venue))

    def drop(self, pick: Pick) -> str:
        """The address without it."""
        return self.to(picks=tuple(p for p in self.picks if p != pick))


def pages(kit: Kit) -> APIRouter:
    """Routes below /rooms."""
    router = APIRouter(prefix="/rooms")
    _looking(router, kit)
    _finding(router)
    _asking(router, kit)
    _asked(router, kit)
    return router


def _looking(router: APIRouter, kit: Kit) -> None:
    @router.get("")
    async def week(
        request: Request,
        session: Tx,
        staff: Reader,
        view: present.View = "week",
        day: Day | None = None,
        org: Annotated[SearchText, Query()] = "",
        district: Annotated[SearchText, Query()] = "",
        people: Annotated[Count | None, Query()] = None,
        q: Annotated[SearchText, Query()] = "",
        pick: Annotated[list[SearchText] | None, Query()] = None,
    ) -> Response:
        """Everybody's venues and what stands in them; picked slots are asked for together."""
        picks = picks_in(pick or [])
        where = present.Where(view, day or clock.today(), org, district, people or 0, q)
        return await _grid(request, kit, session, staff, where, picks)


def _finding(router: APIRouter) -> None:
    @router.get("/find")
    async def find(
        request: Request,
        session: Tx,
        _staff: Reader,
        day: Day | None = None,
        hours: Annotated[int, Query(ge=1, le=12)] = 2,
        people: Annotated[int, Query(ge=0, le=100_000)] = 30,
        district: Annotated[SearchText, Query()] = "",
    ) -> Response:
        """Free venues that fit a need."""
        need = Need(day or clock.today(), hours * 60, 0, 1440, people, district)
        found = await find_free(session, need)
        orgs = {o.code: o for o in await organisations(session)}
        return render(
            request, "rooms/find.html", found=found, need=need, hours=hours, orgs=orgs,
            districts=await present.districts_of(session),
        )  # fmt: skip

    @router.get("/venues/{venue_id}")
    async def venue(request: Request, session: Tx, _staff: Reader, venue_id: UUID) -> Response:
        """One venue as its owner told it."""
        found = await present.venues_of(session, [venue_id])
        if not found:
            raise NotFound("没有这个场地")
        orgs = {o.code: o for o in await organisations(session)}
        opening, sharing = Opening.model_validate(found[0].opening), Sharing.model_validate(found[0].sharing)
        return render(
            request, "rooms/venue.html", venue=found[0], owner=orgs.get(found[0].org), opening=opening,
            hours=weekly_lines(opening.weekly), sharing=sharing, words=words,
            exceptions=[e for e in opening.exceptions if e.last >= clock.today()],
            lead="、".join(_named(orgs, [found[0].lead_org])),
            tenants="、".join(_named(orgs, found[0].tenants)),
            partners=_named(orgs, sharing.partners),
        )  # fmt: skip


def _asking(router: APIRouter, kit: Kit) -> None:
    @router.post("/ask")
    async def ask(
        request: Request,
        session: Tx,
        staff: Writer,
        pick: Annotated[list[SearchText] | None, Form()] = None,
        title: Words = "",
        people: Words = "",
        org: Words = "",
    ) -> Response:
        """Ask the owners for all picked slots."""
        picks = picks_in(pick or [])
        try:
            if not title:
                raise Invalid("请填写活动名称", fields={"title": "请填写活动名称"})
            async with kit.database.transaction() as own:
                made = await make_request(
                    own, staff, wishes_of(picks), title=title[:60],
                    people=int(people) if people.isdigit() and len(people) < 6 else 0, org=org or "hub",
                )  # fmt: skip
        except (Invalid, Refused, NotFound) as problem:
            where = present.Where("week", picks[0].day if picks else clock.today())
            return await _grid(request, kit, session, staff, where, picks, problem, Typed(title, people, org))
        await move_on(kit, made.id)
        return see_other(f"/rooms/requests/{made.id}")


def _asked(router: APIRouter, kit: Kit) -> None:
    @router.get("/requests")
    async def mine(request: Request, session: Tx, staff: Reader) -> Response:
        """One's own requests."""
        return render(
            request, "rooms/requests.html", requests=await of_staff(session, staff.id), statuses=STATUSES
        )

    @router.get("/requests/{request_id}")
    async def one(request: Request, session: Tx, staff: Reader, request_id: UUID) -> Response:
        """How it stands with each owner."""
        found, items = await get_request(session, request_id), await items_of(session, request_id)
        orgs = {o.code: o for o in await organisations(session)}
        may = found.staff_id == staff.id and found.status in ("asking", "confirming", "waiting", "confirmed")
        moving = {"asking": 2, "confirming": 2, "releasing": 2, "waiting": 15}.get(found.status, 0)
        return render(
            request, "rooms/request.html", found=found, items=items, orgs=orgs, moving=moving,
            statuses=STATUSES, item_statuses=ITEMS, may=may and staff.can("rooms.write"),
            again=again(items), instead=partial(instead_of, items), may_ask=staff.can("rooms.write"),
            part="hx-request" in request.headers,
        )  # fmt: skip

    @router.post("/requests/{request_id}/cancel")
    async def cancel(staff: Writer, request_id: UUID, reason: Words = "") -> Response:
        """Let everything go."""
        async with kit.database.transaction() as session:
            await cancel_request(session, staff, request_id, reason)
        await move_on(kit, request_id)
        return see_other(f"/rooms/requests/{request_id}", _("已取消"))


def again(items: Iterable[RequestItem], instead: Mapping[UUID, Alternative] = MappingProxyType({})) -> str:
    """The grid with what lies ahead of it picked, some in another's place; empty when nothing does."""
    wanted = []
    for item in items:
        other = instead.get(item.booking_id)
        start, end = (other.start, other.end) if other else (item.during.lower, item.during.upper)
        if start and end:
            wanted.append(pick_of(other.venue_id if other else item.venue_id, start, end))
    picks = tuple(pick for pick in wanted if pick)
    return At(present.Where("week", picks[0].day), picks).to() if picks else ""


def instead_of(items: Iterable[RequestItem], trouble: Mapping[str, Any], instead: Mapping[str, Any]) -> str:
    """The same with one alternative in the place of what could not be had."""
    return again(items, {UUID(trouble["booking_id"]): Alternative.model_validate(instead)})


def _named(orgs: Mapping[str, Known], codes: Iterable[str]) -> list[str]:
    """Their short names; of one the hub does not know the code."""
    known = {JOINT[0]: JOINT[1]} | {code: org.short_name for code, org in orgs.items()}
    return [known.get(code, code) for code in codes if code]


async def _grid(
    request: Request,
    kit: Kit,
    session: AsyncSession,
    staff: Staff,
    where: present.Where,
    picks: tuple[Pick, ...],
    problem: Problem | None = None,
    typed: Typed = Typed(),
) -> Response:
    orgs, at = await organisations(session), At(where, picks)
    venues = {v.venue_id: v for v in await present.venues_of(session, [p.venue_id for p in picks])}
    return render(
        request,
        "rooms/week.html",
        problem.status if problem else 200,
        grid=await present.grid(session, where, orgs, at.look, kit.written),
        where=where,
        at=at,
        orgs=orgs,
        districts=await present.districts_of(session),
        picks=[(p, venues[p.venue_id]) for p in picks if p.venue_id in venues],
        may_ask=staff.can("rooms.write"),
        problem=problem,
        typed=typed,
        as_of=orgs,
    )
