"""Units, compared one by one: there are few."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory.service import apply_units
from services.hub.persons import follow, lock
from services.hub.recount.mending import Found
from shared.contracts.digests import unit_digest
from shared.contracts.event import Received
from shared.contracts.units import UnitChanged
from shared.kit.db import Database

_UNITS = text(
    "select unit_id, version, parent_id, path, names, kind, kind_title, district, status from unit"
    " where org = :org and (:every or unit_id = any(:ids))"
)
_DROP = text("delete from unit where org = :org and unit_id = any(:ids)")


async def here(
    session: AsyncSession, org: str, ids: Sequence[UUID] | None = None
) -> dict[UUID, tuple[int, int]]:
    """Version and digest of the units of an organisation."""
    rows = await session.execute(_UNITS, {"org": org, "every": ids is None, "ids": list(ids or ())})
    return {r["unit_id"]: (r["version"], _digest(dict(r))) for r in rows.mappings()}


def _digest(row: Mapping[str, Any]) -> int:
    # as the columns are, checked by nothing: a corrupted value must give another number, not an error
    return unit_digest(UnitChanged.model_construct(**{**row, "names": tuple(row["names"])}))


async def mend(
    database: Database, org: str, words: Sequence[Received], suspects: Mapping[UUID, int | None]
) -> list[Found]:
    """Put these units right, each as of the version it was suspected at; people in them follow."""
    told = {w.event.unit_id: w for w in words if isinstance(w.event, UnitChanged)}
    async with database.transaction() as session:
        await lock(session)  # a batch under way has read units as they were: its people would not follow
        now = await here(session, org, list(suspects))
        wrong = [
            id_
            for id_, version in suspects.items()
            if (now[id_][0] if id_ in now else None) == version
            and (now[id_][1] if id_ in now else None)
            != (unit_digest(told[id_].event) if id_ in told else None)  # type: ignore[arg-type]
        ]
        await session.execute(_DROP, {"org": org, "ids": wrong})
        await apply_units(session, [told[i] for i in wrong if i in told])
        await follow(session, [(org, id_) for id_ in wrong])
    return [
        Found(id_, "units", "missing" if id_ not in now else "differs" if id_ in told else "surplus")
        for id_ in wrong
    ]
