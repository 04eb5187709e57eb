"""The JSON API about oneself."""

from typing import Annotated

from fastapi import APIRouter, Depends

from shared.kit.staff.access import require
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import ROLES
from shared.kit.staff.schemas import Me, RoleOut

router = APIRouter(prefix="/api/v1", tags=["staff"])


@router.get("/me")
async def me(staff: Annotated[Staff, Depends(require())]) -> Me:
    """Who is asking: a person with a session, or a program with a token."""
    return Me(
        id=staff.id,
        login=staff.login,
        name=staff.name,
        office=staff.office,
        roles=[RoleOut(code=r, title=ROLES[r].title) for r in staff.roles if r in ROLES],
        scope_path=staff.scope_path,
        permissions=sorted(staff.permissions),
        via=staff.via,
    )
