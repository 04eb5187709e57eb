"""Pages of stewards: why records are one person, since when and by whom; take apart and join."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from services.hub.directory import organisations
from services.hub.persons import service
from services.hub.persons.access import Steward
from services.hub.persons.history import history
from services.hub.persons.rules import REASONS
from services.hub.persons.views import parties
from services.hub.persons.wording import says
from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.types import OptionalText200
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

router = APIRouter()
Reason = Annotated[OptionalText200, Form()]


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
                  records={r.id: r for r in explanation.records}, says=says,
                  parties=await parties(session, explanation.verdicts),
                  history=history(explanation))  # fmt: skip


@router.post("/persons/{person_id}/separate")
async def separate(
    session: Tx, staff: Steward, person_id: UUID, affiliation: Annotated[UUID, Form()], reason: Reason = None
) -> Response:
    """Take one record out of this person."""
    rest, *others = await service.separate(session, affiliation, person_id, given(reason), staff)
    said = _("已拆分为%(n)s个人。分出去的人在下面的判断记录里，也可以在那里撤销。") % {"n": 1 + len(others)}
    return see_other(f"/persons/{rest}", said)


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
    await service.decide(session, (pair[0], pair[1]), "same", given(reason), staff)
    return see_other(f"/persons/{await service.current_person(session, person_id)}", _("已确认为同一人"))


def given(reason: str | None) -> str:
    """The reason, which a decision must have."""
    if reason is None:
        raise Invalid("请写明理由", hint="判断会长期保存，理由供以后复核。", fields={"reason": "请写明理由"})
    return reason
