"""Pages of lookups. A query is posted and answered by an opaque address, so that no name stands in a URL."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from services.hub.directory import organisations
from services.hub.lookup import service
from services.hub.lookup.deps import LookupId, Narrowed, Opener, Page, Searcher, Within, WithKit
from services.hub.lookup.frame import Frame, frame
from services.hub.lookup.live import live_lookup
from services.hub.lookup.narrowing import units_named
from services.hub.lookup.recent import recent
from services.hub.lookup.rules import TITLES, Kind
from services.hub.lookup.schemas import Ask, Narrow
from services.hub.persons import REASONS
from shared.kit.db import Tx
from shared.kit.errors import Invalid, Unavailable
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

router = APIRouter(prefix="/lookup")
ECHOED = 200
"""Characters of a refused text that are shown again in the box."""
_BLANK: dict[str, Any] = {"q": "", "purpose": "", "reason": "", "errors": {}, "hint": "", "result": None}
_BLANK["kinds"] = TITLES


@router.get("")
async def start(request: Request, session: Tx, staff: Searcher) -> Response:
    """The empty box, with one's own last lookups below."""
    own = await recent(session, staff, limit=8)
    return render(
        request, "lookup/page.html", **{**_BLANK, **_frame(await frame(session)), "recent": own.rows}
    )


@router.post("")
async def look_up(
    request: Request,
    kit: WithKit,
    session: Tx,
    staff: Searcher,
    q: Annotated[str, Form()] = "",
    purpose: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form()] = "",
    understood_as: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Begin a lookup; what is wrong is told beside the box."""
    try:
        ask = _ask(q, purpose, reason, understood_as)
        return see_other(f"/lookup/{await service.look_up(kit, session, staff, ask)}")
    except (Invalid, Unavailable) as error:
        typed = {
            "q": q[:ECHOED],
            "purpose": purpose,
            "reason": reason[:ECHOED],
            "errors": error.fields or {"text": error.title},
        }
        own = await recent(session, staff, limit=8)
        context = {**_BLANK, **_frame(await frame(session)), **typed, "hint": error.hint, "recent": own.rows}
        return render(request, "lookup/page.html", error.status, **context)


def _ask(q: str, purpose: str, reason: str, understood_as: str) -> Ask:
    kind = understood_as if understood_as in set(Kind) else None
    if not purpose:
        raise Invalid("请选择查询用途", hint="没有用途不能查询。", fields={"purpose": "请选择查询用途"})
    try:
        return Ask.model_validate({"text": q, "purpose": purpose, "reason": reason, "understood_as": kind})
    except ValidationError as error:
        fields = {str(e["loc"][0]): _said(e["type"], e["msg"]) for e in error.errors()}
        raise Invalid("请检查填写的内容", hint="", fields=fields) from None


def _said(kind: str, message: str) -> str:
    """Our own types speak Chinese already; pydantic's need a word."""
    if kind == "forbidden_character":
        return message
    return "内容太长，请缩短后再查" if kind == "string_too_long" else "填写有误"


@router.get("/recent")
async def own_lookups(request: Request, session: Tx, staff: Searcher, page: Page = "") -> Response:
    """All of one's own lookups."""
    return render(request, "lookup/recent.html", page=await recent(session, staff, page), kinds=TITLES)


@router.get("/persons/{person_id}")
async def person(
    request: Request, kit: WithKit, session: Tx, staff: Opener, person_id: UUID, lookup: LookupId
) -> Response:
    """One person's records; a part beside the result when htmx asks, else a page."""
    details = await service.open_person(kit, session, staff, lookup, person_id)
    part = request.headers.get("hx-request") == "true"
    template = "lookup/drawer.html" if part else "lookup/person.html"
    live = await live_lookup(kit, session, staff, lookup)
    return render(
        request, template, details=details, orgs={o.code: o for o in await organisations(session)},
        reasons=[_(REASONS[r]) for r in details.linked_by], record=live.record,
    )  # fmt: skip


@router.get("/{lookup_id}")
async def result(
    request: Request,
    kit: WithKit,
    session: Tx,
    staff: Searcher,
    lookup_id: UUID,
    narrow: Narrowed,
    page: Page = "",
    within: Within = None,
) -> Response:
    """One page of a lookup of one's own; `within` is the name of a unit to narrow it to."""
    live = await live_lookup(kit, session, staff, lookup_id)
    around = await frame(session)
    found = await service.answer(kit, session, staff, live, around, narrow, page)
    base = f"/lookup/{lookup_id}"
    typed = {"q": live.text, "purpose": live.record.purpose, "reason": live.record.reason}
    address = Addresses(base, narrow)
    mark = len(live.query.han) if live.query.kind in (Kind.NAME, Kind.MIXED, Kind.TAIL) else 0
    units = await units_named(session, within, [o.code for o in around.orgs]) if within else []
    shown = {
        "result": found,
        "within": within or "",
        "units": units,
        "narrow": narrow,
        "address": address,
        "mark": mark,
        "recent": [],
    }
    return render(request, "lookup/page.html", **{**_BLANK, **_frame(around), **typed, **shown})


class Addresses:
    """Addresses of one result with other filters; they hold filters and opaque cursors only."""

    def __init__(self, base: str, narrow: Narrow) -> None:
        self.base, self.narrow = base, narrow

    def to(self, **changed: object) -> str:
        """The address with these filters changed; the first page unless `page` is given."""
        values = self.narrow.model_dump() | changed
        kept = {k: ("true" if v is True else v) for k, v in values.items() if v}
        return self.base + (f"?{urlencode(kept)}" if kept else "")


def _frame(around: Frame) -> dict[str, Any]:
    return {
        "orgs": {o.code: o for o in around.orgs},
        "purposes": around.purposes,
        "as_of": around.orgs,
    }
