"""Reading and writing where a projection stands; every write belongs to the transaction of the effects."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope
from shared.kit.clock import now
from shared.kit.events.models import PositionRow, SourceRow

Origin = tuple[str, str]
"""Source and channel: the two that number their events together."""


def origin(envelope: Envelope) -> Origin:
    return envelope.source, envelope.to or ""


async def locked(session: AsyncSession, name: str) -> PositionRow:
    """The projection's position, locked: whoever applies events to it does so alone."""
    await session.execute(insert(PositionRow).values(name=name, seq=0).on_conflict_do_nothing())
    query = select(PositionRow).where(PositionRow.name == name).with_for_update()
    return (await session.execute(query)).scalar_one()


async def move(session: AsyncSession, name: str, seq: int, incarnation: str | None = None) -> None:
    values: dict[str, object] = {"seq": seq, "at": now()}
    if incarnation is not None:
        values["incarnation"] = incarnation
    await session.execute(update(PositionRow).where(PositionRow.name == name).values(**values))


async def seen(session: AsyncSession, origins: Iterable[Origin]) -> dict[Origin, int]:
    """The newest number seen of each origin; 0 when never heard of."""
    known = dict.fromkeys(origins, 0)
    rows = await session.execute(
        select(SourceRow.source, SourceRow.channel, SourceRow.seq).where(
            SourceRow.source.in_({source for source, _ in known})
        )
    )
    for source, channel, seq in rows:
        if (source, channel) in known:
            known[source, channel] = seq
    return known


async def see(session: AsyncSession, origin: Origin, seq: int, event_at: datetime | None) -> None:
    """Remember that `seq` of this origin has come (or is noted as missing)."""
    source, channel = origin
    row = insert(SourceRow).values(
        source=source, channel=channel, seq=seq, event_at=event_at, applied_at=now()
    )
    newer = {
        "seq": func.greatest(SourceRow.seq, row.excluded.seq),
        "event_at": func.greatest(SourceRow.event_at, row.excluded.event_at),
        "applied_at": row.excluded.applied_at,
    }
    await session.execute(row.on_conflict_do_update(index_elements=["source", "channel"], set_=newer))
