"""Who belongs together at the hub, read from its tables; and a steward who decides."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.hub.persons.incoming import affiliation_id
from tests.hub.conftest import Hub


@dataclass(frozen=True)
class Steward:
    name: str = "季云舟"
    id: UUID = field(default_factory=uuid4)


STEWARD = Steward()


async def people(hub: Hub) -> list[set[str]]:
    """Who belongs together, by organisation and name."""
    async with hub.database.transaction() as session:
        rows = await session.execute(
            text(
                "select b.person_id, f.org, f.name from belonging b join affiliation f on f.id = b.affiliation_id where b.person_id is not null"
            )
        )
        out: dict[UUID, set[str]] = {}
        for r in rows:
            out.setdefault(r.person_id, set()).add(f"{r.org}:{r.name}")
        return sorted(out.values(), key=sorted)


async def rows_of(hub: Hub, table: str) -> list[dict[str, Any]]:
    async with hub.database.transaction() as session:
        return [dict(r) for r in (await session.execute(text(f"select * from {table}"))).mappings()]


async def candidates(hub: Hub) -> list[tuple[UUID, UUID, str]]:
    """Pairs that rules ask about, and the rule."""
    return [
        (r["a"], r["b"], r["rule"])
        for r in sorted(await rows_of(hub, "edge"), key=lambda r: (r["since"], r["a"], r["b"]))
        if r["state"] == "candidate" and r["revoked_at"] is None
    ]


async def person_of(hub: Hub, org: str, member: UUID) -> UUID | None:
    async with hub.database.transaction() as session:
        found = await session.scalar(
            text("select person_id from belonging where affiliation_id = :id"),
            {"id": affiliation_id(org, member)},
        )
        return None if found is None else UUID(str(found))
