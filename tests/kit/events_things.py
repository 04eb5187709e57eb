"""The things the bench tells of: their tables, their events, and the small projection that shows them."""

from collections.abc import Sequence
from uuid import UUID, uuid5

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope, Received
from shared.contracts.units import UnitChanged
from shared.kit.clock import now
from shared.kit.module import Projection

SPACE = UUID("7b0d5c1e-0000-4000-8000-000000000000")
EMPTIED = (
    "outbox, event_log, event_channel, projection_position, projection_source, projection_gap, quarantine,"
    " event_receipt"
)
TABLES = (
    f"TRUNCATE {EMPTIED} RESTART IDENTITY",
    "DROP TABLE IF EXISTS thing, shown, applied",
    "CREATE TABLE thing (id uuid PRIMARY KEY, version int NOT NULL DEFAULT 0)",
    "CREATE TABLE shown (id uuid PRIMARY KEY, version int NOT NULL, name text NOT NULL, source text NOT NULL)",
    "ALTER TABLE shown ADD CONSTRAINT no_poison CHECK (name <> 'poison')",
    "CREATE TABLE applied (envelope_id uuid, sequence bigint, position bigint)",
)
UPSERT = text(
    "INSERT INTO shown VALUES (:id, :version, :name, :source)"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version, name = excluded.name"
    " WHERE shown.version < excluded.version"
)


def thing_id(number: int) -> UUID:
    return uuid5(SPACE, str(number))


def changed(number: int, version: int, name: str = "工会") -> UnitChanged:
    return UnitChanged(
        unit_id=thing_id(number),
        version=version,
        parent_id=None,
        path="a",
        names=(name,),
        kind="k",
        kind_title="k",
        district=None,
        status="active",
    )


async def show(session: AsyncSession, events: Sequence[Received]) -> None:
    """The projection under test: newest version wins; `applied` counts every application."""
    for received in events:
        event = received.event
        assert isinstance(event, UnitChanged)
        values = {
            "id": event.unit_id,
            "version": event.version,
            "name": event.names[0],
            "source": received.envelope.source,
        }
        await session.execute(UPSERT, values)
        await session.execute(
            text("INSERT INTO applied VALUES (:id, :sequence, :position)"),
            {
                "id": received.envelope.id,
                "sequence": received.envelope.sequence,
                "position": received.position,
            },
        )


PROJECTIONS = (Projection((UnitChanged,), show),)


def envelope(number: int, version: int, sequence: int, **other: object) -> bytes:
    """An envelope of union made by hand."""
    values: dict[str, object] = {
        "id": uuid5(SPACE, f"event {number} {version} {sequence}"),
        "source": "union",
        "type": UnitChanged.type,
        "time": now(),
        "subject": str(thing_id(number)),
        "sequence": sequence,
        "data": changed(number, version).model_dump(mode="json"),
    }
    return orjson.dumps(Envelope.model_validate(values).model_dump(mode="json") | other)
