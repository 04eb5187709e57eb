"""The quality page of stewards, and the judging of samples."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from services.hub.directory import organisations
from services.hub.persons import JOINING, REASONS, Steward, says
from services.hub.quality import figures, service
from services.hub.quality.schemas import FoundWord
from services.hub.review import backlog, compare
from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.types import OptionalDay
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

router = APIRouter()
HELD = 20


@router.get("/quality")
async def overview(request: Request, session: Tx, staff: Steward) -> Response:
    """Precision by sample, backlog, links by rule, contradictions."""
    audit.record(session, actor=staff, action="quality.opened", purpose=_("同一人核对"))
    return render(
        request, "quality/overview.html", figures=await figures.figures(session), rules=REASONS,
        overlap=await figures.overlap(session), joining=JOINING,
        backlog=await backlog(session), samples=await figures.samples(session),
        held=await figures.held(session, HELD), orgs={o.code: o for o in await organisations(session)},
    )  # fmt: skip


@router.post("/quality/samples")
async def draw(
    session: Tx,
    staff: Steward,
    size: Annotated[int, Form(ge=1, le=service.LARGEST)],
    rule: Annotated[Literal["", "R1", "R2"], Form()] = "",
    since: Annotated[OptionalDay, Form()] = None,
    until: Annotated[OptionalDay, Form()] = None,
) -> Response:
    """A new sample."""
    sample = await service.draw(session, staff, size, rule or None, since, until)
    return see_other(f"/quality/samples/{sample}", _("已抽样"))


@router.get("/quality/samples/{sample_id}")
async def sample(
    request: Request,
    session: Tx,
    staff: Steward,
    sample_id: UUID,
    number: Annotated[int, Query(ge=0, le=service.LARGEST)] = 0,
) -> Response:
    """One link of the sample side by side: the chosen one, else the next that nobody judged."""
    picks = await figures.picks(session, sample_id)
    todo = next((p for p in picks if p.found is None), None)
    chosen = next((p for p in picks if p.number == number), todo)
    audit.record(session, actor=staff, action="quality.sampled", target=("sample", sample_id),
                 purpose=_("同一人核对"))  # fmt: skip
    first, second = (chosen.first, chosen.second) if chosen else (None, None)
    return render(
        request, "quality/sample.html", picks=picks, chosen=chosen, sample_id=sample_id, rules=REASONS,
        says=says, compared=compare(first, second) if first and second else [],
        done=sum(p.found is not None for p in picks),
        orgs={o.code: o for o in await organisations(session)},
    )  # fmt: skip


@router.post("/quality/samples/{sample_id}")
async def judge(
    session: Tx,
    staff: Steward,
    sample_id: UUID,
    number: Annotated[int, Form(ge=1, le=service.LARGEST)],
    found: Annotated[FoundWord, Form()],
    was: Annotated[Literal["", "right", "wrong", "unsure"], Form()] = "",
    separate: Annotated[Literal["", "1"], Form()] = "",
) -> Response:
    """What one link of the sample is."""
    await service.judge(session, staff, sample_id, number, found, was, separate=separate == "1")
    return see_other(f"/quality/samples/{sample_id}")
