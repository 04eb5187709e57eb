"""Pages of the audit log: list with filters, file. Looking is itself recorded."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from shared.kit import audit, clock
from shared.kit.audit.titles import known, plain, title, word
from shared.kit.auditors.naming import named_in, names_of
from shared.kit.auditors.service import EXPORT_MOST, Filter, actors, export, listing
from shared.kit.db import Database, Tx
from shared.kit.others import names_of_systems
from shared.kit.retention import OPERATIONS, SHARING
from shared.kit.staff import Staff, require
from shared.kit.types import Blank, OptionalDay, SearchText, in_order
from shared.kit.web import render

router = APIRouter(prefix="/audit")
Auditor = Annotated[Staff, Depends(require("audit.read"))]
OptionalId = Annotated[UUID | None, Blank]
HEAD = [
    "序号",
    "时间",
    "操作人",
    "操作人编号",
    "操作",
    "操作代码",
    "对象类型",
    "对象编号",
    "用途",
    "详情",
    "算法",
    "校验值",
]


async def wanted(
    action: Annotated[SearchText, Query()] = "",
    actor: Annotated[OptionalId, Query()] = None,
    target: Annotated[SearchText, Query()] = "",
    since: Annotated[OptionalDay, Query()] = None,
    until: Annotated[OptionalDay, Query()] = None,
) -> Filter:
    """The filter of the address; empty fields of the form mean nothing."""
    return Filter(action, actor, target, *in_order(since, until))


Wanted = Annotated[Filter, Depends(wanted)]


@router.get("")
async def list_entries(
    request: Request, session: Tx, staff: Auditor, wanted: Wanted, at: str = ""
) -> Response:
    """Newest first."""
    page = await listing(session, wanted, at)
    if not at:
        audit.record(session, actor=staff, action="audit.read", detail={"filter": wanted.query()})
    names = await names_of(session, page.rows, request.app.state.namings)
    return render(
        request, "auditors/list.html", page=page, names=names, named_in=named_in, wanted=wanted, at=at,
        titles=known(), title_of=title, actors=await actors(session), word=word, plain=plain,
        systems=await names_of_systems(request.app, session),
        kept_days={"log": OPERATIONS.on(clock.today()), "sharing": SHARING.on(clock.today())},
    )  # fmt: skip


@router.post("/export")
async def export_entries(request: Request, session: Tx, staff: Auditor, wanted: Wanted) -> Response:
    """The filtered entries as a CSV file that Excel opens; at most a hundred thousand."""
    detail = {"filter": wanted.query(), "most": EXPORT_MOST}
    audit.record(session, actor=staff, action="audit.exported", detail=detail)
    name = f"audit-{request.app.state.kit.settings.service}-{clock.today().isoformat()}.csv"
    return StreamingResponse(
        _lines(request.app.state.database, wanted),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _lines(database: Database, wanted: Filter) -> AsyncIterator[str]:
    """The file piece by piece, in a transaction of its own: the request's one has ended when this runs."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")  # without it Excel takes the file for GB18030
    writer.writerow(HEAD)
    async with database.transaction() as session:
        async for row in export(session, wanted):
            writer.writerow(row)
            if out.tell() > 64_000:
                yield out.getvalue()
                out.seek(0)
                out.truncate()
    yield out.getvalue()
