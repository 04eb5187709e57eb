"""Pages of the roster import: upload, columns, check, write; the history."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from shared.kit import audit
from shared.kit.db import Tx
from shared.kit.errors import Invalid, Problem, Refused
from shared.kit.events.steps import first_of
from shared.kit.staff import Staff, require, still_in
from shared.kit.types import Count, FreeText200, SearchText
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.downloads import as_download
from shared.org.imports import queries, service
from shared.org.imports.errors_file import errors_file
from shared.org.imports.models import WORKING, ImportBatch
from shared.org.imports.showing import STATUS, batch_context, mapping_of
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit
from shared.org.units import in_scope

Runner = Annotated[Staff, Depends(require("imports.run"))]
Taker = Annotated[Staff, Depends(require("imports.run", "imports.export"))]
"""who may take lines with whole numbers away: never a token"""
Typed = Annotated[FreeText200, Form()]
Place = Annotated[SearchText, Query()]
Events = AsyncIterator[ServerSentEvent]
BUSY, IDLE = 0.5, 3.0


def pages(org: OrgKit, worker: ImportWorker) -> APIRouter:
    """Routes below /imports."""
    router = APIRouter(prefix="/imports")
    _uploading(router, org, worker)
    _looking(router, org)
    _mapping(router, org, worker)
    _deciding(router, org, worker)
    _writing(router, org, worker)
    return router


def _uploading(router: APIRouter, org: OrgKit, worker: ImportWorker) -> None:
    @router.get("")
    async def history(request: Request, session: Tx, staff: Runner, cursor: Place = "") -> Response:
        """Upload, and all imports of the asker's range."""
        return await _history(request, session, org, staff, cursor)

    @router.post("")
    async def upload(
        request: Request, session: Tx, staff: Runner, file: Annotated[UploadFile | None, File()] = None
    ) -> Response:
        """Take a file; it is read in the background."""
        try:
            if file is None or not file.filename:
                raise Invalid(_("请选择文件"), fields={"file": _("请选择要导入的名册文件")})
            batch = await service.upload(session, org, staff, file.filename, file.file)
        except Problem as problem:
            return await _history(request, session, org, staff, "", problem)
        _soon(worker)
        return see_other(f"/imports/{batch.id}")


def _looking(router: APIRouter, org: OrgKit) -> None:
    @router.get("/{batch_id}")
    async def show(
        request: Request,
        session: Tx,
        staff: Runner,
        batch_id: UUID,
        tab: queries.Shown = "",
        cursor: Place = "",
    ) -> Response:
        """The step the import is at."""
        batch = await service.get_batch(session, staff, batch_id)
        audit.record(session, actor=staff, action="import.viewed", target=("import", batch.id))
        context = await batch_context(session, org, batch, tab, cursor)
        other = await queries.running(session, staff.scope_path, batch.id)
        return render(
            request, "imports/batch.html", **context, other=other,
            live=f"/imports/{batch.id}/events?seen={batch.version}",
        )  # fmt: skip

    @router.get("/{batch_id}/part/main")
    async def part(
        request: Request,
        session: Tx,
        staff: Runner,
        batch_id: UUID,
        tab: queries.Shown = "",
        cursor: Place = "",
    ) -> Response:
        """The part that changes while the worker works."""
        batch = await service.get_batch(session, staff, batch_id)
        return render(request, "imports/main.html", **await batch_context(session, org, batch, tab, cursor))

    async def admitted(session: Tx, staff: Runner, batch_id: UUID) -> Staff:
        """The reader, refused before the stream begins: afterwards it is too late."""
        await service.get_batch(session, staff, batch_id)
        return staff

    @router.get("/{batch_id}/events", response_class=EventSourceResponse)
    async def events(reader: Annotated[Staff, Depends(admitted)], batch_id: UUID, seen: Count = 0) -> Events:
        """Tells the page when the import has moved on from the version it shows."""
        async for version in _versions(org, reader, batch_id, seen):
            yield ServerSentEvent(event="main", data={"version": version})


def _mapping(router: APIRouter, org: OrgKit, worker: ImportWorker) -> None:
    @router.post("/{batch_id}/columns")
    async def columns(request: Request, session: Tx, staff: Runner, batch_id: UUID) -> Response:
        """The mapping as corrected by hand."""
        try:
            async with session.begin_nested():
                await service.remap(session, org, staff, batch_id, mapping_of(await request.form()))
        except (Invalid, Refused) as problem:
            return await _again(request, session, org, staff, batch_id, problem, await request.form())
        _soon(worker)
        return see_other(f"/imports/{batch_id}")

    @router.post("/{batch_id}/head")
    async def head(
        request: Request,
        session: Tx,
        staff: Runner,
        batch_id: UUID,
        sheet: Annotated[Count, Form()],
        head: Annotated[Count, Form()],
    ) -> Response:
        """The row of the titles, when it was not found."""
        try:
            async with session.begin_nested():
                await service.rehead(session, org, staff, batch_id, sheet, head)
        except (Invalid, Refused) as problem:
            return await _again(request, session, org, staff, batch_id, problem)
        return see_other(f"/imports/{batch_id}")

    @router.post("/{batch_id}/back")
    async def back(session: Tx, staff: Runner, batch_id: UUID) -> Response:
        """Look at the columns again."""
        await service.back_to_mapping(session, staff, batch_id)
        return see_other(f"/imports/{batch_id}")


