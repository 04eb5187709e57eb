"""Which pairs a page or a program asks for."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query

from services.hub.review.schemas import Filter, Rule


async def _filter(
    tab: Literal["waiting", "later"] = "waiting",
    rule: Rule = "",
    org: Annotated[str, Query(max_length=40)] = "",
    age: Annotated[int, Query(ge=0, le=3650)] = 0,
    search: Annotated[UUID | None, Query()] = None,
) -> Filter:
    return Filter(tab=tab, rule=rule, org=org, age=age, search=search)


Wanted = Annotated[Filter, Depends(_filter)]
