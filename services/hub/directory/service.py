"""Projections of announcements and units."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import as_json
from services.hub.directory.models import Organisation
from shared.contracts.event import Received
from shared.contracts.orgs import OrgAnnounced
from shared.contracts.units import UnitChanged


async def apply_announcements(session: AsyncSession, events: Sequence[Received]) -> None:
    """The newest announcement of each organisation; none may speak for another."""
    for received in events:
        event = received.event
        if not isinstance(event, OrgAnnounced) or event.code != received.envelope.source:
            raise ValueError("an organisation may announce itself only")
        values = event.model_dump(mode="json") | {
            "announced_at": received.envelope.time,
            "first_seen_at": received.received_at,
        }
        new = insert(Organisation).values(values)
        sets = {c: new.excluded[c] for c in values if c not in ("code", "first_seen_at")}
        newer = new.excluded.announced_at >= Organisation.announced_at
        await session.execute(new.on_conflict_do_update(index_elements=["code"], set_=sets, where=newer))


UnitKey = tuple[str, UUID]
_COLUMNS = (
    "org text, unit_id uuid, version bigint, parent_id uuid, path text, names text[], kind text,"
    " kind_title text, district text, status text"
)
_NAMES = [part.split()[0] for part in _COLUMNS.split(",")]
_SAVE_UNITS = text(
    f"insert into unit as t ({', '.join(_NAMES)})"
    f" select {', '.join(_NAMES)} from jsonb_to_recordset(cast(:rows as jsonb)) as x({_COLUMNS})"
    f" on conflict (org, unit_id) do update set {', '.join(f'{n} = excluded.{n}' for n in _NAMES[2:])}"
    " where t.version < excluded.version"
    " returning new.org, new.unit_id, (old.names[cardinality(old.names)], old.district, old.path)"
    " is distinct from (new.names[cardinality(new.names)], new.district, new.path) differs"
)


async def apply_units(session: AsyncSession, events: Sequence[Received]) -> list[UnitKey]:
    """The newest version of each unit; those whose own name, district or place changed."""
    newest: dict[tuple[str, Any], dict[str, Any]] = {}
    for received in events:
        event, org = received.event, received.envelope.source
        assert isinstance(event, UnitChanged)
        known = newest.get((org, event.unit_id))
        if known is None or known["version"] < event.version:
            newest[org, event.unit_id] = event.model_dump() | {"org": org}
    saved = await session.execute(_SAVE_UNITS, {"rows": as_json(newest.values())})
    return [(r.org, r.unit_id) for r in saved if r.differs]


async def unit_counts(session: AsyncSession) -> dict[str, int]:
    """Units in being, by organisation."""
    statement = text("select org, count(*) n from unit where status = 'active' group by org")
    return {r.org: r.n for r in await session.execute(statement)}
