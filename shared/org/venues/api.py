"""The JSON API of venues; the same use cases as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from shared.contracts.venues import OpenException
from shared.kit.db import Tx
from shared.kit.staff import Staff, require
from shared.kit.types import Count, Day, Int64, SearchText
from shared.org.kit import OrgKit
from shared.org.venues import dated, service
from shared.org.venues.reading import Search, get_venue, list_venues
from shared.org.venues.schemas import (
    ExceptionIn,
    Inspection,
    NewVenue,
    VenueChange,
    VenueClose,
    VenueList,
    VenueOut,
)

Reader = Annotated[Staff, Depends(require("venues.read"))]
Writer = Annotated[Staff, Depends(require("venues.write"))]


def api(org: OrgKit) -> APIRouter:
    """Routes below /api/v1/venues."""
    router = APIRouter(prefix="/api/v1/venues", tags=["venues"])
    _reading(router)
    _writing(router, org)
    _steps(router, org)
    return router


def _reading(router: APIRouter) -> None:
    @router.get("")
    async def list_all(
        _staff: Reader,
        session: Tx,
        q: SearchText = "",
        kind: SearchText = "",
        people: Annotated[Count, Query()] = 0,
        district: SearchText = "",
    ) -> VenueList:
        """Active venues by name, address, kind, capacity, district."""
        found = await list_venues(session, Search(text=q, kind=kind, people=people, district=district))
        return VenueList(items=[VenueOut.model_validate(v) for v in found])

    @router.get("/{venue_id}")
    async def read(_staff: Reader, session: Tx, venue_id: UUID) -> VenueOut:
        """One venue."""
        return VenueOut.model_validate(await get_venue(session, venue_id))


def _writing(router: APIRouter, org: OrgKit) -> None:
    @router.post("", status_code=201)
    async def create(staff: Writer, session: Tx, body: NewVenue) -> VenueOut:
        """List a hall, or a part of one."""
        venue = await service.create_venue(session, org, body, actor=staff, scope=staff.scope_path)
        await session.refresh(venue)
        return VenueOut.model_validate(venue)

    @router.put("/{venue_id}")
    async def change(staff: Writer, session: Tx, venue_id: UUID, body: VenueChange) -> VenueOut:
        """Say everything of it anew."""
        return VenueOut.model_validate(
            await service.change_venue(
                session, org, venue_id, body, version=body.version, actor=staff, scope=staff.scope_path
            )
        )


def _steps(router: APIRouter, org: OrgKit) -> None:
    @router.post("/{venue_id}/exceptions")
    async def except_days(staff: Writer, session: Tx, venue_id: UUID, body: ExceptionIn) -> VenueOut:
        """Other hours, or none, for some days."""
        exception = OpenException.model_validate(body.model_dump())
        return VenueOut.model_validate(
            await dated.except_days(
                session, org, venue_id, exception, version=body.version, actor=staff, scope=staff.scope_path
            )
        )

    @router.delete("/{venue_id}/exceptions/{first}")
    async def usual_days(staff: Writer, session: Tx, venue_id: UUID, first: Day, version: Int64) -> VenueOut:
        """Those days are as usual again."""
        return VenueOut.model_validate(
            await dated.usual_days(
                session, org, venue_id, first, version=version, actor=staff, scope=staff.scope_path
            )
        )

    @router.post("/{venue_id}/inspections")
    async def inspect(staff: Writer, session: Tx, venue_id: UUID, body: Inspection) -> VenueOut:
        """Which of the seven the station has."""
        return VenueOut.model_validate(
            await service.inspect_venue(
                session,
                org,
                venue_id,
                body.found,
                body.note,
                version=body.version,
                actor=staff,
                scope=staff.scope_path,
            )
        )

    @router.post("/{venue_id}/close")
    async def close(staff: Writer, session: Tx, venue_id: UUID, body: VenueClose) -> VenueOut:
        """The end of a venue."""
        return VenueOut.model_validate(
            await service.close_venue(
                session,
                org,
                venue_id,
                version=body.version,
                reason=body.reason,
                actor=staff,
                scope=staff.scope_path,
            )
        )
