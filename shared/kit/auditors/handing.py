"""Files for the auditor: the log with its chain, and who sent what to whom; their sums go into the log."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse

from shared.kit import audit, clock
from shared.kit.auditors.evidence import Period, evidence
from shared.kit.auditors.pages import Auditor
from shared.kit.auditors.sharing import sharing
from shared.kit.db import Database, Tx
from shared.kit.staff import Staff
from shared.kit.types import OptionalDay, in_order

router = APIRouter(prefix="/audit")
Day = Annotated[OptionalDay, Form()]


@router.post("/evidence")
async def hand_over_log(
    request: Request, session: Tx, staff: Auditor, since: Day = None, until: Day = None
) -> Response:
    """Every entry of a period with its chain as JSON lines, which `check_evidence.py` reads anywhere."""
    period = Period(*in_order(since, until))
    audit.record(session, actor=staff, action="audit.exported", detail={"evidence": period.query()})
    lines = evidence(request.app.state.database, _service(request), period)
    return _file(request, staff, "audit", "jsonl", lines)


@router.post("/sharing")
async def hand_over_sharing(
    request: Request, session: Tx, staff: Auditor, since: Day = None, until: Day = None
) -> Response:
    """The heads of all events of a period, sent and received, as CSV."""
    period = Period(*in_order(since, until))
    audit.record(session, actor=staff, action="audit.exported", detail={"sharing": period.query()})
    lines = sharing(request.app.state.database, _service(request), period)
    return _file(request, staff, "sharing", "csv", lines)


def _service(request: Request) -> str:
    code: str = request.app.state.kit.settings.service
    return code


def _file(
    request: Request, staff: Staff, what: str, ending: str, lines: AsyncIterator[bytes]
) -> StreamingResponse:
    name = f"{what}-{_service(request)}-{clock.today().isoformat()}.{ending}"
    return StreamingResponse(
        summed(request.app.state.database, staff, name, lines),
        media_type="text/csv; charset=utf-8" if ending == "csv" else "application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def summed(
    database: Database, staff: Staff, name: str, lines: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The file; when all of it has gone out, its sum is an entry of the chained log."""
    digest, size = hashlib.sha256(), 0
    async for line in lines:
        digest.update(line)
        size += len(line)
        yield line
    async with database.transaction() as session:
        detail = {"name": name, "bytes": size, "sha256": digest.hexdigest()}
        audit.record(session, actor=staff, action="audit.handed_over", target=("file", name), detail=detail)