async def _again(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    batch_id: UUID,
    problem: Problem,
    typed: FormData | None = None,
    renaming: dict[str, Any] | None = None,
) -> Response:
    """The step with what was typed: the columns, or the dialog of a unit, and why it will not do."""
    batch = await service.get_batch(session, staff, batch_id)
    context = await batch_context(session, org, batch, "", "", problem=problem, typed=typed)
    return render(
        request, "imports/batch.html", problem.status, **context, other=None, live=None, renaming=renaming
    )


def _deciding(router: APIRouter, org: OrgKit, worker: ImportWorker) -> None:
    @router.post("/{batch_id}/rows/{line}")
    async def decide(
        session: Tx, staff: Runner, batch_id: UUID, line: Count,
        decision: Annotated[Literal["skip", "confirm", ""], Form()] = "", back: Typed = "",
    ) -> Response:  # fmt: skip
        """Put a line aside, take it back in, confirm a change of name."""
        try:
            async with session.begin_nested():
                await service.decide(session, staff, batch_id, line, decision)
        except Refused as problem:  # the import has moved on: the page shows how far
            return see_other(f"/imports/{batch_id}", problem.title, "warn")
        query = f"?{back}" if back and not back.startswith(("/", "\\")) else ""
        return see_other(f"/imports/{batch_id}{query}#r{line}")

    @router.post("/{batch_id}/units/{unit_id}")
    async def rename(
        request: Request, session: Tx, staff: Runner, batch_id: UUID, unit_id: UUID,
        name: Typed = "", kind: Typed = "",
    ) -> Response:  # fmt: skip
        """Another name or kind for a unit to be founded."""
        try:
            async with session.begin_nested():
                await service.rename_proposal(session, org, staff, batch_id, unit_id, name, kind)
        except (Invalid, Refused) as problem:
            renaming = {"unit": unit_id, "name": name, "kind": kind}
            return await _again(request, session, org, staff, batch_id, problem, renaming=renaming)
        _soon(worker)
        return see_other(f"/imports/{batch_id}")


def _writing(router: APIRouter, org: OrgKit, worker: ImportWorker) -> None:
    @router.post("/{batch_id}/confirm")
    async def confirm(
        session: Tx, staff: Runner, batch_id: UUID, version: Annotated[Count, Form()]
    ) -> Response:
        """Write."""
        await service.confirm(session, staff, batch_id, version)
        _soon(worker)
        return see_other(f"/imports/{batch_id}")

    @router.post("/{batch_id}/cancel")
    async def cancel(session: Tx, staff: Runner, batch_id: UUID) -> Response:
        """Put the import aside."""
        await service.cancel(session, staff, batch_id)
        return see_other("/imports", _("已取消，名册没有任何改动"))

    @router.post("/{batch_id}/remove")
    async def remove(session: Tx, staff: Runner, batch_id: UUID) -> Response:
        """Take what came to nothing off the list."""
        await service.remove(session, staff, batch_id)
        return see_other("/imports", _("已移除"))

    @router.post("/{batch_id}/withdraw")
    async def withdraw(session: Tx, staff: Runner, batch_id: UUID) -> Response:
        """Take the batch back."""
        await service.withdraw(session, staff, batch_id)
        _soon(worker)
        return see_other(f"/imports/{batch_id}")

    @router.get("/{batch_id}/errors")
    async def errors(session: Tx, staff: Taker, batch_id: UUID) -> Response:
        """The lines that were not written, to be mended and sent again."""
        batch = await service.get_batch(session, staff, batch_id)
        audit.record(session, actor=staff, action="import.errors", target=("import", batch.id))
        return as_download(await errors_file(session, org, batch))


def _soon(worker: ImportWorker) -> None:
    """Wake the worker once the request's transaction is over."""
    asyncio.get_running_loop().call_later(0.05, worker.wake)


async def _history(
    request: Request,
    session: AsyncSession,
    org: OrgKit,
    staff: Staff,
    cursor: str,
    problem: Problem | None = None,
) -> Response:
    page = await queries.history(session, staff.scope_path, cursor)
    context: dict[str, Any] = {
        "page": page, "problem": problem, "statuses": STATUS, "roll": org.profile.terms.roll,
        "scope_name": staff.scope_name or org.name, "working": WORKING,
    }  # fmt: skip
    return render(request, "imports/list.html", problem.status if problem else 200, **context)


async def _versions(org: OrgKit, staff: Staff, batch_id: UUID, known: int) -> AsyncIterator[int]:
    """The batch's version whenever it, or how much of it was sent, changes; while the reader may read."""
    told: int | None = None
    while not org.kit.stopping.is_set():
        async with org.kit.database.transaction() as session:
            batch = await _readable(session, staff, batch_id)
            if batch is None:
                return
            sent = await queries.sent(session, batch)
        if (batch.version, sent) != (known, told):
            known, told = batch.version, sent
            yield known
        underway = batch.status in WORKING or (sent is not None and sent < batch.sums["written"])
        await first_of(BUSY if underway else IDLE, org.kit.stopping)


async def _readable(session: AsyncSession, staff: Staff, batch_id: UUID) -> ImportBatch | None:
    """The batch; None once the reader's session or right is over, or the batch lies outside their range."""
    batch = await session.get(ImportBatch, batch_id)
    within = batch is not None and in_scope(batch.scope, staff.scope_path)
    return batch if within and await still_in(session, staff) else None
