"""Pages of stewards: why records are one person, and pairs that wait for a decision."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from services.hub.directory import organisations
from services.hub.persons import service
from services.hub.persons.access import Steward
from services.hub.persons.rules import REASONS
from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.types import Int64, OptionalText200
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

router = APIRouter()
Reason = Annotated[OptionalText200, Form()]
PAGE = 10


@router.get("/persons/{person_id}")
async def person(
    request: Request,
    session: Tx,
    staff: Steward,
    person_id: UUID,
    lookup: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Why these records are one person. An old address leads to the person that holds the record now."""
    current = await service.current_person(session, person_id)
    if current != person_id:
        return see_other(f"/persons/{current}")
    audit.record(session, actor=staff, action="person.explained", target=("person", person_id),
                 purpose=_("同一人核对"), detail={"lookup": str(lookup)} if lookup else None)  # fmt: skip
    explanation = await service.explain(session, person_id)
    orgs = {o.code: o for o in await organisations(session)}
    return render(request, "persons/person.html", why=explanation, orgs=orgs, rules=REASONS, lookup=lookup,
                  records={r.id: r for r in explanation.records})  # fmt: skip


@router.post("/persons/{person_id}/separate")
async def separate(
    session: Tx, staff: Steward, person_id: UUID, affiliation: Annotated[UUID, Form()], reason: Reason = None
) -> Response:
    """Take one record out of this person."""
    await service.separate(session, affiliation, person_id, _given(reason), staff)
    return see_other("/candidates", _("已拆分。需要时可在下面的判断记录里撤销。"))


@router.post("/persons/{person_id}/join")
async def join(
    session: Tx, staff: Steward, person_id: UUID, other: Annotated[UUID, Form()], reason: Reason = None
) -> Response:
    """Say that this and another person are one."""
    pair = [
        (await service.affiliations(session, await service.current_person(session, i)))[0].id
        for i in (person_id, other)
    ]
    if pair[0] == pair[1]:
        raise Invalid("这本来就是同一个人", hint="请填写另一个人的编号。")
    await service.decide(session, (pair[0], pair[1]), "same", _given(reason), staff)
    return see_other(f"/persons/{await service.current_person(session, person_id)}", _("已确认为同一人"))


@router.get("/candidates")
async def candidates(
    request: Request, session: Tx, staff: Steward, page: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Pairs that wait, the oldest first, and the newest decisions to undo."""
    found = await service.candidates(session, page, limit=PAGE)
    audit.record(
        session,
        actor=staff,
        action="person.candidates",
        purpose=_("同一人核对"),
        detail={"shown": len(found.rows)},
    )
    return render(
        request, "persons/candidates.html", found=found.rows, waiting=await service.waiting(session),
        next=found.next, verdicts=await service.recent_verdicts(session), rules=REASONS,
        orgs={o.code: o for o in await organisations(session)},
    )  # fmt: skip


@router.post("/candidates")
async def decide(
    session: Tx,
    staff: Steward,
    a: Annotated[UUID, Form()],
    b: Annotated[UUID, Form()],
    says: Annotated[Literal["same", "never"], Form()],
    reason: Reason = None,
) -> Response:
    """One pair decided."""
    await service.decide(session, (a, b), says, _given(reason), staff)
    return see_other("/candidates", _("已确认为同一人") if says == "same" else _("已确认不是同一人"))


@router.post("/verdicts/{verdict_id}/undo")
async def undo(session: Tx, staff: Steward, verdict_id: Int64, reason: Reason = None) -> Response:
    """Take a decision back."""
    await service.undo(session, verdict_id, _given(reason), staff)
    return see_other("/candidates", _("已撤销，恢复按规则判断"))


def _given(reason: str | None) -> str:
    if reason is None:
        raise Invalid("请写明理由", hint="判断会长期保存，理由供以后复核。", fields={"reason": "请写明理由"})
    return reason
