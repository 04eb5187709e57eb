"""The queue and decisions for programs of stewards."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.hub import persons
from services.hub.persons import Steward, ordered
from services.hub.review import queue, service
from services.hub.review.access import Wanted
from services.hub.review.schemas import Queue
from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.types import Int64, Text200

router = APIRouter(prefix="/api/v1", tags=["review"])


class Judgement(BaseModel):
    """What a steward says of two records, and why; `shown` (the standing decision seen with a waiting pair,
    0 for none) has it refused when somebody else was quicker.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"says": "same", "reason": "电话核实为同一人"}})

    a: UUID
    b: UUID
    says: Literal["same", "never"]
    reason: Text200
    shown: Int64 | None = None


class Later(BaseModel):
    """Until when a waiting pair is put off; without a day it waits again now."""

    a: UUID
    b: UUID
    until: date | None


class Why(BaseModel):
    """The reason for taking a decision back."""

    reason: Text200


@router.get("/candidates")
async def candidates(
    session: Tx,
    staff: Steward,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> Queue:
    """Pairs that wait for a decision, the longest first."""
    found = await queue.page(session, wanted, cursor, limit)
    audit.record(session, actor=staff, action="review.opened", detail={"shown": len(found.rows)})
    return found


@router.post("/candidates/take")
async def take(session: Tx, staff: Steward) -> int:
    """Put the oldest pairs that nobody met yet before stewards; how many."""
    return await service.take(session, staff)


@router.post("/candidates/later", status_code=204)
async def later(session: Tx, staff: Steward, wish: Later) -> None:
    """Put a waiting pair off, or have it back."""
    await service.later(session, ordered(wish.a, wish.b), wish.until, staff)


@router.post("/verdicts", status_code=204)
async def judge(session: Tx, staff: Steward, judgement: Judgement) -> None:
    """Say that two records are one person, or never are."""
    pair = ordered(judgement.a, judgement.b)
    if judgement.shown is not None:
        await service.decide(session, pair, judgement.says, judgement.reason, staff, judgement.shown)
    else:
        await persons.decide(session, pair, judgement.says, judgement.reason, staff)


@router.post("/verdicts/{verdict_id}/undo", status_code=204)
async def undo(session: Tx, staff: Steward, verdict_id: Int64, why: Why) -> None:
    """Take a decision back."""
    await service.undo(session, verdict_id, why.reason, staff)
