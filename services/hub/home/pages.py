"""What everybody sees first: who is connected and how fresh, the box, one's own lookups, what waits."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.hub.directory import organisations
from services.hub.lookup import TITLES, purposes_on, recent
from services.hub.persons import DECIDE
from services.hub.review import backlog
from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.web import render

router = APIRouter()


@router.get("/")
async def home(request: Request, session: Tx, staff: Annotated[Staff, Depends(require())]) -> Response:
    """The first page; each part only for those who may use it."""
    may_look = staff.can("lookup.search")
    orgs = await organisations(session)
    return render(
        request,
        "hub/home.html",
        orgs=orgs,
        as_of=orgs,
        may_look=may_look,
        purposes=await purposes_on(session, clock.today()) if may_look else [],
        recent=(await recent(session, staff, limit=5)).rows if may_look else [],
        waiting=(await backlog(session)).waiting if staff.can(DECIDE) else None,
        kinds=TITLES,
        q="",
        purpose="",
        reason="",
        errors={},
        hint="",
        result=None,
    )
