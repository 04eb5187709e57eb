"""Lookups for programs: the query travels in the body, results are paged by opaque cursors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.hub.lookup import service
from services.hub.lookup.deps import Opener, Searcher, WithKit
from services.hub.lookup.purposes import purposes_on
from services.hub.lookup.schemas import Ask, Details, Narrow, PageQuery, PurposeChoice, Result
from shared.kit import clock
from shared.kit.db import Tx

router = APIRouter(prefix="/api/v1/lookup", tags=["lookup"])


@router.get("/purposes")
async def purposes(session: Tx, _staff: Searcher) -> list[PurposeChoice]:
    """The purposes that may be chosen today."""
    return [PurposeChoice.model_validate(p) for p in await purposes_on(session, clock.today())]


@router.post("", response_model=Result)
async def look_up(kit: WithKit, session: Tx, staff: Searcher, ask: Ask) -> Response:
    """Look people up: the first page, masked. The lookup is recorded with its purpose."""
    live, around = await service.begin(kit, session, staff, ask)
    return _sent(await service.answer(kit, session, staff, live, around, Narrow()))


@router.get("/{lookup_id}", response_model=Result)
async def page(
    kit: WithKit, session: Tx, staff: Searcher, lookup_id: UUID, query: Annotated[PageQuery, Query()]
) -> Response:
    """Another page of a lookup of one's own, or the same narrowed by filters."""
    return _sent(await service.result(kit, session, staff, lookup_id, query.narrow, query.cursor))


@router.get("/{lookup_id}/persons/{person_id}")
async def person(kit: WithKit, session: Tx, staff: Opener, lookup_id: UUID, person_id: UUID) -> Details:
    """One person with every record, masked. Each organisation whose record is shown is told."""
    return await service.open_person(kit, session, staff, lookup_id, person_id)


def _sent(result: Result) -> Response:
    """As JSON at once: the model has checked itself, a second look costs as much as the whole query."""
    return Response(result.model_dump_json(), media_type="application/json")
