"""Reading and writing where a projection stands; every write belongs to the transaction of the effects.

Asked for with every batch, however small: their statements are compiled once.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope
from shared.kit.clock import now
from shared.kit.fast import Ready

Origin = tuple[str, str]
"""Source and channel: the two that number their events together."""
_LOCKED = Ready("select seq, incarnation from projection_position where name = :name for update")
_BEGIN = Ready("insert into projection_position (name, seq) values (:name, 0) on conflict do nothing")
_MOVE = Ready(
    "update projection_position set seq = :seq, at = :at,"
    " incarnation = coalesce(cast(:incarnation as text), incarnation) where name = :name"
)
_SEEN = Ready(
    "select source, channel, seq from projection_source where source = any(cast(:sources as text[]))"
)
_SEE = Ready(
    "insert into projection_source as s (source, channel, seq, event_at, applied_at)"
    " select source, channel, seq, event_at, cast(:at as timestamptz)"
    " from unnest(cast(:sources as text[]), cast(:channels as text[]), cast(:numbers as bigint[]),"
    " cast(:times as timestamptz[])) x(source, channel, seq, event_at)"
    " on conflict (source, channel) do update set seq = greatest(s.seq, excluded.seq),"
    " event_at = greatest(s.event_at, excluded.event_at), applied_at = excluded.applied_at"
)


def origin(envelope: Envelope) -> Origin:
    return envelope.source, envelope.to or ""


async def locked(session: AsyncSession, name: str) -> Any:
    """`seq` and `incarnation` of the projection, locked: whoever applies events to it does so alone."""
    found = await _LOCKED.rows(session, name=name)
    if not found:
        await _BEGIN.run(session, name=name)
        found = await _LOCKED.rows(session, name=name)
    return found[0]


async def move(session: AsyncSession, name: str, seq: int, incarnation: str | None = None) -> None:
    await _MOVE.run(session, name=name, seq=seq, incarnation=incarnation, at=now())


async def seen(session: AsyncSession, origins: Iterable[Origin]) -> dict[Origin, int]:
    """The newest number seen of each origin; 0 when never heard of."""
    known = dict.fromkeys(origins, 0)
    for source, channel, seq in await _SEEN.rows(session, sources=list({source for source, _ in known})):
        if (source, channel) in known:
            known[source, channel] = seq
    return known


async def see(
    session: AsyncSession, newest: Mapping[Origin, int], times: Mapping[Origin, datetime] | None = None
) -> None:
    """Remember that these numbers have come (or are noted as missing), and the times of their events."""
    if newest:
        sources, channels = zip(*newest, strict=True)
        when = [(times or {}).get(each) for each in newest]
        await _SEE.run(
            session, sources=sources, channels=channels, numbers=list(newest.values()), times=when, at=now()
        )
