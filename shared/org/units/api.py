"""The JSON API of units; the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.types import SearchText
from shared.org.kit import OrgKit
from shared.org.units import closing, founding, service
from shared.org.units.reading import children_of, find_units, get_unit, top_of
from shared.org.units.schemas import UnitEnd, UnitIn, UnitList, UnitMove, UnitOut, UnitRename

Reader = Annotated[Staff, Depends(require("units.read"))]
Writer = Annotated[Staff, Depends(require("units.write"))]


def api(org: OrgKit) -> APIRouter:
    """Routes below /api/v1/units."""
    router = APIRouter(prefix="/api/v1/units", tags=["units"])
    _reading(router)
    _founding(router, org)
    _moving(router, org)
    return router


def _reading(router: APIRouter) -> None:
    @router.get("")
    async def list_units(
        staff: Reader, session: Tx, parent_id: UUID | None = None, q: SearchText = ""
    ) -> UnitList:
        """Units found by name or pinyin, those directly below `parent_id`, or the top."""
        if q:
            found = await find_units(session, q, staff.scope_path)
        elif parent_id:
            found = await children_of(session, (await get_unit(session, parent_id, staff.scope_path)).id)
        else:
            top = await top_of(session, staff.scope_path)
            found = [top] if top else []
        return UnitList(items=[UnitOut.of(unit) for unit in found])

    @router.get("/{unit_id}")
    async def read_unit(staff: Reader, session: Tx, unit_id: UUID) -> UnitOut:
        """One unit."""
        return UnitOut.of(await get_unit(session, unit_id, staff.scope_path))


def _founding(router: APIRouter, org: OrgKit) -> None:
    @router.post("", status_code=201)
    async def create(staff: Writer, session: Tx, body: UnitIn) -> UnitOut:
        """Found a unit."""
        unit = await founding.create_unit(
            session, org, parent_id=body.parent_id, name=body.name, kind=body.kind, district=body.district,
            actor=staff, scope=staff.scope_path,
        )  # fmt: skip
        return UnitOut.of(unit)

    @router.patch("/{unit_id}")
    async def rename(staff: Writer, session: Tx, unit_id: UUID, body: UnitRename) -> UnitOut:
        """Rename a unit."""
        unit = await service.rename_unit(
            session, org, unit_id, body.name, version=body.version, actor=staff, scope=staff.scope_path
        )
        return UnitOut.of(unit)


def _moving(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{unit_id}/move")
    async def move(staff: Writer, session: Tx, unit_id: UUID, body: UnitMove) -> UnitOut:
        """Move a unit with everything below it."""
        unit = await service.move_unit(
            session, org, unit_id, body.parent_id, version=body.version, reason=body.reason,
            actor=staff, scope=staff.scope_path,
        )  # fmt: skip
        return UnitOut.of(unit)

    @router.post("/{unit_id}/close")
    async def close(staff: Writer, session: Tx, unit_id: UUID, body: UnitEnd) -> UnitOut:
        """Close an empty unit."""
        unit = await closing.close_unit(
            session,
            org,
            unit_id,
            version=body.version,
            reason=body.reason,
            actor=staff,
            scope=staff.scope_path,
        )
        return UnitOut.of(unit)

    @router.post("/{unit_id}/reopen")
    async def reopen(staff: Writer, session: Tx, unit_id: UUID, body: UnitEnd) -> UnitOut:
        """Let a closed unit stand again."""
        unit = await closing.reopen_unit(
            session,
            org,
            unit_id,
            version=body.version,
            reason=body.reason,
            actor=staff,
            scope=staff.scope_path,
        )
        return UnitOut.of(unit)
