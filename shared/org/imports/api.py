"""The JSON API of imports; everything the pages can do."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Query, Response, UploadFile

from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.types import Count, SearchText
from shared.kit.web.downloads import as_download
from shared.org.imports import queries, service
from shared.org.imports.errors_file import errors_file
from shared.org.imports.schemas import (
    ConfirmIn,
    DecisionIn,
    ImportList,
    ImportOut,
    LineList,
    LineOut,
    MappingIn,
    UnitIn,
    UnitProposal,
)
from shared.org.kit import OrgKit

Runner = Annotated[Staff, Depends(require("imports.run"))]
Taker = Annotated[Staff, Depends(require("imports.run", "imports.export"))]
"""who may take lines with whole numbers away: never a token"""
Place = Annotated[SearchText, Query()]


def api(org: OrgKit) -> APIRouter:
    """Routes below /api/v1/imports."""
    router = APIRouter(prefix="/api/v1/imports", tags=["imports"])
    _reading(router, org)
    _planning(router, org)
    _writing(router, org)
    return router


def _reading(router: APIRouter, org: OrgKit) -> None:
    @router.get("")
    async def list_imports(staff: Runner, session: Tx, cursor: Place = "") -> ImportList:
        """Imports of the caller's range, the newest first."""
        page = await queries.history(session, staff.scope_path, cursor)
        return ImportList(items=[ImportOut.of(b) for b in page.rows], next=page.next)

    @router.post("", status_code=201)
    async def upload(staff: Runner, session: Tx, file: Annotated[UploadFile, File()]) -> ImportOut:
        """Send a roster (XLSX up to 50 MB, or CSV up to 300 MB); it is read and checked in the background."""
        return ImportOut.of(await service.upload(session, org, staff, file.filename or "", file.file))

    @router.get("/{batch_id}")
    async def read(staff: Runner, session: Tx, batch_id: UUID) -> ImportOut:
        """Status, progress, sums and mapping."""
        return ImportOut.of(await service.get_batch(session, staff, batch_id))

    @router.get("/{batch_id}/rows")
    async def rows(
        staff: Runner, session: Tx, batch_id: UUID, outcome: queries.Tab, cursor: Place = ""
    ) -> LineList:
        """Lines of one outcome in the order of the file."""
        await service.get_batch(session, staff, batch_id)
        audit.record(session, actor=staff, action="import.viewed", target=("import", batch_id))
        page = await queries.lines(session, batch_id, outcome, cursor)
        return LineList(items=[LineOut.of(r) for r in page.rows], next=page.next)


def _planning(router: APIRouter, org: OrgKit) -> None:
    @router.put("/{batch_id}/mapping")
    async def remap(staff: Runner, session: Tx, batch_id: UUID, body: MappingIn) -> ImportOut:
        """Say what the columns are; the plan is made (again)."""
        sheets = [s.model_dump() for s in body.sheets]
        return ImportOut.of(await service.remap(session, org, staff, batch_id, sheets))

    @router.put("/{batch_id}/rows/{line}")
    async def decide(staff: Runner, session: Tx, batch_id: UUID, line: Count, body: DecisionIn) -> LineOut:
        """Put a line aside, take it back in, or confirm a change of name."""
        _, row = await service.decide(session, staff, batch_id, line, body.decision)
        return LineOut.of(row)

    @router.get("/{batch_id}/units")
    async def units(staff: Runner, session: Tx, batch_id: UUID) -> list[UnitProposal]:
        """Units that would be founded; afterwards those that were and stand."""
        batch = await service.get_batch(session, staff, batch_id)
        return [UnitProposal.of(p) for p in await queries.proposals(session, org, batch)]

    @router.put("/{batch_id}/units/{unit_id}")
    async def rename(staff: Runner, session: Tx, batch_id: UUID, unit_id: UUID, body: UnitIn) -> ImportOut:
        """Another name or kind for such a unit; the plan is made again."""
        return ImportOut.of(
            await service.rename_proposal(session, org, staff, batch_id, unit_id, body.name, body.kind)
        )


def _writing(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{batch_id}/confirm")
    async def confirm(staff: Runner, session: Tx, batch_id: UUID, body: ConfirmIn) -> ImportOut:
        """Write the plan in the background."""
        return ImportOut.of(await service.confirm(session, staff, batch_id, body.version))

    @router.post("/{batch_id}/cancel")
    async def cancel(staff: Runner, session: Tx, batch_id: UUID) -> ImportOut:
        """Put the import aside."""
        return ImportOut.of(await service.cancel(session, staff, batch_id))

    @router.post("/{batch_id}/remove", status_code=204)
    async def remove(staff: Runner, session: Tx, batch_id: UUID) -> None:
        """Take an import that came to nothing (refused, cancelled) off the list."""
        await service.remove(session, staff, batch_id)

    @router.post("/{batch_id}/withdraw")
    async def withdraw(staff: Runner, session: Tx, batch_id: UUID) -> ImportOut:
        """Take the written batch back."""
        return ImportOut.of(await service.withdraw(session, staff, batch_id))

    @router.get("/{batch_id}/errors", response_class=Response)
    async def errors(staff: Taker, session: Tx, batch_id: UUID) -> Response:
        """The lines that were not written, in the form the file came in."""
        batch = await service.get_batch(session, staff, batch_id)
        audit.record(session, actor=staff, action="import.errors", target=("import", batch.id))
        return as_download(await errors_file(session, org, batch))
