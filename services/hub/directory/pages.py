"""The page of organisations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.hub.directory.known import organisations
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.web import render

router = APIRouter(prefix="/organisations")


@router.get("")
async def page(request: Request, session: Tx, _staff: Annotated[Staff, Depends(require())]) -> Response:
    """Organisations with the age of their data."""
    return render(request, "directory/page.html", orgs=await organisations(session))
