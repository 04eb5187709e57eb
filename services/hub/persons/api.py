"""Links for programs of stewards."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.hub.persons import service
from services.hub.persons.access import Steward
from services.hub.persons.schemas import Explanation, Waiting
from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.types import Int64, Text200

router = APIRouter(prefix="/api/v1", tags=["persons"])


class Judgement(BaseModel):
    """What a steward says of two records, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {"says": "same", "reason": "电话核实为同一人"}})

    a: UUID
    b: UUID
    says: Literal["same", "never"]
    reason: Text200


class Why(BaseModel):
    """The reason for taking a decision back."""

    reason: Text200


@router.get("/persons/{person_id}")
async def explain(session: Tx, staff: Steward, person_id: UUID) -> Explanation:
    """Why these records are one person; an old address gives the person that holds the record now."""
    current = await service.current_person(session, person_id)
    audit.record(session, actor=staff, action="person.explained", target=("person", current))
    return await service.explain(session, current)


@router.get("/candidates")
async def candidates(
    session: Tx,
    staff: Steward,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> Waiting:
    """Pairs that wait for a decision, the oldest first."""
    found = await service.candidates(session, cursor, limit)
    audit.record(session, actor=staff, action="person.candidates", detail={"shown": len(found.rows)})
    return found


@router.post("/verdicts", status_code=204)
async def judge(session: Tx, staff: Steward, judgement: Judgement) -> None:
    """Say that two records are one person, or never are."""
    await service.decide(session, (judgement.a, judgement.b), judgement.says, judgement.reason, staff)


@router.post("/verdicts/{verdict_id}/undo", status_code=204)
async def undo(session: Tx, staff: Steward, verdict_id: Int64, why: Why) -> None:
    """Take a decision back."""
    await service.undo(session, verdict_id, why.reason, staff)
