"""The stewards' queue: one list, one pair side by side, three answers, and back."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from services.hub.directory import organisations
from services.hub.persons import (
    REASONS,
    Pair,
    Reason,
    Steward,
    against,
    given,
    ordered,
    parties,
    recent_verdicts,
    says,
)
from services.hub.review import queue, service
from services.hub.review.access import Wanted
from services.hub.review.compare import compare
from services.hub.review.schemas import AGES, Filter, Queue, Waiting
from shared.kit import audit, clock
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.types import Int64, OptionalDay, OptionalText200
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

router = APIRouter()
PAGE = 10
Id = Annotated[UUID, Form()]


def address(wanted: Filter, **other: object) -> str:
    """Where this part of the queue is."""
    found = urlencode(wanted.parameters(**other))
    return f"/candidates?{found}" if found else "/candidates"


@router.get("/candidates")
async def candidates(
    request: Request,
    session: Tx,
    staff: Steward,
    wanted: Wanted,
    page: Annotated[str, Query(max_length=300)] = "",
    pair: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """Pairs that wait, the longest first; the chosen one (else the first) side by side."""
    found = await queue.page(session, wanted, page, limit=PAGE)
    chosen = await _chosen(session, found, pair)
    audit.record(session, actor=staff, action="review.opened", purpose=_("同一人核对"),
                 detail={"shown": len(found.rows)})  # fmt: skip
    verdicts = await recent_verdicts(session)
    return render(
        request, "review/queue.html", found=found, chosen=chosen, wanted=wanted, page=page, address=address,
        compared=compare(chosen.first, chosen.second) if chosen else [], says=says, against=against,
        backlog=await queue.backlog(session), verdicts=verdicts,
        parties=await parties(session, verdicts), rules=REASONS, ages=AGES,
        today=clock.today(),
        mine=next((v for v in verdicts if v.by_id == staff.id), None), week=clock.today() + timedelta(days=7),
        orgs={o.code: o for o in await organisations(session)},
    )  # fmt: skip


@router.post("/candidates")
async def decide(
    session: Tx,
    staff: Steward,
    wanted: Wanted,
    a: Id,
    b: Id,
    says: Annotated[Literal["same", "never"], Form()],
    shown: Annotated[Int64, Form()] = 0,
    reason: Reason = None,
) -> Response:
    """One pair decided, as it was shown."""
    await service.decide(session, ordered(a, b), says, given(reason), staff, shown)
    return see_other(address(wanted), _("已确认为同一人") if says == "same" else _("已确认不是同一人"))


@router.post("/candidates/later")
async def later(
    session: Tx, staff: Steward, wanted: Wanted, a: Id, b: Id, until: Annotated[OptionalDay, Form()] = None
) -> Response:
    """One pair put off until a day; without a day it is back now."""
    await service.later(session, ordered(a, b), until, staff)
    return see_other(address(wanted), _("已推迟，到时会再列出") if until else _("已放回待核对"))


@router.post("/candidates/take")
async def take(session: Tx, staff: Steward) -> Response:
    """More pairs on demand."""
    taken = await service.take(session, staff)
    return see_other("/candidates", _("已调入%(n)s组") % {"n": taken} if taken else _("没有更多可调入的记录"))


@router.post("/candidates/search")
async def search(session: Tx, staff: Steward, name: Annotated[OptionalText200, Form()] = None) -> Response:
    """Pairs of everybody of one name; the name stays out of the address."""
    if not name:
        raise Invalid("请填写姓名", hint="填写完整姓名后再查。", fields={"name": "请填写姓名"})
    return see_other(address(Filter(search=await service.search(session, name, staff))))


@router.post("/verdicts/{verdict_id}/undo")
async def undo(session: Tx, staff: Steward, verdict_id: Int64, reason: Reason = None) -> Response:
    """Take a decision back."""
    await service.undo(session, verdict_id, given(reason), staff)
    return see_other("/candidates", _("已撤销这个判断"))


async def _chosen(session: Tx, found: Queue, pair: str) -> Waiting | None:
    if not pair:
        return found.rows[0] if found.rows else None
    return await queue.one(session, _pair(pair))


def _pair(text: str) -> Pair:
    try:
        a, b = map(UUID, text.split("~"))
    except ValueError as error:
        raise Invalid("地址不正确", hint="请从列表里选择一组。") from error
    return ordered(a, b)
