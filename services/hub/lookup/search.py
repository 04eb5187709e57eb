"""Pages of results: they go on from the last row's key, in the order of the index. No OFFSET."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.narrowing import Filters, conditions
from services.hub.lookup.plans import Plan, matching
from shared.kit.fast import fetch

PAGE = 20
_TYPES = {"person_id": "uuid"}


async def page(
    session: AsyncSession,
    plan: Plan,
    filters: Filters,
    after: Sequence[Any] | None,
    *,
    backwards: bool = False,
) -> list[dict[str, Any]]:
    """One page of persons and one row more if there are more; `after` is the key of the neighbouring row."""
    where, values = conditions(filters)
    if after is not None:
        marks = ", ".join(f"cast(:after_{c} as {_TYPES.get(c, 'text')})" for c in plan.order)
        own = ", ".join(f"n.{c}" for c in plan.order)
        where += f" and ({own}) {'<' if backwards else '>'} ({marks})"
        values |= {f"after_{c}": v for c, v in zip(plan.order, after, strict=True)}
    keys = ", ".join(f"n.{c}" for c in plan.order)
    sort = ", ".join(f"n.{c}{' desc' if backwards else ''}" for c in plan.order)
    again = ", ".join(f"h.{c}" for c in plan.order)
    statement = (
        f"with h as materialized (select {keys} {matching(plan)}{where} order by {sort} limit {PAGE + 1})"
        f" select p.*, {', '.join(f'h.{c} as key_{c}' for c in plan.order)}"
        f" from h join person p on p.id = h.person_id order by {again}"
    )
    return [dict(row) for row in await fetch(session, statement, dict(plan.values) | values)]


async def matches(session: AsyncSession, plan: Plan, person_id: UUID) -> bool:
    """Whether this person is among all matches, whatever the page and the filters."""
    where = f"{plan.where.format(n='n')} and n.person_id = :one_person"
    statement = text(f"select exists (select 1 from {plan.source} n where {where})")
    return bool(await session.scalar(statement, {**plan.values, "one_person": person_id}))


async def person(session: AsyncSession, person_id: UUID) -> dict[str, Any]:
    """The row of one person who is known to exist."""
    found = await session.execute(text("select * from person where id = :id"), {"id": person_id})
    return dict(found.mappings().one())
