"""What lookup routes take from the request."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from services.hub.lookup.schemas import Narrow, Standing
from shared.kit.context import Kit
from shared.kit.staff import Staff, require
from shared.kit.types import Blank, OptionalText60


async def kit_of(request: Request) -> Kit:
    """The service's kit."""
    kit: Kit = request.app.state.kit
    return kit


async def narrow_of(
    org: Annotated[OptionalText60, Query()] = None,
    many: bool = False,
    district: Annotated[OptionalText60, Query()] = None,
    standing: Annotated[Standing | None, Blank] = None,
    unit: Annotated[UUID | None, Blank] = None,
) -> Narrow:
    """Filters of an address; an empty one is none."""
    return Narrow(org=org, many=many, district=district, standing=standing, unit=unit)


WithKit = Annotated[Kit, Depends(kit_of)]
Searcher = Annotated[Staff, Depends(require("lookup.search"))]
Opener = Annotated[Staff, Depends(require("lookup.open"))]
Narrowed = Annotated[Narrow, Depends(narrow_of)]
Within = Annotated[OptionalText60, Query(description="part of a unit's name: offers units to narrow to")]
Page = Annotated[str, Query(alias="page", max_length=2000)]
LookupId = Annotated[UUID, Query(alias="lookup")]
