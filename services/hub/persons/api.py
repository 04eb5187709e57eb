"""Why records are one person, for programs of stewards."""

from uuid import UUID

from fastapi import APIRouter

from services.hub.persons import service
from services.hub.persons.access import Steward
from services.hub.persons.schemas import Explanation
from shared.kit import audit
from shared.kit.db import Tx

router = APIRouter(prefix="/api/v1", tags=["persons"])


@router.get("/persons/{person_id}")
async def explain(session: Tx, staff: Steward, person_id: UUID) -> Explanation:
    """Why these records are one person; an old address gives the person that holds the record now."""
    current = await service.current_person(session, person_id)
    audit.record(session, actor=staff, action="person.explained", target=("person", current))
    return await service.explain(session, current)
