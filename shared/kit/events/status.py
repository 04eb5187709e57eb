"""Readiness of the event machinery: connection, rights, lags, gaps, quarantine, the bus's fsync policy."""

import time
from collections.abc import Mapping
from typing import Protocol

import httpx
from sqlalchemy import func, select

from shared.kit.bus import Bus
from shared.kit.db import Database
from shared.kit.events import metrics
from shared.kit.events.models import ChannelRow, GapRow, OutboxRow, PositionRow
from shared.kit.events.projector import Projector
from shared.kit.events.quarantine import Quarantine
from shared.kit.events.relay import Relay
from shared.kit.health import Check

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


async def backlog(engine: Watched) -> tuple[int, int]:
    """Events not yet numbered, and numbered but not yet on the bus."""
    async with engine.database.transaction() as session:
        waiting = await session.scalar(select(func.count()).select_from(OutboxRow)) or 0
        unsent = await session.scalar(select(func.sum(ChannelRow.newest - ChannelRow.published))) or 0
    metrics.outbox.labels(engine.bus.service).set(waiting)
    metrics.unpublished.labels(engine.bus.service).set(int(unsent))
    return int(waiting), int(unsent)


async def check_relay(engine: Watched) -> Check:
    waiting, unsent = await backlog(engine)
    figures: dict[str, float | int | str] = {"outbox": waiting, "unpublished": unsent}
    return Check("relay", ok=True, reason=engine.relay.last_problem, figures=figures)


async def check_projector(engine: Watched) -> Check:
    """Not ready when messages wait and nothing has been applied for long, or the consumer cannot be read.

    A lag alone is no fault, nor is a bus that is away. How many wait is known only while reading goes on.
    """
    async with engine.database.transaction() as session:
        row = await session.get(PositionRow, engine.projector.name)
        holes = await session.scalar(select(func.count(GapRow.id)).where(GapRow.closed_at.is_(None)))
        aside = await engine.quarantine.count(session)
    broken = engine.projector.broken_for
    waiting = None if broken else engine.projector.pull.pending
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
    return Check("projector", ok=not late, reason=engine.projector.last_problem, figures=figures)


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
        checks.append(await check_relay(engine))
        if engine.works:
            checks.append(await check_projector(engine))
    except Exception as error:  # noqa: BLE001 - any failure means not ready
        checks.append(Check("events", ok=False, reason=type(error).__name__))
    return [*checks, await check_sync(engine)] if engine.monitor_url else checks
