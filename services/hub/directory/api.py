"""Organisations for programs."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from services.hub.directory.known import organisations
from services.hub.directory.service import unit_counts
from shared.kit.db import Tx
from shared.kit.staff import Staff, require

router = APIRouter(prefix="/api/v1/organisations", tags=["directory"])


class OrganisationOut(BaseModel):
    """One organisation with the age of its data here."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    short_name: str
    letter: str
    palette: str
    person_term: str
    base_url: str
    announced_at: datetime
    event_at: datetime | None
    applied_at: datetime | None
    heard_at: datetime | None
    state: Literal["live", "behind", "away"]
    lag: float | None
    pending: int
    events: int
    units: int = 0


@router.get("")
async def list_organisations(
    session: Tx, _staff: Annotated[Staff, Depends(require())]
) -> list[OrganisationOut]:
    """Every organisation that announced itself."""
    units = await unit_counts(session)
    found = await organisations(session)
    return [
        OrganisationOut.model_validate(o).model_copy(update={"units": units.get(o.code, 0)}) for o in found
    ]
