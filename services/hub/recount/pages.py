"""What was compared with the owners and what differed, and rebuilds: names of fields, never values."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import Known, organisations
from services.hub.recount import service, titles
from services.hub.recount.models import RebuildRun, RecountRun
from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.errors import NotFound
from shared.kit.ops.reading import in_words
from shared.kit.staff import Staff, require
from shared.kit.types import Int64
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

router = APIRouter(prefix="/ops/recount")
Reader = Annotated[Staff, Depends(require("ops.read"))]
Manager = Annotated[Staff, Depends(require("ops.manage"))]


@router.get("")
async def newest(request: Request, session: Tx, _staff: Reader) -> Response:
    """The newest recount with its history."""
    runs = await service.history(session)
    return await _page(request, session, runs, runs[0] if runs else None)


@router.get("/{run_id}")
async def one(request: Request, session: Tx, _staff: Reader, run_id: Int64) -> Response:
    """An earlier recount."""
    run = await session.get(RecountRun, run_id)
    if run is None:
        raise NotFound("没有这次对账")
    return await _page(request, session, await service.history(session), run)


@router.post("")
async def want(session: Tx, staff: Manager) -> Response:
    """Begin one now."""
    run_id = await service.want(session, staff.name)
    audit.record(session, actor=staff, action="recount.wanted", target=("recount", run_id))
    return see_other("/ops/recount", _("对账即将开始，本页会自动更新"))


async def _page(
    request: Request, session: AsyncSession, runs: Sequence[RecountRun], run: RecountRun | None
) -> Response:
    known: dict[str, Known] = {org.code: org for org in await organisations(session)}
    rebuilds = select(RebuildRun).order_by(RebuildRun.id.desc()).limit(5)
    return render(
        request,
        "recount/page.html",
        runs=runs,
        run=run,
        parts=await service.parts(session, run.id) if run else [],
        differences=await service.differences(session, run.id) if run else [],
        rebuilds=(await session.scalars(rebuilds)).all(),
        orgs=known,
        titles=titles,
        in_words=in_words,
    )
