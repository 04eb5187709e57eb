"""Readiness of the event machinery: connection, rights, lags, gaps, quarantine, the bus's fsync policy."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx
from sqlalchemy import and_, func, select, union_all

from shared.kit.bus import Bus
from shared.kit.db import Database
from shared.kit.events import metrics
from shared.kit.events.models import ChannelRow, GapRow, LogRow, OutboxRow, PositionRow
from shared.kit.events.projector import Projector
from shared.kit.events.quarantine import Quarantine
from shared.kit.events.relay import Relay
from shared.kit.health import Check

RELAY_LATE = 60.0
"""Seconds the oldest event may wait until readiness says so, whoever should have sent it."""
PROJECTOR_LATE = 60.0
"""Seconds without progress, with messages waiting, after which readiness says so."""
SYNC_KNOWN = 60.0
"""Seconds the policy read last counts while the bus's monitor does not answer."""


class Trouble(Protocol):
    """How often a task crashed and why last."""

    reason: str
    times: int


class Watched(Protocol):
    """What readiness looks at: the engine."""

    bus: Bus
    database: Database
    relay: Relay
    projector: Projector
    quarantine: Quarantine
    works: bool
    monitor_url: str
    sync_read_at: float

    @property
    def troubles(self) -> Mapping[str, Trouble]: ...


@dataclass(frozen=True)
class Backlog:
    """Events not yet numbered, and numbered but not yet on the bus; seconds the oldest of them waits."""

    outbox: int
    unpublished: int
    seconds: float


async def backlog(engine: Watched) -> Backlog:
    """From the database: a process that sends nothing itself knows it as well."""
    following = and_(LogRow.channel == ChannelRow.channel, LogRow.seq == ChannelRow.published + 1)
    oldest = union_all(
        select(func.min(OutboxRow.at).label("at")), select(LogRow.at).join(ChannelRow, following)
    ).subquery()
    async with engine.database.transaction() as session:
        waiting = await session.scalar(select(func.count()).select_from(OutboxRow)) or 0
        unsent = await session.scalar(select(func.sum(ChannelRow.newest - ChannelRow.published))) or 0
        since = await session.scalar(select(func.min(oldest.c.at)))
    metrics.outbox.labels(engine.bus.service).set(waiting)
    metrics.unpublished.labels(engine.bus.service).set(int(unsent))
    return Backlog(int(waiting), int(unsent), max(0.0, time.time() - since.timestamp()) if since else 0.0)


async def check_relay(engine: Watched) -> Check:
    """Never a reason not to be ready: what waits is not lost."""
    waits = await backlog(engine)
    figures: dict[str, float | int | str] = {
        "outbox": waits.outbox,
        "unpublished": waits.unpublished,
        "unsent_seconds": round(waits.seconds, 1),
    }
    late = f"not sent for {waits.seconds:.0f} s" if waits.seconds > RELAY_LATE else ""
    return Check("relay", ok=True, reason=engine.relay.last_problem or late, figures=figures)


async def check_projector(engine: Watched) -> Check:
    """Not ready when messages wait and nothing has been applied for long, or the consumer cannot be read.

    A lag alone is no fault, nor is a bus that is away. How many wait is known only while reading goes on. A
    process that applies nothing itself tells the same from database and bus; it stays ready.
    """
    async with engine.database.transaction() as session:
        row = await session.get(PositionRow, engine.projector.name)
        holes = await session.scalar(select(func.count(GapRow.id)).where(GapRow.closed_at.is_(None)))
        aside = await engine.quarantine.count(session)
    waiting = await _waiting(engine)
    broken = engine.projector.broken_for
    age = time.time() - row.at.timestamp() if row and row.at else 0.0
    metrics.gaps.labels(engine.bus.service).set(holes or 0)
    metrics.quarantine.labels(engine.bus.service).set(aside)
    figures: dict[str, float | int | str] = {
        "position": row.seq if row else 0,
        "pending": waiting if waiting is not None else "unknown",
        "gaps": holes or 0,
        "quarantine": aside,
        "applied_seconds_ago": round(age, 1),
    }
    late = (bool(waiting) and age > PROJECTOR_LATE) or (engine.bus.connected and broken > PROJECTOR_LATE)
    # with nothing waiting the last problem is over
    problem = "" if waiting == 0 else engine.projector.last_problem
    reason = problem or (f"not applied for {age:.0f} s" if late else "")
    return Check("projector", ok=not (late and engine.works), reason=reason, figures=figures)


async def _waiting(engine: Watched) -> int | None:
    """As the projector of this process knows it, else as the bus does; None when nobody does now."""
    if not engine.works:
        return await engine.projector.pull.told_by_bus()
    return None if engine.projector.broken_for else engine.projector.pull.pending


def check_bus(engine: Watched) -> Check:
    """A refused right makes the service not ready for a while: accounts are wrong, or we are."""
    bus = engine.bus
    if bus.refused:
        return Check("bus", ok=False, reason=bus.last_violation, figures={"violations": bus.violations})
    # a service works while the bus is away: that is told, but it does not take it out of service
    figures: dict[str, float | int | str] | None = {"violations": bus.violations} if bus.violations else None
    return Check("bus", ok=True, reason="" if bus.connected else "not connected", figures=figures)


def check_tasks(engine: Watched) -> list[Check]:
    """Crashes so far, for ops; a task that crashed was started again."""
    return [
        Check(f"task:{name}", ok=True, reason=crash.reason, figures={"crashes": crash.times})
        for name, crash in engine.troubles.items()
    ]


async def sync_always(monitor_url: str) -> bool:
    """True when the bus writes every acknowledged event to the disc before it says so."""
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        answer = await client.get(f"{monitor_url.rstrip('/')}/jsz", params={"config": "true"})
        answer.raise_for_status()
        return bool(answer.json().get("config", {}).get("sync_always"))


async def check_sync(engine: Watched) -> Check:
    """Not ready by a policy that was read and is wrong, nor by one nobody could read for a minute."""
    try:
        always = await sync_always(engine.monitor_url)
    except (httpx.HTTPError, ValueError) as error:
        known = time.monotonic() - engine.sync_read_at < SYNC_KNOWN
        reason = f"unknown: {type(error).__name__}"
        return Check("bus_sync", ok=known or not engine.bus.connected, reason=reason)
    engine.sync_read_at = time.monotonic()
    return Check("bus_sync", ok=always, reason="" if always else "sync_interval of the bus is not `always`")


async def events_checks(engine: Watched) -> list[Check]:
    """For `/readyz`; the figures go to Prometheus too."""
    checks = [check_bus(engine), *check_tasks(engine)]
    try:
        checks += [await check_relay(engine), await check_projector(engine)]
    except Exception as error:  # noqa: BLE001 - any failure means not ready
        checks.append(Check("events", ok=False, reason=type(error).__name__))
    return [*checks, await check_sync(engine)] if engine.monitor_url else checks
