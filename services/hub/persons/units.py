"""People follow their unit: when it is renamed or moved, their search rows are described again in chunks."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import as_json
from services.hub.persons import linking, store
from shared.kit.db import Database
from shared.kit.events.steps import first_of

CHUNK = 1000
"""Records described again in one transaction: a city's whole tree may move, the lookup must go on."""
EVERY = 1.0
UnitKey = tuple[str, UUID]

_MARK = text(
    "insert into stale_unit (org, unit_id, after)"
    " select org, unit_id, '00000000-0000-0000-0000-000000000000'"
    " from jsonb_to_recordset(cast(:rows as jsonb)) as x(org text, unit_id uuid)"
    " where exists (select 1 from affiliation f where f.org = x.org and f.unit_id = x.unit_id)"
    " on conflict (org, unit_id) do update set after = excluded.after"
)
_NEXT = text(
    "select s.org, s.unit_id, f.id, b.person_id from stale_unit s"
    " join lateral (select id from affiliation where org = s.org and unit_id = s.unit_id and id > s.after"
    "  and not withdrawn order by id limit :chunk) f on true"
    " join belonging b on b.affiliation_id = f.id order by s.org, s.unit_id, f.id limit :chunk"
)
_DONE = text("delete from stale_unit where (org, unit_id) < (:org, cast(:unit_id as uuid))")
_REACHED = text("update stale_unit set after = :id where org = :org and unit_id = :unit_id")


async def follow(session: AsyncSession, units: Sequence[UnitKey]) -> None:
    """Note units whose name or district changed, and bring the first of their people up to date at once."""
    await session.execute(_MARK, {"rows": as_json({"org": o, "unit_id": u} for o, u in units)})
    await bring_up_to_date(session)


async def bring_up_to_date(session: AsyncSession, chunk: int = CHUNK) -> bool:
    """Describe the next people of changed units again; True when more remain."""
    if not await session.scalar(text("select exists (select 1 from stale_unit)")):
        return False
    await store.lock(session)
    rows = (await session.execute(_NEXT, {"chunk": chunk})).all()
    await linking.describe_again(session, {r.person_id for r in rows if r.person_id is not None})
    if len(rows) < chunk:
        await session.execute(text("delete from stale_unit"))
        return False
    last = rows[-1]
    await session.execute(_REACHED, {"org": last.org, "unit_id": last.unit_id, "id": last.id})
    await session.execute(_DONE, {"org": last.org, "unit_id": last.unit_id})
    return True


async def keep_up(database: Database, stop: asyncio.Event) -> None:
    """Whatever the projector left over, one chunk and transaction after the other."""
    while not stop.is_set():
        async with database.transaction() as session:
            more = await bring_up_to_date(session)
        if not more:
            await first_of(EVERY, stop)
