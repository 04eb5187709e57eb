"""Whom entries of the audit log are about: persons and records by masked names."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons.access import DECIDE
from services.hub.persons.views import by_id
from shared.kit.module import Named
from shared.kit.pii import mask_name

_PERSONS = text(
    "select asked.id, p.id person_id, p.name, p.identity_mask, p.phone_mask"
    " from unnest(cast(:ids as uuid[])) asked(id) join person p"
    " on p.id = coalesce((select b.person_id from belonging b where b.home = asked.id limit 1), asked.id)"
)


async def persons(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Named]:
    """Persons as they are now; an old address is the person that holds its record."""
    return {r.id: _named(r) for r in await session.execute(_PERSONS, {"ids": list(ids)})}


async def records(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Named]:
    """Records of organisations; the link is to the person they belong to."""
    return {i: _named(r) for i, r in (await by_id(session, ids)).items()}


def _named(row: Any) -> Named:
    mask = row.identity_mask or row.phone_mask
    said = f"{mask_name(row.name)} {mask[-4:]}" if mask else mask_name(row.name)
    return Named(said, f"/persons/{row.person_id}", DECIDE)
